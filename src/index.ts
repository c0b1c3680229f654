export { createSessionStore } from './session/create-store.ts'
export { compressed } from './session/codecs/compressed.ts'
export { devalue } from './session/codecs/devalue.ts'
export { encrypted } from './session/codecs/encrypted.ts'
export { json } from './session/codecs/json.ts'
export { checkHealth, type Health } from './session/health.ts'
export { signToken, verifyToken } from './session/token.ts'
export { ConflictError, SessionGoneError, UnsessionError } from '../drivers/utils/errors.ts'
export type { ErrorCode } from '../drivers/utils/errors.ts'
export type { Codec, CodecContext, Encoded } from './session/codec.ts'
export type { CompressedOptions } from './session/codecs/compressed.ts'
export type { EncryptedOptions } from './session/codecs/encrypted.ts'
export type {
  CacheErrorEvent,
  ConflictEvent,
  CorruptEvent,
  RecordEvent,
  SessionEvent,
  SessionHooks,
} from './session/hooks.ts'
export type { LegacyFormat, LegacySession } from './session/legacy.ts'
export type { CacheOptions, SessionStoreOptions } from './session/options.ts'
export type { DriverLike, StorageLike } from './session/storage-like.ts'
export type { TraceEvent, TracedOperation } from './session/trace.ts'
export type {
  Lifetime,
  LoadOptions,
  RotateOptions,
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  SweepOptions,
  SweepProgress,
  SweepResult,
} from './session/types.ts'

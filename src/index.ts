/**
 * Session stores over any unstorage storage or driver, codecs, tokens and health checks.
 *
 * @module unsession
 */

export { createSessionStore } from './store/create-store.ts'
export { compressed } from './format/codecs/compressed.ts'
export { devalue } from './format/codecs/devalue.ts'
export { encrypted } from './format/codecs/encrypted.ts'
export { json } from './format/codecs/json.ts'
export { checkHealth, type Health } from './store/health.ts'
export { signToken, verifyToken } from './core/token.ts'
export { ConflictError, SessionGoneError, UnsessionError } from '../drivers/utils/errors.ts'
export { answerHandshake } from '../drivers/utils/driver-handshake.ts'
export type { ErrorCode } from '../drivers/utils/errors.ts'
export type { Codec, CodecContext, Encoded } from './format/codec.ts'
export type { CompressedOptions } from './format/codecs/compressed.ts'
export type { EncryptedOptions } from './format/codecs/encrypted.ts'
export type {
  CacheErrorEvent,
  ConflictEvent,
  CorruptEvent,
  RecordEvent,
  SessionEvent,
  SessionHooks,
} from './core/hooks.ts'
export type {
  ConditionalDriver,
  DriverDeleteOptions,
  DriverReadOptions,
  DriverWriteOptions,
} from './storage/driver-contract.ts'
export type { LegacyFormat, LegacySession } from './storage/legacy.ts'
export type { CacheOptions, SessionStoreOptions } from './store/options.ts'
export type { DriverLike, StorageLike } from './storage/storage-like.ts'
export type { TraceEvent, TracedOperation } from './store/trace.ts'
export type {
  Lifetime,
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  ClearExpiredOptions,
  ClearExpiredProgress,
  ClearExpiredResult,
} from './core/types.ts'

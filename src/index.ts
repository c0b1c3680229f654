export { createSessionStore } from './session/create-store.ts'
export { json } from './session/codecs/json.ts'
export { signToken, verifyToken } from './session/token.ts'
export { ConflictError, SessionGoneError, UnsessionError } from '../drivers/utils/errors.ts'
export type { ErrorCode } from '../drivers/utils/errors.ts'
export type { Codec, CodecContext, Encoded } from './session/codec.ts'
export type { SessionEvent, SessionHooks } from './session/hooks.ts'
export type { CacheOptions, SessionStoreOptions } from './session/options.ts'
export type {
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  SweepOptions,
  SweepResult,
} from './session/types.ts'

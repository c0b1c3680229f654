import { createHash } from 'node:crypto'

/**
 * Every reason this package throws for. One union, so that a `switch` over `error.code` is checked by the compiler.
 */
export type ErrorCode =
  | 'ACCESS_DENIED'
  | 'CACHED_RESPONSE'
  | 'CONFLICT'
  | 'CREDENTIALS_MISSING'
  | 'DEPENDENCY_MISSING'
  | 'DISPOSED'
  | 'HEADERS_SENT'
  | 'INVALID_KEY'
  | 'INVALID_OPTION'
  | 'INVALID_REQUEST'
  | 'INVALID_VALUE'
  | 'ITEM_TOO_LARGE'
  | 'REGION_MISSING'
  | 'SCHEMA_MISMATCH'
  | 'SESSION_EXISTS'
  | 'SESSION_GONE'
  | 'TABLE_NOT_FOUND'
  | 'THROTTLED'
  | 'TIMEOUT'
  | 'UNAVAILABLE'

/** The HTTP status a code stands for where it reaches a response; 500 for the codes not named here. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  CONFLICT: 409,
  SESSION_GONE: 409,
  THROTTLED: 503,
  TIMEOUT: 503,
  UNAVAILABLE: 503,
}

/** What an error may say beside its message. Keys and session ids enter as a hash only. */
export interface ErrorDetails {
  /** The table the failed call was for. */
  table?: string
  /** The key the failed call was for; kept as {@link hashKey}, never as it is. */
  key?: string | undefined
  /** What was thrown below. */
  cause?: unknown
}

/**
 * The base of every error this package throws.
 *
 * The message says what happened and what to do; it never holds a key, a session id, a token or a password.
 *
 * @example
 * ```ts
 * try { await storage.getItem(key) }
 * catch (error) { if (error instanceof UnsessionError && error.code === 'TABLE_NOT_FOUND') … }
 * ```
 */
export class UnsessionError extends Error {
  override name = 'UnsessionError'
  /** Why; stable across releases, unlike the message. */
  readonly code: ErrorCode
  /** HTTP status, under the name h3 v2 reads. */
  readonly status: number
  /** HTTP status, under the name h3 v1 reads. */
  readonly statusCode: number
  /** Table of the failed call, where there was one. */
  readonly table?: string
  /** Hash of the key of the failed call ({@link hashKey}), where there was one. */
  readonly keyHash?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`[unsession] ${message}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = this.statusCode = HTTP_STATUS[code] ?? 500
    if (details.table !== undefined) this.table = details.table
    if (details.key !== undefined) this.keyHash = hashKey(details.key)
  }
}

/** The live item that stood in a conditional write's way. */
export interface CurrentItem {
  /** Value as stored: text, or bytes for a binary attribute. */
  value: string | Uint8Array
  version: number
  /** End of life in ms since the epoch; `null` for an item that never expires. */
  expires: number | null
}

/**
 * A conditional write found another version than it asked for. Code `CONFLICT`, HTTP status 409.
 *
 * `current` is what was found instead, or `null` when there is nothing live: a {@link CurrentItem} from a driver, a
 * session record from a store. It is not enumerable, so that logging the error does not print session data.
 */
export class ConflictError<T = CurrentItem> extends UnsessionError {
  override name = 'ConflictError'
  declare readonly current: T | null

  constructor(message: string, current: T | null, details?: ErrorDetails) {
    super('CONFLICT', message, details)
    Object.defineProperty(this, 'current', { value: current, enumerable: false })
  }
}

/** The session was destroyed or has expired since it was loaded. Code `SESSION_GONE`, HTTP status 409. */
export class SessionGoneError extends UnsessionError {
  override name = 'SessionGoneError'

  constructor(details?: ErrorDetails) {
    super('SESSION_GONE', 'the session was ended or has expired meanwhile; nothing was saved', details)
  }
}

/**
 * A short, irreversible name for a key or session id, for logs and errors.
 *
 * @param key - the key or id
 * @returns the first 12 hex digits of its SHA-256
 */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12)
}

/** An option of the wrong type or range: names the option, says what it must be. */
export function invalidOption(option: string, must: string): UnsessionError {
  return new UnsessionError('INVALID_OPTION', `option \`${option}\` ${must}`)
}

/** Returns whether an error means that the storage is unavailable. It says nothing about the session. */
export function isUnavailable(error: unknown): error is UnsessionError {
  return error instanceof UnsessionError && error.status === 503
}

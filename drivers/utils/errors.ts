import { createHash } from 'node:crypto'

/**
 * Codes of the errors of this package. It is a union, so that the compiler checks a `switch` over `error.code`. The page
 * `docs/troubleshooting.md` has cause and fix of each code.
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

/** HTTP status of each code. Codes that are not listed have status 500. */
const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  CONFLICT: 409,
  SESSION_GONE: 409,
  THROTTLED: 503,
  TIMEOUT: 503,
  UNAVAILABLE: 503,
}

/** Details of an error in addition to its message. */
export interface ErrorDetails {
  /** Table of the failed call. */
  table?: string
  /** Key or session id of the failed call. The error contains only its hash, see {@link hashKey}. */
  key?: string | undefined
  /** The original error. */
  cause?: unknown
}

/**
 * Base class of all errors of this package.
 *
 * The message says what happened and how to fix it. It never contains a key, a session id, a token or a password.
 *
 * @example
 * ```ts
 * try { await storage.getItem(key) }
 * catch (error) { if (error instanceof UnsessionError && error.code === 'TABLE_NOT_FOUND') … }
 * ```
 */
export class UnsessionError extends Error {
  /** Name of the class. */
  override name = 'UnsessionError'
  /** Reason of the error. It is stable across releases. The message is not. */
  readonly code: ErrorCode
  /** HTTP status, under the name that h3 2 reads: 409, 500 or 503. */
  readonly status: number
  /** HTTP status, under the name that h3 1 reads. */
  readonly statusCode: number
  /** Table of the failed call, if it had one. */
  readonly table?: string
  /** Hash of the key of the failed call, if it had one, see {@link hashKey}. */
  readonly keyHash?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`[unsession] ${message}`, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.status = this.statusCode = HTTP_STATUS[code] ?? 500
    if (details.table !== undefined) this.table = details.table
    if (details.key !== undefined) this.keyHash = hashKey(details.key)
  }

  /** The entry of the code in the documentation, with cause and fix: page and heading, relative to the folder of this package. */
  get docs(): string {
    return `docs/troubleshooting.md#${this.code.toLowerCase()}`
  }
}

/** The live item that a conditional write found. */
export interface CurrentItem {
  /** Value as stored: text, or bytes for a binary attribute. */
  value: string | Uint8Array
  /** Version of the item. 0 if other software wrote it. */
  version: number
  /** Expiry in ms since the epoch. `null` for an item that never expires. */
  expires: number | null
}

/**
 * Error of a conditional write whose condition failed. Code `CONFLICT`, HTTP status 409.
 *
 * `current` is the live item that is stored, or `null` if there is none. Drivers set a {@link CurrentItem}, stores a session
 * record. The property is not enumerable, so that a log of the error does not contain session data.
 *
 * @example
 * ```ts
 * try { await store.save(record) }
 * catch (error) { if (error instanceof ConflictError) console.log('stored version:', error.current?.version) }
 * ```
 */
export class ConflictError<T = CurrentItem> extends UnsessionError {
  /** Name of the class. */
  override name = 'ConflictError'
  /** The live item or record that is stored, or `null` if there is none. */
  declare readonly current: T | null

  constructor(message: string, current: T | null, details?: ErrorDetails) {
    super('CONFLICT', message, details)
    Object.defineProperty(this, 'current', { value: current, enumerable: false })
  }
}

/** Error of a write to a session that was destroyed or has expired since it was loaded. Code `SESSION_GONE`, HTTP status 409. */
export class SessionGoneError extends UnsessionError {
  /** Name of the class. */
  override name = 'SessionGoneError'

  constructor(details?: ErrorDetails) {
    super(
      'SESSION_GONE',
      'the session was destroyed or has expired since it was loaded; nothing was saved',
      details,
    )
  }
}

/**
 * Returns a short hash of a key or session id, for logs and errors. The key cannot be recovered from it.
 *
 * @param key - key or session id
 * @returns the first 12 hex digits of its SHA-256
 * @example
 * ```ts
 * console.log('session', hashKey(session.id))
 * ```
 */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12)
}

/**
 * Returns the error of an invalid option.
 *
 * @param option - name of the option
 * @param must - rest of the message, such as `must be true or false`
 */
export function invalidOption(option: string, must: string): UnsessionError {
  return new UnsessionError('INVALID_OPTION', `option \`${option}\` ${must}`)
}

/** Returns whether an error means that the storage is unavailable. It says nothing about the session. */
export function isUnavailable(error: unknown): error is UnsessionError {
  return error instanceof UnsessionError && error.status === 503
}

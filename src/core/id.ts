import { randomBytes } from 'node:crypto'
import { invalidOption } from '../../drivers/utils/errors.ts'

const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/

/** Returns whether a value may be a session id: 1 to 128 characters of base64url. Checked before each use of the storage. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value)
}

/** Prefix of the id of a claim. A claim is a record with the id of the session that continues an adopted session. */
const CLAIM = 'claim_'
const CLAIM_ID = /^claim_[\w-]{43}$/

/** Returns the id of a claim. @param digest - 43 characters of base64url */
export function claimId(digest: string): string {
  return CLAIM + digest
}

/** Returns whether a key belongs to a session. A claim has the form of a session, but is not listed as one. */
export function isListedId(key: unknown): key is string {
  return isSessionId(key) && !CLAIM_ID.test(key)
}

/**
 * Returns a new session id.
 *
 * @param generateId - the app's own generator. Default: 192 random bits in base64url
 * @returns an id that {@link isSessionId} accepts
 * @throws {UnsessionError} `INVALID_OPTION` if the app's generator returns anything else
 */
export function createId(generateId?: () => string): string {
  if (!generateId) return randomBytes(24).toString('base64url')
  const id: unknown = generateId()
  if (isListedId(id)) return id
  throw invalidOption('generateId', 'must return 1 to 128 characters of A-Z, a-z, 0-9, `_` and `-`')
}

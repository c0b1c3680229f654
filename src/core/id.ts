import { randomBytes } from 'node:crypto'
import { invalidOption } from '../../drivers/utils/errors.ts'

const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/

/** Whether a value may be a session id: 1 to 128 characters of base64url. Asked before anything touches storage. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value)
}

/** What the id of a claim begins with: the record that says which session continues one from elsewhere. */
const CLAIM = 'claim_'
const CLAIM_ID = /^claim_[\w-]{43}$/

/** The id of a claim. @param digest - 43 characters of base64url */
export function claimId(digest: string): string {
  return CLAIM + digest
}

/** Whether a key is a session's. A claim is a record like any session's, but nobody's session. */
export function isListedId(key: unknown): key is string {
  return isSessionId(key) && !CLAIM_ID.test(key)
}

/**
 * A new session id.
 *
 * @param generateId - an app's own generator; by default 192 random bits in base64url
 * @returns an id that {@link isSessionId} accepts
 * @throws {UnsessionError} `INVALID_OPTION` when the app's generator returns anything else
 */
export function createId(generateId?: () => string): string {
  if (!generateId) return randomBytes(24).toString('base64url')
  const id: unknown = generateId()
  if (isListedId(id)) return id
  throw invalidOption('generateId', 'must return 1 to 128 characters of A-Z, a-z, 0-9, `_` and `-`')
}

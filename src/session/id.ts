import { randomBytes } from 'node:crypto'
import { invalidOption } from '../../drivers/utils/errors.ts'

const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/

/** Whether a value may be a session id: 1 to 128 characters of base64url. Asked before anything touches storage. */
export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && SESSION_ID.test(value)
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
  if (isSessionId(id)) return id
  throw invalidOption('generateId', 'must return 1 to 128 characters of A-Z, a-z, 0-9, `_` and `-`')
}

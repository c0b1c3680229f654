import { SessionGoneError, hashKey } from '../../drivers/utils/errors.ts'

/**
 * A session that nobody ended has run out. Unlike an end by somebody's hand that is nothing to remember: a write that set
 * out in time may still arrive and carry the session on.
 */
export class SessionExpiredError extends SessionGoneError {}

/** Returns whether an error says that a session was destroyed. During a rotation it may also speak of the new id. */
export function isRemoval(error: unknown, id: string): boolean {
  if (!(error instanceof SessionGoneError) || error instanceof SessionExpiredError) return false
  return error.keyHash === hashKey(id)
}

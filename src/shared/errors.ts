import { SessionGoneError, hashKey } from '../../drivers/utils/errors.ts'

/**
 * A session has expired. Caches do not remember this as they remember destroyed sessions, because a write that began in time may
 * still arrive and prolong the session.
 */
export class SessionExpiredError extends SessionGoneError {}

/** Returns whether an error means that the session of this id was destroyed. An error of a rotation may concern the new id. */
export function isRemoval(error: unknown, id: string): boolean {
  if (!(error instanceof SessionGoneError) || error instanceof SessionExpiredError) return false
  return error.keyHash === hashKey(id)
}

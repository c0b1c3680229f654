import { SessionGoneError } from '../../../drivers/utils/errors.ts'
import type { SessionRecord, SessionStore } from '../../core/types.ts'

/**
 * Reads a session again that was read before, past all caches.
 *
 * @param since - when the request began, ms since the epoch
 * @returns the session; `null` when it has expired, and an error when it has ended in any other way
 */
export async function reloadRecord(
  store: SessionStore,
  { id, version, expiresAt }: SessionRecord,
  since: number,
): Promise<SessionRecord | SessionGoneError | null> {
  try {
    const record = await store.load(id, { minVersion: version, since, consistent: true })
    if (record || store.config.now() >= expiresAt) return record
    return new SessionGoneError({ key: id })
  } catch (error) {
    if (error instanceof SessionGoneError) return error
    throw error
  }
}

import { SessionGoneError } from '../../../drivers/utils/errors.ts'
import type { SessionRecord, SessionStore } from '../../core/types.ts'

/**
 * Reads a session again from the storage, not from a cache.
 *
 * @param since - start of the request, ms since the epoch
 * @returns the session; `null` if it has expired; an error if it was destroyed or got a new id
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

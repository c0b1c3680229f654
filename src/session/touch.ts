import { isUnavailable } from '../../drivers/utils/errors.ts'
import type { SessionRecord, SessionStore } from '../core/types.ts'

/** Ids of the sessions that this process is touching. */
const inFlight = new WeakMap<SessionStore, Set<string>>()

/**
 * Slides the end of a session. The requests of one page view find it due together; only one of them writes.
 *
 * @returns the touched record; `null` when another request is touching it, when it was changed meanwhile, and when the storage
 * is unavailable: reading goes on without the touch
 */
export async function touchOnce(store: SessionStore, record: SessionRecord): Promise<SessionRecord | null> {
  let ids = inFlight.get(store)
  if (!ids) inFlight.set(store, (ids = new Set()))
  const { id } = record
  if (ids.has(id)) return null
  ids.add(id)
  try {
    return await store.touch(record)
  } catch (error) {
    if (isUnavailable(error)) return null
    throw error
  } finally {
    ids.delete(id)
  }
}

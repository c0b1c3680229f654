import { isUnavailable } from '../../drivers/utils/errors.ts'
import type { SessionRecord, SessionStore } from '../core/types.ts'

/** Ids of the sessions that this process is touching. */
const inFlight = new WeakMap<SessionStore, Set<string>>()

/**
 * Moves the end of a session. If several requests of this process do so at the same time, only one of them writes.
 *
 * @returns the touched record; `null` if another request is touching it, if another write was stored first, or if the storage is
 * unavailable. A request that only reads must not fail because of the touch
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

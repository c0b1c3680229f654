import { ConflictError } from '../../drivers/utils/errors.ts'
import type { SourcedLifetime } from './lifetime.ts'
import { mergeData } from './merge.ts'
import { snapshotOf } from './record.ts'
import type { StorageStore } from './storage-store.ts'
import type { SessionData, SessionRecord } from './types.ts'

/** How a session gets a new id. */
export interface Rotation {
  newId: string
  /** Seconds for which the old id leads to the new one. */
  grace: number
}

/**
 * Move a live session to another id.
 *
 * The new record comes first, the end of the old one second and only at the version that was carried over. So an update
 * acknowledged under the old id is never lost, and a logout that came in between ends the new one too.
 *
 * @param current - the session as it stands, where that is known to be later than the record
 * @param rotation - the new id, and how long the old one leads to it
 */
export async function rotateSession<T extends SessionData>(
  store: StorageStore,
  record: SessionRecord<T>,
  current: SessionRecord<T>,
  rotation: Rotation,
): Promise<SessionRecord<T>> {
  const { newId } = rotation
  const draft = { ...record, id: newId, data: record.data }
  if (current !== record) rebase(draft, record, current)
  let old = current
  let renewed = await store.create<T>(draft, record.id)
  try {
    for (let attempt = 0; ; attempt++) {
      const later = await endOld(store, old, rotation, attempt)
      if (later === undefined) return renewed
      rebase(renewed, old, later)
      renewed = await store.save(renewed, record.id)
      old = later
    }
  } catch (error) {
    // The new id has reached nobody. Should this fail as well, the record just runs out.
    await store.destroy(newId).catch(() => {})
    throw error
  }
}

/** End the old record at its version. @returns what somebody else saved over it meanwhile, if so: then it lives on */
async function endOld<T extends SessionData>(
  store: StorageStore,
  old: SessionRecord<T>,
  rotation: Rotation,
  attempt: number,
): Promise<SessionRecord<T> | undefined> {
  try {
    await store.replaceByMarker(old, rotation)
    return undefined
  } catch (error) {
    if (!(error instanceof ConflictError) || attempt >= store.config.maxRetries) throw error
    return error.current
  }
}

/** Carry what was saved over `base` into the renewed record, whose own changes prevail. */
function rebase<T extends SessionData>(
  renewed: SessionRecord<T>,
  base: SessionRecord<T>,
  theirs: SessionRecord<T>,
): void {
  const start = snapshotOf(base)
  renewed.data = mergeData<T>(base.original, renewed.data, theirs.original)
  if (renewed.user === start.user) renewed.user = theirs.user
  if (isLifetimeSet(renewed, start)) return
  renewed.deadline = theirs.deadline
  renewed.idleTimeout = theirs.idleTimeout
  renewed.lifetimeFrom = theirs.lifetimeFrom
}

/** Whether the rotation itself sets a lifetime. The values of a configured one may differ because the configuration does. */
function isLifetimeSet(renewed: SourcedLifetime, start: SourcedLifetime): boolean {
  const { lifetimeFrom = 'store' } = renewed
  if (lifetimeFrom !== (start.lifetimeFrom ?? 'store')) return true
  if (lifetimeFrom === 'store') return false
  return renewed.deadline !== start.deadline || renewed.idleTimeout !== start.idleTimeout
}

import { ConflictError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { SourcedLifetime } from '../../core/lifetime.ts'
import { mergeData } from '../../core/merge.ts'
import { snapshotOf } from '../../format/snapshot.ts'
import { type SessionWriter, isCertain } from './session-writer.ts'
import type { Rotation } from '../../format/rotation-marker.ts'
import type { SessionValues, SessionDraft, SessionRecord, SessionStore } from '../../core/types.ts'
import type { Origin } from '../users/user-bindings.ts'

/** What a rotation needs of the store. `from`: the session that the written one continues. */
export interface RotationStore extends Pick<SessionStore, 'config' | 'destroy'> {
  create<T extends SessionValues>(draft: SessionDraft<T>, from?: Origin): Promise<SessionRecord<T>>
  save<T extends SessionValues>(record: SessionRecord<T>, from?: Origin): Promise<SessionRecord<T>>
}

/** It is not known whether a session got its new id: both records were left as they are. */
class UnknownRotationError extends UnsessionError {
  constructor(key: string, cause: unknown) {
    const message =
      'it is not known whether the session got its new id, because the storage cannot be reached; try again'
    super('UNAVAILABLE', message, { key, cause })
  }
}

/**
 * Moves a live session to another id.
 *
 * 1. The new record is created.
 * 2. When no exclusive work is under way, the old record is replaced by a marker, only at the version that was carried over. So an update acknowledged under the
 *    old id is never lost, and a logout that came in between ends the new record, too.
 * 3. Where another request has saved the old session in the meantime, the new record takes over what it saved, and 2 again.
 * 4. Where the outcome of 2 is not known, the old record is fenced: its version is raised by a conditional write. Then the
 *    marker can no longer arrive late, and the rotation fails; or the marker is found to be stored, and it has succeeded.
 * 5. Where it fails for certain, the new record is destroyed. Where nothing can be reached, both records stay.
 *
 * @param sessions - `record`: with what the caller wants to store. `current`: the session as it is stored, where that
 * differs from what the record was made of
 * @param rotation - the new id, and how long the old one leads to it
 */
export async function rotateSession<T extends SessionValues>(
  store: RotationStore,
  writer: SessionWriter,
  { record, current }: { record: SessionRecord<T>; current: SessionRecord<T> },
  rotation: Rotation,
): Promise<SessionRecord<T>> {
  const { newId } = rotation
  const draft = { ...record, id: newId, data: record.data }
  if (current !== record) rebase(draft, record, current)
  let old = current
  let renewed = await store.create<T>(draft, originOf(old))
  try {
    for (let attempt = 0; ; attempt++) {
      // The result of exclusive work that is under way would not reach the new id.
      const later =
        (await writer.afterLeases(old)) ??
        (await endOld(writer, old, rotation, attempt < store.config.maxRetries))
      if (later === undefined) return renewed
      rebase(renewed, old, later)
      renewed = await store.save(renewed, originOf(later))
      old = later
    }
  } catch (error) {
    // The new id has reached nobody. If this fails as well, the record expires.
    if (!(error instanceof UnknownRotationError)) await store.destroy(newId).catch(() => {})
    throw error
  }
}

/** The session as it is stored: what the caller sets in the record counts from now on. */
function originOf(old: SessionRecord): Origin {
  return { id: old.id, user: snapshotOf(old).user }
}

/** Ends the old record at its version. @returns the session that another request has saved there, if one has */
async function endOld<T extends SessionValues>(
  writer: SessionWriter,
  old: SessionRecord<T>,
  rotation: Rotation,
  mayRetry: boolean,
): Promise<SessionRecord<T> | undefined> {
  try {
    await storeMarker(writer, old, rotation)
    return undefined
  } catch (error) {
    if (!(error instanceof ConflictError) || !mayRetry) throw error
    return error.current
  }
}

async function storeMarker(writer: SessionWriter, old: SessionRecord, rotation: Rotation): Promise<void> {
  try {
    await writer.replaceByMarker(old, rotation)
  } catch (error) {
    if (isCertain(error)) throw error
    const isStored = await writer.fence(old, rotation).catch((failure: unknown) => {
      throw isCertain(failure) ? failure : new UnknownRotationError(old.id, error)
    })
    if (!isStored) throw error
  }
}

/** Carry what was saved over `base` into the renewed record, whose own changes prevail. */
function rebase<T extends SessionValues>(
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

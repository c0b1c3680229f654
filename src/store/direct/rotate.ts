import { ConflictError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { SourcedLifetime } from '../../core/lifetime.ts'
import { mergeData } from '../../core/merge.ts'
import { snapshotOf } from '../../format/snapshot.ts'
import { type SessionWriter, isCertain } from './session-writer.ts'
import type { Rotation } from '../../format/rotation-marker.ts'
import type { SessionValues, SessionDraft, SessionRecord, SessionStore } from '../../core/types.ts'
import type { Origin } from '../users/user-bindings.ts'

/** The methods of a store that a rotation uses. `from`: the session that the written one continues. */
export interface RotationStore extends Pick<SessionStore, 'config' | 'destroy'> {
  create<T extends SessionValues>(draft: SessionDraft<T>, from?: Origin): Promise<SessionRecord<T>>
  save<T extends SessionValues>(record: SessionRecord<T>, from?: Origin): Promise<SessionRecord<T>>
}

/** It is unknown whether a session got its new id. Both records stay in the storage. */
class UnknownRotationError extends UnsessionError {
  constructor(key: string, cause: unknown) {
    const message =
      'it is unknown whether the session got its new id, because the storage is unavailable. Try again'
    super('UNAVAILABLE', message, { key, cause })
  }
}

/**
 * Gives a live session a new id. The protocol:
 *
 * 1. The new record is created.
 * 2. The rotation waits until no caller holds a lease of the old session (`session.once`), because the result of that work would
 *    not reach the new id.
 * 3. The old record is replaced by a marker, on the condition that it still has the version that the new record was made from. So
 *    no save to the old id is lost. If the old session was destroyed in the meantime, the rotation fails, see step 6.
 * 4. If step 2 or 3 finds that another request has saved the old session, its changes are merged into the new record, and step 2
 *    follows again. Step 3 is retried `maxRetries` times.
 * 5. If the outcome of step 3 is unknown (a lost answer, a timeout), the version of the old record is raised by a conditional write.
 *    If this write succeeds, the marker was not stored and a late one will be rejected, so the rotation fails, see step 6. If it is
 *    rejected because the marker is stored, the rotation has succeeded. If it has no answer either, or the marker would have
 *    been removed in the meantime, both records stay, and the rotation throws `UNAVAILABLE`.
 * 6. If the rotation fails, the new record is destroyed. No client knows the new id yet.
 *
 * @param sessions - `record`: the record with the caller's changes. `current`: the stored session, if it is newer than the record
 * @param rotation - the new id and the grace
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
  let rotated = await store.create<T>(draft, originOf(old))
  try {
    for (let attempt = 0; ; attempt++) {
      const later =
        (await writer.afterLeases(old)) ??
        (await endOld(writer, old, rotation, attempt < store.config.maxRetries))
      if (later === undefined) return rotated
      rebase(rotated, old, later)
      rotated = await store.save(rotated, originOf(later))
      old = later
    }
  } catch (error) {
    // Step 6. If the storage does not answer, the new record stays until it expires.
    if (!(error instanceof UnknownRotationError)) await store.destroy(newId).catch(() => {})
    throw error
  }
}

/** Returns the id and owner of the stored session, without the caller's changes. */
function originOf(old: SessionRecord): Origin {
  return { id: old.id, user: snapshotOf(old).user }
}

/** Step 3. @returns the stored session, if another request has saved it */
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

/** Steps 3 and 5. */
async function storeMarker(writer: SessionWriter, old: SessionRecord, rotation: Rotation): Promise<void> {
  // After a long pause of the process, "gone" may mean that the marker was stored and has been removed.
  const isKnown = (error: unknown): boolean =>
    isCertain(error) && (error instanceof ConflictError || !writer.mayHaveForgotten(rotation))
  try {
    await writer.replaceByMarker(old, rotation)
  } catch (error) {
    if (isKnown(error)) throw error
    const isStored = await writer.fence(old, rotation).catch((failure: unknown) => {
      throw isKnown(failure) ? failure : new UnknownRotationError(old.id, error)
    })
    if (!isStored) throw error
  }
}

/** Step 4: merges a save of another request into the new record. If both changed a key, the new record's value is kept. */
function rebase<T extends SessionValues>(
  rotated: SessionRecord<T>,
  base: SessionRecord<T>,
  theirs: SessionRecord<T>,
): void {
  const start = snapshotOf(base)
  rotated.data = mergeData<T>(base.original, rotated.data, theirs.original)
  if (rotated.user === start.user) rotated.user = theirs.user
  if (isLifetimeSet(rotated, start)) return
  rotated.deadline = theirs.deadline
  rotated.idleTimeout = theirs.idleTimeout
  rotated.lifetimeFrom = theirs.lifetimeFrom
}

/** Returns whether the caller of the rotation set a lifetime. Changed values of the store's lifetime come from its options. */
function isLifetimeSet(rotated: SourcedLifetime, start: SourcedLifetime): boolean {
  const { lifetimeFrom = 'store' } = rotated
  if (lifetimeFrom !== (start.lifetimeFrom ?? 'store')) return true
  if (lifetimeFrom === 'store') return false
  return rotated.deadline !== start.deadline || rotated.idleTimeout !== start.idleTimeout
}

import { createId } from '../../core/id.ts'
import { copyData } from '../../core/copy.ts'
import { type Change, dataFor } from './commit.ts'
import { withNewId } from './new-id.ts'
import { isSameData, mergeData, own } from '../../core/merge.ts'
import { warnOfMissingAwait } from './missing-await.ts'
import { applyPatch, type SessionPatch } from '../../core/patch.ts'
import type { SessionTransport, RequestSessionOptions } from '../../core/session.ts'
import type { SessionValues, SessionRecord } from '../../core/types.ts'

/**
 * Gives a stored session a new id, and its client the new token.
 *
 * If the response leaves meanwhile, the client still has the old token. Then the session gets its old id back, as it was
 * before: a change of privilege must not be stored under an id that others may know.
 *
 * @param record - the session as it was read
 * @param changed - the session as it is to be stored
 * @param grace - seconds for which the old id leads to the new session
 * @throws {UnsessionError} `HEADERS_SENT` when the response left before the client could be told
 */
export async function regenerate(
  { store, generateId }: RequestSessionOptions,
  transport: SessionTransport,
  record: SessionRecord,
  changed: SessionRecord,
  grace?: number,
): Promise<SessionRecord> {
  transport.assertOpen()
  const options = grace === undefined ? undefined : { grace }
  const rotated = await withNewId(
    store,
    () => createId(generateId),
    (id) => store.rotate(changed, id, options),
  )
  if (transport.isOpen) return rotated
  const { user, deadline, idleTimeout, lifetimeFrom } = record
  const data = copyData(mergeData(changed.data, record.original, rotated.original))
  await store.rotate({ ...rotated, data, user, deadline, idleTimeout, lifetimeFrom }, record.id)
  warnOfMissingAwait('regenerate')
  transport.assertOpen()
  return rotated
}

/**
 * Gives the session of a change a new id before the change is stored, so that the change is never stored under an id that
 * others may know.
 *
 * @returns the change, to be made to the session under its new id
 */
export async function regenerateFirst(
  options: RequestSessionOptions,
  transport: SessionTransport,
  change: Change,
): Promise<Change> {
  const { record, applyPending } = change
  const rotated = await regenerate(options, transport, record, {
    ...record,
    data: copyData(record.original),
  })
  return { record: rotated, mine: dataFor(change, rotated.original), applyPending }
}

/** Whether a write makes one of these keys appear or change. */
export function changesAnyKey(
  keys: readonly string[] | undefined,
  { original }: SessionRecord,
  mine: Readonly<SessionValues>,
  patch: SessionPatch<SessionValues> | undefined,
): boolean {
  if (!keys?.length) return false
  const data = copyData(mine)
  applyPatch(data, patch)
  return keys.some((key) => {
    const value = own(data, key)
    return value !== undefined && !isSameData(value, own(original, key))
  })
}

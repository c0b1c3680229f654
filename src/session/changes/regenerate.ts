import { createId } from '../../core/id.ts'
import { copyData } from '../../core/copy.ts'
import { assertOpen } from './assert-open.ts'
import { type Change, dataFor } from './commit.ts'
import { withNewId } from './new-id.ts'
import { isSameData, mergeData, own } from '../../core/merge.ts'
import { warnOfMissingAwait } from './missing-await.ts'
import { applyPatch, type SessionPatch } from '../../core/patch.ts'
import type { SessionTransport, RequestSessionOptions } from '../../core/session.ts'
import type { SessionValues, SessionRecord } from '../../core/types.ts'

/**
 * Gives a stored session a new id, and sends the new token to its client.
 *
 * If the response is sent in the meantime, the client keeps the old token. The session then gets its old id and its old data
 * back, because a change of privilege must not be stored under an id that others may know.
 *
 * @param record - the session as it was read
 * @param changed - the session with its changes
 * @param grace - seconds for which the old id leads to the new session
 * @throws {UnsessionError} `HEADERS_SENT` if the response was sent before the new token was added to it
 */
export async function regenerate(
  { store, generateId }: RequestSessionOptions,
  transport: SessionTransport,
  record: SessionRecord,
  changed: SessionRecord,
  grace?: number,
): Promise<SessionRecord> {
  assertOpen(transport)
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
  assertOpen(transport)
  return rotated
}

/**
 * Gives a session a new id before a change of it is stored. So the change is never stored under an id that others may know.
 *
 * @returns the same change, for the session with its new id
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

/** Returns whether a write adds or changes one of these keys. */
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

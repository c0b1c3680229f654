import { assertOpen } from './assert-open.ts'
import { type Change, commit } from './commit.ts'
import { copyData } from '../../core/copy.ts'
import { mergeData } from '../../core/merge.ts'
import { type UnawaitedCall, warnOfMissingAwait } from './missing-await.ts'
import { applyPending, type Lifetimes, newSession } from './next-lifetime.ts'
import { applyPatch, replaceContent, type SessionPatch } from '../../core/patch.ts'
import { changesIdOf, type PendingChanges } from '../../core/pending-changes.ts'
import { changesAnyKey, regenerate, regenerateFirst } from './regenerate.ts'
import { reloadRecord } from './reload.ts'
import type { SessionTransport, RequestSessionOptions } from '../../core/session.ts'
import { startSession } from './start.ts'
import type { SessionValues, SessionRecord } from '../../core/types.ts'

export { reloadRecord, replaceContent }

/** The state of a request's session when a write begins. */
export interface Unsaved {
  readonly options: RequestSessionOptions
  readonly transport: SessionTransport
  /** Whether a new id could be sent to the client when the write began. */
  readonly wasOpen: boolean
  readonly record: SessionRecord | null
  /** Whether the client sent the id. An id that this request has generated is still secret. */
  readonly isKnown: boolean
  /** The data with direct changes. */
  readonly mine: Readonly<SessionValues>
  readonly pending: PendingChanges | undefined
  readonly lifetimes: () => Lifetimes
  /** Returns an id for a new session. Called once for each attempt. */
  readonly takeId: () => string
  /** Called with the stored record. @param update - updates the data that the handler holds */
  readonly stored: (
    record: SessionRecord,
    pending: PendingChanges | undefined,
    update: (data: SessionValues) => void,
  ) => void
}

/** Stores the session of a request with its changes and a patch. */
export async function write(unsaved: Unsaved, patch?: SessionPatch<SessionValues>): Promise<void> {
  const { options, transport, record, isKnown, mine, pending, lifetimes } = unsaved
  if (!record) return settle(unsaved, await create(unsaved, patch), mine, pending)
  const { store, onConflict, regenerateOn } = options
  const apply = (current: SessionRecord): SessionRecord => applyPending(current, pending, lifetimes())
  let change: Change = { record, mine, patch, applyPending: apply, onConflict }
  if (isKnown && (changesIdOf(record, pending) || changesAnyKey(regenerateOn, record, mine, patch))) {
    assertAwaited(unsaved, 'regenerate')
    change = await regenerateFirst(options, transport, change)
    settle(unsaved, change.record, record.original, undefined)
  }
  settle(unsaved, await commit(store, change), mine, pending)
}

/** Gives the stored session of a request a new id, and stores its changes. @param grace - see {@link regenerate} */
export async function writeUnderNewId(
  unsaved: Unsaved,
  record: SessionRecord,
  grace?: number,
): Promise<void> {
  const { options, transport, mine, pending, lifetimes } = unsaved
  assertAwaited(unsaved, 'regenerate')
  const changed = applyPending({ ...record, data: copyData(mine) }, pending, lifetimes())
  settle(unsaved, await regenerate(options, transport, record, changed, grace), mine, pending)
}

function create(unsaved: Unsaved, patch?: SessionPatch<SessionValues>): Promise<SessionRecord> {
  const { options, transport, mine, pending, lifetimes, takeId } = unsaved
  const { store } = options
  assertAwaited(unsaved, 'update')
  const data = copyData(mine)
  applyPatch(data, patch)
  const draft = { data, ...newSession(pending, lifetimes(), store.config.now()) }
  return startSession(store, transport, draft, takeId)
}

/** Checks that the response was not sent while this code was loaded. @throws {UnsessionError} `HEADERS_SENT` */
function assertAwaited({ transport, wasOpen }: Unsaved, call: UnawaitedCall): void {
  if (wasOpen && !transport.isOpen) warnOfMissingAwait(call)
  assertOpen(transport)
}

/** Takes over the stored record. Changes that the handler made after `mine` are kept for the next save. */
export function settle(
  { stored }: Unsaved,
  record: SessionRecord,
  mine: Readonly<SessionValues>,
  pending: PendingChanges | undefined,
): void {
  stored(record, pending, (data) => replaceContent(data, mergeData(mine, data, record.data)))
}

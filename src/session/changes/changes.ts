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

/** The session of a request as it is when something of it is to be stored. */
export interface Unsaved {
  readonly options: RequestSessionOptions
  readonly transport: SessionTransport
  /** Whether its client could be told of a new id. */
  readonly wasOpen: boolean
  readonly record: SessionRecord | null
  /** Whether its client came with its id. One that this request has made is known to nobody else yet. */
  readonly isKnown: boolean
  /** Its data, with direct changes. */
  readonly mine: Readonly<SessionValues>
  readonly pending: PendingChanges | undefined
  readonly lifetimes: () => Lifetimes
  /** Returns an id for a new session; called once for each attempt. */
  readonly takeId: () => string
  /** Takes over what was stored. @param update - brings the data that the handler has up to date */
  readonly stored: (
    record: SessionRecord,
    pending: PendingChanges | undefined,
    update: (data: SessionValues) => void,
  ) => void
}

/** Stores a session of a request, with its changes and a patch. */
export async function write(unsaved: Unsaved, patch?: SessionPatch<SessionValues>): Promise<void> {
  const { options, transport, record, isKnown, mine, pending, lifetimes } = unsaved
  if (!record) return settle(unsaved, await create(unsaved, patch), mine, pending)
  const { store, onConflict, regenerateOn } = options
  const apply = (current: SessionRecord): SessionRecord => applyPending(current, pending, lifetimes())
  let change: Change = { record, mine, patch, applyPending: apply, onConflict }
  if (isKnown && (changesIdOf(record, pending) || changesAnyKey(regenerateOn, record, mine, patch))) {
    assertOpen(unsaved, 'regenerate')
    change = await regenerateFirst(options, transport, change)
    settle(unsaved, change.record, record.original, undefined)
  }
  settle(unsaved, await commit(store, change), mine, pending)
}

/** Gives a stored session of a request a new id, and stores its changes. @param grace - see {@link regenerate} */
export async function renew(unsaved: Unsaved, record: SessionRecord, grace?: number): Promise<void> {
  const { options, transport, mine, pending, lifetimes } = unsaved
  assertOpen(unsaved, 'regenerate')
  const changed = applyPending({ ...record, data: copyData(mine) }, pending, lifetimes())
  settle(unsaved, await regenerate(options, transport, record, changed, grace), mine, pending)
}

function create(unsaved: Unsaved, patch?: SessionPatch<SessionValues>): Promise<SessionRecord> {
  const { options, transport, mine, pending, lifetimes, takeId } = unsaved
  const { store } = options
  assertOpen(unsaved, 'update')
  const data = copyData(mine)
  applyPatch(data, patch)
  const draft = { data, ...newSession(pending, lifetimes(), store.config.now()) }
  return startSession(store, transport, draft, takeId)
}

/** The response may have left while this code was loaded. @throws {UnsessionError} `HEADERS_SENT` */
function assertOpen({ transport, wasOpen }: Unsaved, call: UnawaitedCall): void {
  if (wasOpen && !transport.isOpen) warnOfMissingAwait(call)
  transport.assertOpen()
}

/** Takes over what was stored. What the handler changed since `mine` stays, to be saved next time. */
export function settle(
  { stored }: Unsaved,
  record: SessionRecord,
  mine: Readonly<SessionValues>,
  pending: PendingChanges | undefined,
): void {
  stored(record, pending, (data) => replaceContent(data, mergeData(mine, data, record.data)))
}

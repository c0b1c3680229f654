import { UnsessionError } from '../../drivers/utils/errors.ts'
import type { SessionRecord, SessionStore } from '../../src/core/types.ts'
import { commit } from '../../src/session/changes/commit.ts'
import type { Acknowledged, Names, Operation } from './operations.ts'

/** How an operation ended for its caller. */
export type Outcome = { acknowledged: Acknowledged } | { error: unknown }

/** An operation, its outcome, and the instances to check it with. */
export interface History extends Names {
  operation: Operation
  outcome: Outcome
  /** The instance that ran the operation. Its connection works again. */
  store: SessionStore
  /** Another instance, which has not seen the fault. */
  witness: SessionStore
  /** Version of the client's session before the operation. */
  version: number
}

const STRONG = { consistent: true }

/** Value of `n` before the operation. */
const COUNTED_BEFORE = 1

/**
 * Checks the stored data after an operation, and the later results of the instance that ran it:
 *
 * 1. A failure is an outage, with status 503. It never reports that the session is gone or was changed by other requests.
 * 2. Acknowledged data is stored exactly once, under the client's id.
 * 3. A session that was not destroyed is stored under its old id, or under its new id if the operation may have renewed it.
 * 4. The instance finds the session if there is one, and can change and destroy it.
 *
 * @returns a description of the fault; `undefined` if there is none
 */
export async function findFault(history: History): Promise<string | undefined> {
  const { outcome, operation, id, newId, witness } = history
  if ('error' in outcome && !isOutage(outcome.error)) return `failed with ${nameOf(outcome.error)}`
  const acknowledged = 'acknowledged' in outcome ? outcome.acknowledged : undefined
  const [old, renewed] = [await witness.load(id, STRONG), await witness.load(newId, STRONG)]
  if (acknowledged) {
    const current = acknowledged.id === undefined ? id : acknowledged.id
    const record = current === newId ? renewed : old
    if (current === null) return record ? 'an acknowledged end is undone' : undefined
    if (current === newId && operation.mayRenew && old) return 'the old id still leads to the session'
    const wrong = findLoss(record, acknowledged)
    return wrong ?? goOn(history, record!)
  }
  const record = old ?? (operation.mayRenew ? renewed : null)
  if (!record) return operation.mayEnd ? undefined : 'the session is lost'
  const counts = [COUNTED_BEFORE, COUNTED_BEFORE + 1]
  if (record.data['cart'] !== 'tea' || !counts.includes(Number(record.data['n']))) return 'data is lost'
  return goOn(history, record)
}

function findLoss(record: SessionRecord | null, acknowledged: Acknowledged): string | undefined {
  const { counted = 0, data = {}, user } = acknowledged
  if (!record) return 'an acknowledged session is lost'
  if (record.data['cart'] !== 'tea') return 'acknowledged data is lost'
  if (record.data['n'] !== COUNTED_BEFORE + counted)
    return `n is ${String(record.data['n'])}, not ${COUNTED_BEFORE + counted}`
  for (const [key, value] of Object.entries(data))
    if (record.data[key] !== value) return `the acknowledged value of \`${key}\` is lost`
  return user === undefined || record.user === user ? undefined : 'an acknowledged owner is lost'
}

/** Loads, changes and destroys the session on the instance that has seen the fault. @returns a description of the fault */
async function goOn(
  { outcome, store, witness, version }: History,
  live: SessionRecord,
): Promise<string | undefined> {
  const { id } = live
  const minVersion = Math.min(version, live.version)
  const record = await store.load(id, { minVersion })
  if (!record) return 'the instance takes a live session for gone'
  const applyPending = (current: SessionRecord): SessionRecord => current
  const patch = ({ n }: { n?: number }): object => ({ n: Number(n) + 1 })
  await commit(store, { record, mine: record.original, patch, applyPending })
  const changed = await witness.load(id, STRONG)
  const [before, after] = [Number(live.data['n']), Number(changed?.data['n'])]
  // The change of an operation with an unknown outcome may be stored after `live` was read. Each change is one write.
  const writes = Number(changed?.version) - live.version
  const isLate = 'error' in outcome && before === COUNTED_BEFORE && after === before + 2 && writes === 2
  if (after !== before + 1 && !isLate)
    return `n was ${before}, and is ${after} after the next change and ${writes} writes`
  await store.destroy(id)
  if ((await witness.load(id, STRONG)) || (await store.load(id))) return 'the next sign-out is undone'
  return undefined
}

function isOutage(error: unknown): boolean {
  return error instanceof UnsessionError && error.status === 503
}

/** Returns a short name of an error, for the table. */
export function nameOf(error: unknown): string {
  if (error instanceof UnsessionError) return error.code
  return error instanceof Error ? error.message : String(error)
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../../drivers/utils/backoff.ts'
import {
  ConflictError,
  SessionGoneError,
  UnsessionError,
  invalidOption,
  isUnavailable,
} from '../../drivers/utils/errors.ts'
import { type Rules, checkOptions, isFunction, isObject, isWithin } from '../../drivers/utils/validate.ts'
import { copyData } from '../core/copy.ts'
import { isHeld, leaseOf, putLease, timeToLook, withoutLease } from '../core/lease.ts'
import { own } from '../core/merge.ts'
import type { OnceWork, Session } from '../core/session.ts'
import type { Lease, SessionValues, SessionRecord, SessionStore } from '../core/types.ts'
import { type Unsaved, settle } from './changes/changes.ts'
import { commit } from './changes/commit.ts'
import { applyPending } from './changes/next-lifetime.ts'
import { reloadRecord } from './changes/reload.ts'

/*
 * Exclusive work of a session. The protocol:
 *
 * 1. A caller whose data is not stale returns. Another caller stores its unsaved changes first. So if the session cannot be stored,
 *    the call fails before the work begins.
 * 2. The caller puts a lease into the header of the record, by a conditional write. It does so only if the stored data is stale and
 *    no caller holds the lease of this name. So one caller of all instances gets the lease.
 * 3. The holder runs the work. It stores the result and marks the lease as done, by one conditional write. It does so only if the
 *    lease in the record is its own. So a late holder does not overwrite a newer result.
 * 4. If the work fails, the lease is removed. If the process of the holder crashes, the lease ends at its time.
 * 5. The other callers read the record, strongly consistent, until the lease is done or has ended. If the data is still stale, they
 *    continue with step 2. In one process, only one caller does this, and the other callers share its result.
 * 6. A rotation waits until no lease is held, so that the result is not stored under the old id. A destroyed session has no leases.
 */

/** Default and maximum of a lease, in seconds. */
const DEFAULT_LEASE = 10
const MAX_LEASE = 600

/** Maximum wait of a caller, in leases: one for a holder whose process crashes, and one for the next holder. */
const WAITED_LEASES = 2

/** Maximum leases of a session. The header of a binary envelope can have 64 KB. */
const MAX_LEASES = 50

const NAME = /^[\w.:-]{1,64}$/

const RULES: Rules<OnceWork<SessionValues>> = {
  isStale: [isFunction, 'must be a function that gets the data and returns whether the work is due'],
  run: [isFunction, 'must be a function that gets the data and returns values to store'],
  lease: [(value) => isWithin(value, 0.001, MAX_LEASE), `must be a number of seconds, ${MAX_LEASE} at most`],
}

/** The internals of a request's session that {@link once} uses. */
export interface OnceSession {
  /** Start of the request, ms since the epoch. */
  readonly since: number
  readonly unsaved: () => Unsaved
  readonly enqueue: (job: () => Promise<void>) => Promise<unknown>
}

/** The parameters of one call. */
interface Task {
  readonly store: SessionStore
  readonly name: string
  readonly work: OnceWork<SessionValues>
  /** Length of the lease, in ms. */
  readonly lease: number
  readonly isStale: (record: SessionRecord) => boolean
  /** Applies the configured lifetime. */
  readonly apply: (record: SessionRecord) => SessionRecord
  readonly regenerateOn: readonly string[] | undefined
  readonly since: number
  /** End of the wait, by `performance.now()`. */
  readonly deadline: number
}

/** A lease that this call holds, and the record with the lease. */
interface Held {
  readonly record: SessionRecord
  readonly lease: Lease
}

/** Runs work at most once at a time for a session. See {@link Session.once} for parameters and errors. */
export async function once(
  name: string,
  work: OnceWork<SessionValues>,
  session: Pick<Session, 'save'>,
  { since, unsaved, enqueue }: OnceSession,
): Promise<void> {
  check(name, work)
  const { mine } = unsaved()
  if (!work.isStale(copyData(mine))) return
  await session.save()
  const { options, transport, record, lifetimes } = unsaved()
  if (!record) throw new SessionGoneError()
  const lease = Math.round((work.lease ?? DEFAULT_LEASE) * 1000)
  const task: Task = {
    store: options.store,
    name,
    work,
    lease,
    isStale: ({ original }) => work.isStale(copyData(original)),
    apply: (current) => applyPending(current, undefined, lifetimes()),
    regenerateOn: options.regenerateOn,
    since,
    deadline: performance.now() + WAITED_LEASES * lease,
  }
  try {
    const latest = await refresh(task, record)
    await enqueue(async () => takeOver(unsaved(), record.id, latest))
  } catch (error) {
    transport.failed(error)
    throw error
  }
}

function check(name: string, work: OnceWork<SessionValues>): void {
  if (typeof name !== 'string' || !NAME.test(name))
    throw invalidOption('name', 'must be 1 to 64 of A-Z a-z 0-9 _ . : -')
  if (!isObject(work)) throw invalidOption('work', 'must be an object: { isStale, run }')
  checkOptions(work, RULES)
  for (const option of ['isStale', 'run'] as const)
    if (!isFunction(work[option])) throw invalidOption(option, RULES[option][1])
}

/** Updates the session of a request with the stored record. Keeps its unsaved changes. @param id - session id of the work */
function takeOver(unsaved: Unsaved, id: string, latest: SessionRecord): void {
  const { record } = unsaved
  // The request may have saved, rotated or cleared the session in the meantime.
  if (record?.id !== id || (latest.id === id && latest.version <= record.version)) return
  settle(unsaved, latest, record.original, undefined)
}

/** The calls of this process that hold or wait for a lease, by id and name. They resolve with `undefined` when the lease ends. */
type Flights = Map<string, Promise<SessionRecord | undefined>>

const flightsOf = new WeakMap<SessionStore, Flights>()

/** Ids and names of the work that the present code is part of. */
const running = new AsyncLocalStorage<readonly string[]>()

/** Returns the latest record. It is not stale, or it has the result of this caller. */
async function refresh(task: Task, record: SessionRecord): Promise<SessionRecord> {
  const key = `${record.id} ${task.name}`
  if (running.getStore()?.includes(key)) throw nested(task.name)
  let flights = flightsOf.get(task.store)
  if (!flights) flightsOf.set(task.store, (flights = new Map()))
  for (;;) {
    const joined = flights.get(key)
    if (!joined) return start(task, record, flights, key)
    const latest = await joined
    if (latest && !task.isStale(latest)) return latest
    if (performance.now() >= task.deadline) throw late(task)
  }
}

/** Begins a call that other callers of this process may join. They may join until it is done or its lease has ended. */
function start(task: Task, record: SessionRecord, flights: Flights, key: string): Promise<SessionRecord> {
  let release = (): void => {}
  const ended = new Promise<undefined>((resolve) => (release = () => resolve(undefined)))
  const leave = (): void => {
    if (flights.get(key) === shared) flights.delete(key)
  }
  const result = fly(task, record, key, () => {
    leave()
    release()
  }).finally(leave)
  const shared = Promise.race([result, ended])
  shared.catch(() => {})
  flights.set(key, shared)
  return result
}

/** Steps 2 to 5, until there is a result. @param onOverdue - called if the lease of this caller ends before its work is done */
async function fly(
  task: Task,
  start: SessionRecord,
  key: string,
  onOverdue: () => void,
): Promise<SessionRecord> {
  const { store, name } = task
  let record = start
  let holder = newHolder()
  for (let attempt = 0; ; attempt++) {
    const held = await take(task, record, holder)
    if (held) {
      const stored = await runHeld(task, held, key, onOverdue)
      if (stored) return stored
      holder = newHolder()
    }
    record = await readLatest(task, record)
    if (!task.isStale(record)) return record
    if (performance.now() >= task.deadline) throw late(task)
    const lease = leaseOf(record.leases, name)
    const now = store.config.now()
    if (isHeld(lease, now) && lease.holder !== holder) await sleep(timeToLook(lease, attempt, now))
  }
}

function newHolder(): string {
  return randomBytes(9).toString('base64url')
}

/** Another caller holds the lease, or the data is no longer stale. */
const NOT_TAKEN = new Error('the lease was not taken')

/** Step 2. @returns `undefined` if this caller may not hold the lease. The record must then be read again */
async function take(
  { store, name, lease: length, isStale, apply }: Task,
  record: SessionRecord,
  holder: string,
): Promise<Held | undefined> {
  let lease: Lease = { name, holder, until: 0 }
  const withLease = (current: SessionRecord): SessionRecord => {
    const now = store.config.now()
    const known = leaseOf(current.leases, name)
    // The lease may be from an attempt of this call whose answer was lost.
    if (isHeld(known, now) && known.holder !== holder) throw NOT_TAKEN
    if (!isStale({ ...current, original: current.data })) throw NOT_TAKEN
    lease = { name, holder, until: now + length }
    const leases = putLease(current.leases, lease, now)
    if (leases.length > MAX_LEASES)
      throw invalidOption('name', `must be one of a few: the session has ${MAX_LEASES} leases already`)
    return { ...apply(current), leases }
  }
  try {
    const taken = await commit(store, { record, mine: record.original, applyPending: withLease })
    return { record: taken, lease }
  } catch (error) {
    if (error === NOT_TAKEN || isTemporary(error)) return undefined
    throw error
  }
}

/** Steps 3 and 4. @returns the record with the result; `undefined` if the lease had ended, or another caller had taken it */
async function runHeld(
  task: Task,
  held: Held,
  key: string,
  onOverdue: () => void,
): Promise<SessionRecord | undefined> {
  const { work, store, name } = task
  const length = held.lease.until - store.config.now()
  if (length <= 0) return undefined
  const controller = new AbortController()
  const end = (): void => {
    onOverdue()
    controller.abort(new UnsessionError('TIMEOUT', `the lease of \`${name}\` has ended`))
  }
  const timer = setTimeout(end, length)
  // In Workers a timer is a number.
  timer.unref?.()
  const outer = running.getStore() ?? []
  try {
    const values = await running.run([...outer, key], async () =>
      work.run(copyData(held.record.original), { signal: controller.signal }),
    )
    refuseSignIn(task, held.record, values)
    return await storeResult(task, held, values)
  } catch (error) {
    await giveBack(task, held)
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Rejects a result that signs in. A sign-in needs a new id, and the waiting callers would not find it. */
function refuseSignIn(
  { regenerateOn = [] }: Task,
  { original }: SessionRecord,
  values: Partial<SessionValues> | undefined | void,
): void {
  if (!isObject(values)) return
  const key = regenerateOn.find(
    (each) => own(values, each) !== undefined && own(original, each) === undefined,
  )
  if (key === undefined) return
  const message = `\`once\` cannot set \`${key}\`, because that needs a new session id: use update()`
  throw new UnsessionError('INVALID_VALUE', message)
}

/** The lease in the record belongs to another caller. */
const LOST = new Error('the lease is held by another caller')
/** An earlier attempt, whose answer was lost, has stored the result. */
const STORED = new Error('the result is stored')

/** Step 3. @returns `undefined` if another caller had taken the lease */
async function storeResult(
  task: Task,
  { record, lease }: Held,
  values: Partial<SessionValues> | undefined | void,
): Promise<SessionRecord | undefined> {
  const { store, name, apply } = task
  const done = (current: SessionRecord): SessionRecord => {
    const known = leaseOf(current.leases, name)
    if (known?.holder !== lease.holder) throw LOST
    if (known.isDone) throw STORED
    const leases = putLease(current.leases, { ...known, isDone: true }, store.config.now())
    return { ...apply(current), leases }
  }
  for (let attempt = 0; ; attempt++) {
    try {
      return await commit(store, { record, mine: record.original, patch: values ?? {}, applyPending: done })
    } catch (error) {
      if (error === LOST) return undefined
      if (error === STORED) return readLatest(task, record)
      // The work may not be repeatable, so the write of its result is retried until the lease ends.
      if (!isTemporary(error) || store.config.now() >= lease.until) throw error
      await sleep(backoff(attempt, { first: 4, max: 64 }))
    }
  }
}

/** Step 4: removes the lease of failed work, so that the next caller need not wait. Never throws, because the lease also expires. */
async function giveBack({ store, name, apply }: Task, { record, lease }: Held): Promise<void> {
  const remove = (current: SessionRecord): SessionRecord => {
    if (leaseOf(current.leases, name)?.holder !== lease.holder) throw LOST
    return { ...apply(current), leases: withoutLease(current.leases, name) }
  }
  await commit(store, { record, mine: record.original, applyPending: remove }).catch(() => {})
}

/** Reads the session, strongly consistent. @throws {SessionGoneError} if it was destroyed or has expired */
async function readLatest({ store, since }: Task, record: SessionRecord): Promise<SessionRecord> {
  const latest = await reloadRecord(store, record, since)
  if (latest === null) throw new SessionGoneError({ key: record.id })
  if (latest instanceof SessionGoneError) throw latest
  return latest
}

/** Returns whether a retry may succeed, or may find that the write was stored. */
function isTemporary(error: unknown): boolean {
  return error instanceof ConflictError || isUnavailable(error)
}

function late({ name, lease }: Task): UnsessionError {
  const seconds = (WAITED_LEASES * lease) / 1000
  return new UnsessionError(
    'TIMEOUT',
    `the work \`${name}\` of another request did not end within ${seconds} s`,
  )
}

function nested(name: string): UnsessionError {
  return new UnsessionError('INVALID_REQUEST', `the work \`${name}\` must not call once('${name}') itself`)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, UnsessionError } from '../../../drivers/utils/errors.ts'
import { copyData } from '../../core/copy.ts'
import { backoff } from '../../../drivers/utils/backoff.ts'
import { type ConflictResolver, mergeData } from '../../core/merge.ts'
import { applyPatch, type SessionPatch } from '../../core/patch.ts'
import { storedRecord, viewOf } from '../../format/snapshot.ts'
import type { SessionValues, SessionRecord, SessionStore } from '../../core/types.ts'

/** One change of a stored session. */
export interface Change {
  /** The record as it was read. */
  readonly record: SessionRecord
  /** The data of the record with the direct changes of the caller. Never changed here. */
  readonly mine: Readonly<SessionValues>
  /** Applied after the direct changes. */
  readonly patch?: SessionPatch<SessionValues> | undefined
  /** Sets owner and lifetime. The last writer decides on both. */
  readonly applyPending: (record: SessionRecord) => SessionRecord
  readonly onConflict?: ConflictResolver | undefined
}

/** ms after which a change fails if no write of its session succeeds. */
const DEADLINE_MS = 10_000

/** Maximum changes in one write. Each change needs memory for a copy of the data until its caller has the result. */
const MAX_CHANGES = 250

/** A change whose promise is pending. */
interface Entry {
  readonly change: Change
  /** Lets the request of this change do the next write. */
  readonly lead: () => void
  readonly resolve: (record: SessionRecord) => void
  readonly reject: (error: unknown) => void
  isSettled: boolean
}

/** The changes of one session that wait for a write. */
interface Queue {
  readonly waiting: Entry[]
  /** The record of the last write, if it is known. */
  last: SessionRecord | undefined
  /** Time at which the last write ended, by `performance.now()`. */
  progressAt: number
}

/** A change, and the data after it. */
interface Applied {
  entry: Entry
  data: SessionValues
}

/**
 * Saves the changes that one process makes to a session.
 *
 * Each session has a queue. The first change is written at once. Changes that arrive during a write are queued. The next write
 * takes all of them: it applies them to the latest record in the order of arrival, and saves once. So the number of writes
 * depends on the duration of a write, and not on the number of writers.
 *
 * The request of a change that is in a write does that write. After it, it lets the request of the first queued change go on. In
 * Workers, I/O belongs to a request, and ends with its response.
 */
class GroupCommit {
  readonly #store: SessionStore
  readonly #queues = new Map<string, Queue>()

  constructor(store: SessionStore) {
    this.#store = store
  }

  add(change: Change, deadline: number): Promise<SessionRecord> {
    return new Promise((resolve, reject) => {
      const { id } = change.record
      const known = this.#queues.get(id)
      const queue = known ?? { waiting: [], last: undefined, progressAt: 0 }
      let lead = (): void => {}
      const turn = new Promise<void>((start) => (lead = start))
      // If the request that writes was aborted, no other one would get its turn. Later changes then begin with a new queue.
      const late = (): void => {
        this.#remove(id, queue)
        reject(lateError(deadline))
      }
      queue.waiting.push(createEntry({ change, lead, resolve, reject, late }, queue, deadline))
      if (known) return void turn.then(() => this.#writeNext(id, queue))
      this.#queues.set(id, queue)
      void this.#writeNext(id, queue)
    })
  }

  async #writeNext(id: string, queue: Queue): Promise<void> {
    queue.last = await this.#write(queue.waiting.splice(0, MAX_CHANGES), queue.last)
    queue.progressAt = performance.now()
    const [next] = queue.waiting
    if (next) next.lead()
    else this.#remove(id, queue)
  }

  #remove(id: string, queue: Queue): void {
    if (this.#queues.get(id) === queue) this.#queues.delete(id)
  }

  /**
   * Stores changes with one write. After a conflict, applies the changes again to the record of the other process. Never throws,
   * because each entry gets its own result.
   *
   * @param last - the record of the previous write
   * @returns the latest record, if it is known
   */
  async #write(batch: readonly Entry[], last: SessionRecord | undefined): Promise<SessionRecord | undefined> {
    let latest = latestRecord(batch, last)
    if (!latest) return undefined
    for (let attempt = 0; ; attempt++) {
      const { record, applied } = applyAll(
        batch.filter((entry) => !entry.isSettled),
        latest,
      )
      if (applied.length === 0) return last
      try {
        const saved = await this.#store.save(record)
        for (const [index, { entry, data }] of applied.entries())
          entry.resolve(index === applied.length - 1 ? saved : viewOf(saved, data))
        return saved
      } catch (error) {
        if (applied.length > 1 && isInvalid(error)) return this.#writeApart(applied, latest)
        const current = error instanceof ConflictError ? (error.current as SessionRecord | null) : null
        if (!current || attempt >= this.#store.config.maxRetries) {
          for (const { entry } of applied) entry.reject(error)
          return current ?? undefined
        }
        latest = current
        await sleep(backoff(attempt, { first: 4, max: 64 }))
      }
    }
  }

  /** Writes each half separately, because one of the changes is invalid. This repeats until the invalid change is alone. */
  async #writeApart(applied: readonly Applied[], latest: SessionRecord): Promise<SessionRecord | undefined> {
    const entries = applied.map(({ entry }) => entry)
    const middle = Math.ceil(entries.length / 2)
    const first = await this.#write(entries.slice(0, middle), latest)
    return this.#write(entries.slice(middle), first ?? latest)
  }
}

/**
 * Creates an entry that settles once. Its deadline counts from the last successful write of the queue. So a long queue does not
 * time out while its writes succeed, and a write without an answer makes all later changes fail.
 */
function createEntry(
  { change, lead, resolve, reject, late }: Omit<Entry, 'isSettled'> & { late: () => void },
  queue: Queue,
  deadline: number,
): Entry {
  let timer: NodeJS.Timeout
  const settle = (settler: () => void): void => {
    clearTimeout(timer)
    entry.isSettled = true
    settler()
  }
  const wait = (ms: number): void => {
    timer = setTimeout(() => {
      const left = queue.progressAt + deadline - performance.now()
      if (left > 0) wait(left)
      else settle(late)
    }, ms)
    // In Workers a timer is a number.
    timer.unref?.()
  }
  const entry: Entry = {
    change,
    lead,
    isSettled: false,
    resolve: (record) => settle(() => resolve(record)),
    reject: (error) => settle(() => reject(error)),
  }
  wait(deadline)
  return entry
}

function lateError(ms: number): UnsessionError {
  const message = `the session was not saved within ${ms} ms; the change may still be stored`
  return new UnsessionError('TIMEOUT', message)
}

/** Returns the record with the highest version. If several have it, returns the record of the previous write. */
function latestRecord(batch: readonly Entry[], last: SessionRecord | undefined): SessionRecord | undefined {
  let latest = last
  for (const { change } of batch)
    if (!latest || change.record.version > latest.version) latest = storedRecord(change.record)
  return latest
}

/** Applies changes in order. Rejects the changes that throw. @returns the record to save, and the changes in it */
function applyAll(
  entries: readonly Entry[],
  latest: SessionRecord,
): { record: SessionRecord; applied: Applied[] } {
  const applied: Applied[] = []
  let record = latest
  let stored: Readonly<SessionValues> = latest.original
  for (const entry of entries) {
    try {
      const data = dataFor(entry.change, stored)
      record = entry.change.applyPending({ ...record, data })
      applied.push({ entry, data })
      stored = data
    } catch (error) {
      entry.reject(error)
    }
  }
  return { record, applied }
}

/** Returns the data to store. @param stored - the data that the change was made to, or a later state of it */
export function dataFor(
  { record, mine, patch, onConflict }: Change,
  stored: Readonly<SessionValues>,
): SessionValues {
  const base = record.original
  const isBase = stored === base
  const options = onConflict && { onConflict }
  if (typeof patch === 'function') {
    const data = copyData(isBase ? mine : mergeData(base, mine, stored, options))
    applyPatch(data, patch)
    return data
  }
  const data = copyData(mine)
  const written = applyPatch(data, patch)
  return isBase ? data : copyData(mergeData(base, data, stored, { ...options, written }))
}

/** Returns whether an error concerns the data and not the storage. */
function isInvalid(error: unknown): boolean {
  return (
    error instanceof UnsessionError &&
    ['INVALID_VALUE', 'INVALID_OPTION', 'ITEM_TOO_LARGE'].includes(error.code)
  )
}

const commits = new WeakMap<object, GroupCommit>()

/**
 * Saves a change. Changes of other writers are kept.
 *
 * A function patch runs on the latest data. It runs again after a conflict with another process. Direct changes and object
 * patches are merged by top-level key.
 *
 * @param deadline - ms after which the change fails if neither it nor an earlier change was stored. Default 10,000
 * @returns the stored record, with the data after this change
 * @throws {ConflictError} if each of `maxRetries` retries has a conflict
 * @throws {SessionGoneError} if the session was destroyed or has expired in the meantime
 * @throws {UnsessionError} `TIMEOUT` at the deadline
 */
export function commit(
  store: SessionStore,
  change: Change,
  deadline: number = DEADLINE_MS,
): Promise<SessionRecord> {
  let group = commits.get(store)
  if (!group) commits.set(store, (group = new GroupCommit(store)))
  return group.add(change, deadline)
}

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
  /** Its data with the direct changes of the caller; never changed here. */
  readonly mine: Readonly<SessionValues>
  /** Applied on top of that. */
  readonly patch?: SessionPatch<SessionValues> | undefined
  /** Sets owner and lifetime, which the latest writer decides. */
  readonly applyPending: (record: SessionRecord) => SessionRecord
  readonly onConflict?: ConflictResolver | undefined
}

/** ms after which a change fails for whose session nothing was stored in the meantime. */
const DEADLINE_MS = 10_000

/** Changes that one write stores at most. Each keeps a copy of the data until its caller has it. */
const MAX_CHANGES = 250

/** A change that is not settled. */
interface Entry {
  readonly change: Change
  readonly resolve: (record: SessionRecord) => void
  readonly reject: (error: unknown) => void
  isSettled: boolean
}

/** The changes of one session that are not being written yet. */
interface Queue {
  readonly waiting: Entry[]
  /** When the last write ended, by `performance.now()`. */
  progressAt: number
}

/** A change with the data as it stands after it. */
interface Applied {
  entry: Entry
  data: SessionValues
}

/**
 * Saves the changes that one process makes to a session.
 *
 * Changes queue per session. The first one is written at once. While it is written others queue, and the next write takes
 * them all: it applies them in the order of their arrival to the latest record, and saves once. So the number of writes
 * depends on how long a write takes, and not on the number of writers.
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
      const queue = known ?? { waiting: [], progressAt: 0 }
      queue.waiting.push(createEntry(change, { resolve, reject }, queue, deadline))
      if (known) return
      this.#queues.set(id, queue)
      void this.#writeAll(id, queue)
    })
  }

  async #writeAll(id: string, queue: Queue): Promise<void> {
    let last: SessionRecord | undefined
    while (queue.waiting.length > 0) {
      last = await this.#write(queue.waiting.splice(0, MAX_CHANGES), last)
      queue.progressAt = performance.now()
    }
    this.#queues.delete(id)
  }

  /**
   * Stores changes with one write. When another process has saved in the meantime, its record is taken, and the changes are
   * applied again. Never throws: each entry has its own result.
   *
   * @param last - the record of the write before
   * @returns the latest record, where it is known
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

  /** One of the changes cannot be stored: halves are written apart until it is alone. */
  async #writeApart(applied: readonly Applied[], latest: SessionRecord): Promise<SessionRecord | undefined> {
    const entries = applied.map(({ entry }) => entry)
    const middle = Math.ceil(entries.length / 2)
    const first = await this.#write(entries.slice(0, middle), latest)
    return this.#write(entries.slice(middle), first ?? latest)
  }
}

/**
 * Makes an entry that settles once. Its deadline moves on while the queue does: a crowd waits for its turn, however large it
 * is, and a write that hangs makes all behind it fail.
 */
function createEntry(
  change: Change,
  { resolve, reject }: Pick<Entry, 'resolve' | 'reject'>,
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
      else settle(() => reject(lateError(deadline)))
    }, ms)
    // In Workers a timer is a number.
    timer.unref?.()
  }
  const entry: Entry = {
    change,
    isSettled: false,
    resolve: (record) => settle(() => resolve(record)),
    reject: (error) => settle(() => reject(error)),
  }
  wait(deadline)
  return entry
}

function lateError(ms: number): UnsessionError {
  const message = `the session was not saved within ${ms} ms; the change may be stored all the same`
  return new UnsessionError('TIMEOUT', message)
}

/** Returns the record of the highest version; of the same version, that of the write before. */
function latestRecord(batch: readonly Entry[], last: SessionRecord | undefined): SessionRecord | undefined {
  let latest = last
  for (const { change } of batch)
    if (!latest || change.record.version > latest.version) latest = storedRecord(change.record)
  return latest
}

/** Applies changes in order. Rejects those that throw. @returns the record to save, and the changes in it */
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

/** Returns the data to store on top of `stored`, which is the data that the change was made to or a later state of it. */
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

/** Returns whether an error is about the data itself, and not about the storage. */
function isInvalid(error: unknown): boolean {
  return (
    error instanceof UnsessionError &&
    ['INVALID_VALUE', 'INVALID_OPTION', 'ITEM_TOO_LARGE'].includes(error.code)
  )
}

const commits = new WeakMap<object, GroupCommit>()

/**
 * Saves a change without losing any other.
 *
 * A function patch runs on the latest data, and again when another process has saved in the meantime. Direct changes and
 * object patches merge by top-level key.
 *
 * @param deadline - ms after which the change fails if neither it nor one before it is stored. Default 10,000
 * @returns the stored record, with the data as it stands after this change
 * @throws {ConflictError} when other processes kept saving during `maxRetries` further attempts
 * @throws {SessionGoneError} when the session has ended in the meantime
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

import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, UnsessionError } from '../../drivers/utils/errors.ts'
import { type ConflictResolver, mergeData } from './merge.ts'
import { applyPatch, copyData, type SessionPatch } from './patch.ts'
import { turnsOf } from './turns.ts'
import type { SessionData, SessionRecord, SessionStore } from './types.ts'

/** One change on its way into a stored session. */
export interface Change {
  /** The record as it was read. */
  readonly record: SessionRecord
  /** Its data with what the handler has changed directly; never changed here. */
  readonly mine: Readonly<SessionData>
  /** On top of that. */
  readonly patch?: SessionPatch<SessionData> | undefined
  /** Sets owner and lifetime, which the latest writer decides. */
  readonly dress: (record: SessionRecord) => SessionRecord
  readonly onConflict?: ConflictResolver | undefined
}

/**
 * Save a change without losing anybody else's.
 *
 * Writers of one process take turns. When one of another process was faster, its record is taken and the change made again: a function patch runs on the merged
 * data, direct changes and object patches merge by top-level key.
 *
 * @returns the stored record
 * @throws {ConflictError} when `maxRetries` further attempts did not get through
 * @throws {SessionGoneError} when the session has ended meanwhile
 */
export function commit(store: SessionStore, change: Change): Promise<SessionRecord> {
  const { id, version } = change.record
  return turnsOf(store).take(id, async (waited) => {
    // Those before have left a later record, most likely in memory. Where there is none, the save says what has become of it.
    const latest = waited ? await store.load(id, { minVersion: version }) : null
    return write(store, change, latest ?? change.record)
  })
}

async function write(store: SessionStore, change: Change, latest: SessionRecord): Promise<SessionRecord> {
  let record = latest
  for (let attempt = 0; ; attempt++) {
    try {
      return await store.save(change.dress({ ...record, data: dataFor(change, record) }))
    } catch (error) {
      const current = currentRecord(error)
      if (!current || attempt >= store.config.maxRetries) throw error
      record = current
      await sleep(jitter(attempt))
    }
  }
}

/** The data to store on top of `current`, which is the record the change was made to or a later one. */
function dataFor({ record, mine, patch, onConflict }: Change, current: SessionRecord): SessionData {
  const base = record.original
  const theirs = current.original
  const options = onConflict && { onConflict }
  if (typeof patch === 'function') {
    const data = copyData(current === record ? mine : mergeData(base, mine, theirs, options))
    applyPatch(data, patch)
    return data
  }
  const data = copyData(mine)
  const written = applyPatch(data, patch)
  return current === record ? data : copyData(mergeData(base, data, theirs, { ...options, written }))
}

function currentRecord(error: unknown): SessionRecord | null {
  return error instanceof ConflictError ? error.current : null
}

/** Milliseconds to wait, at random, so that a crowd does not come back together: up to 4, 8, 16, 32, 64. */
export function jitter(attempt: number): number {
  return Math.random() * 4 * 2 ** Math.min(attempt, 4)
}

/**
 * Do something with a new id, and with another one when that is taken.
 *
 * @param createId - makes an id; called once for each attempt
 * @throws {UnsessionError} `SESSION_EXISTS` when even the last id was taken
 */
export async function withNewId<T>(
  store: SessionStore,
  createId: () => string,
  action: (id: string) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action(createId())
    } catch (error) {
      if (!isTaken(error) || attempt >= store.config.maxRetries) throw error
    }
  }
}

/** Whether an id was refused because a live session has it. */
export function isTaken(error: unknown): boolean {
  return error instanceof UnsessionError && error.code === 'SESSION_EXISTS'
}

import type { Codec } from './codec.ts'
import { copyData } from '../core/copy.ts'
import type { Lease, LifetimeSource, SessionValues, SessionRecord } from '../core/types.ts'

/** A session as it stands in the store: never changed, shared by all who read it and by the cache. */
export interface Snapshot {
  readonly id: string
  readonly version: number
  readonly createdAt: number
  readonly expiresAt: number
  readonly deadline?: number
  readonly idleTimeout?: number
  readonly lifetimeFrom?: LifetimeSource
  readonly user?: string
  readonly leases?: readonly Lease[]
  readonly data: Readonly<SessionValues>
  /** Makes an independent copy of `data`. */
  readonly copy: Codec['copy']
}

/** By the data: the one part of a record that nobody replaces, not even in a copy of the record. */
const snapshots = new WeakMap<object, Snapshot>()

/** Keep a snapshot, so that {@link snapshotOf} finds it. */
export function keepSnapshot(snapshot: Snapshot): Snapshot {
  snapshots.set(snapshot.data, snapshot)
  return snapshot
}

/** Whether data is that of a snapshot, as it was read or written before. */
export function isSnapshotData(data: object): boolean {
  return snapshots.has(data)
}

/** What a record was made from: the session without changes that its holder has not saved. */
export function snapshotOf(record: SessionRecord): Snapshot {
  return snapshots.get(record.original) ?? { ...record, data: record.original, copy: structuredClone }
}

/** A record over a snapshot, whose data is copied at first access: most requests read little and change nothing. */
export class StoredRecord<T extends SessionValues> implements SessionRecord<T> {
  readonly id: string
  readonly version: number
  readonly createdAt: number
  readonly expiresAt: number
  deadline?: number
  idleTimeout?: number
  lifetimeFrom: LifetimeSource
  user?: string
  leases?: readonly Lease[]
  readonly original: Readonly<T>
  #copy: Codec['copy']
  #data: T | undefined

  /** @param snapshot - `T` is the caller's word for what its data is; nothing at run time checks it */
  constructor(snapshot: Snapshot) {
    this.id = snapshot.id
    this.version = snapshot.version
    this.createdAt = snapshot.createdAt
    this.expiresAt = snapshot.expiresAt
    this.deadline = snapshot.deadline
    this.idleTimeout = snapshot.idleTimeout
    this.lifetimeFrom = snapshot.lifetimeFrom ?? 'store'
    this.user = snapshot.user
    this.leases = snapshot.leases
    this.original = snapshot.data as Readonly<T>
    this.#copy = snapshot.copy
  }

  get data(): T {
    return (this.#data ??= this.#copy(this.original))
  }

  set data(data: T) {
    this.#data = data
  }
}

/** Returns whether `a` is a later state of a session than `b`. A touch changes the expiry and not the version. */
export function isLater(a: Snapshot, b: Snapshot): boolean {
  return a.version > b.version || (a.version === b.version && a.expiresAt > b.expiresAt)
}

/**
 * Returns a record of a session as its caller sees it, where one write has stored the changes of several callers: the data
 * after the caller's own change. The record stands for the stored session all the same, see {@link snapshotOf}.
 *
 * @param stored - the record after all of the changes
 * @param data - never changed afterwards
 */
export function viewOf(stored: SessionRecord, data: Readonly<SessionValues>): SessionRecord {
  const snapshot = snapshotOf(stored)
  snapshots.set(data, snapshot)
  return new StoredRecord({ ...snapshot, data, copy: copyData })
}

/** Returns the session that a record stands for, as it was stored. */
export function storedRecord<T extends SessionValues>(record: SessionRecord<T>): SessionRecord<T> {
  const snapshot = snapshotOf(record)
  return snapshot.data === record.original ? record : new StoredRecord<T>(snapshot)
}

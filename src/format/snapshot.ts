import type { Codec } from './codec.ts'
import { copyData } from '../core/copy.ts'
import type { Lease, LifetimeSource, SessionValues, SessionRecord } from '../core/types.ts'

/** The stored state of a session. It is never changed. The readers and the cache share it. */
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

/** Snapshots by their data. Of a record, only `original` always stays the same object, even in a copy of the record. */
const snapshots = new WeakMap<object, Snapshot>()

/** Registers a snapshot, so that {@link snapshotOf} finds it. */
export function keepSnapshot(snapshot: Snapshot): Snapshot {
  snapshots.set(snapshot.data, snapshot)
  return snapshot
}

/** Returns whether data is the unchanged data of a snapshot. */
export function isSnapshotData(data: object): boolean {
  return snapshots.has(data)
}

/** Returns the snapshot of a record: the session without unsaved changes. */
export function snapshotOf(record: SessionRecord): Snapshot {
  return snapshots.get(record.original) ?? { ...record, data: record.original, copy: structuredClone }
}

/** A record of a snapshot. The data is copied at first access, because many requests do not use it. */
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

  /** @param snapshot - the caller states the type `T` of its data. It is not checked at run time */
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

/** Returns whether `a` is a later state of a session than `b`. A touch changes the end and not the version. */
export function isLater(a: Snapshot, b: Snapshot): boolean {
  return a.version > b.version || (a.version === b.version && a.expiresAt > b.expiresAt)
}

/**
 * Returns the record for one of several callers whose changes were stored with one write. It has the data after the caller's own
 * change. Its snapshot is that of the stored session, see {@link snapshotOf}.
 *
 * @param stored - the record after all changes
 * @param data - the data after the caller's change. It must not be changed afterwards
 */
export function viewOf(stored: SessionRecord, data: Readonly<SessionValues>): SessionRecord {
  const snapshot = snapshotOf(stored)
  snapshots.set(data, snapshot)
  return new StoredRecord({ ...snapshot, data, copy: copyData })
}

/** Returns the stored session of a record, without the view of {@link viewOf}. */
export function storedRecord<T extends SessionValues>(record: SessionRecord<T>): SessionRecord<T> {
  const snapshot = snapshotOf(record)
  return snapshot.data === record.original ? record : new StoredRecord<T>(snapshot)
}

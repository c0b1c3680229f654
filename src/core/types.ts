import type { Instant } from './instant.ts'
import type { ClearExpiredOptions, ClearExpiredResult } from '../../drivers/utils/clear-expired.ts'

export type {
  ClearExpiredOptions,
  ClearExpiredProgress,
  ClearExpiredResult,
} from '../../drivers/utils/clear-expired.ts'

/** What a session holds: a plain object, never an array. */
export type SessionValues = Record<string, unknown>

/**
 * How long a session lives. Everything is checked on each read, to the millisecond.
 *
 * `maxAge` alone: absolute, from creation. `idleTimeout` alone: sliding, from last use. Both: the earlier. Neither: the
 * record slides over {@link DEFAULT_IDLE_TIMEOUT} and the cookie ends with the browser.
 */
export interface Lifetime {
  /** Seconds from creation. */
  maxAge?: number
  /** Seconds from last use. */
  idleTimeout?: number
}

/**
 * Where a session's lifetime comes from. `store` and `config` are configured: the store's options, or the options of
 * `sessionMiddleware` or of a module. `call` and `session` are the session's own: the options of one `useSession` call, or
 * `setExpiry`.
 */
export type LifetimeSource = 'store' | 'config' | 'call' | 'session'

/** Seconds a session without `maxAge` and `idleTimeout` slides over: 14 days, as in Django. */
export const DEFAULT_IDLE_TIMEOUT: number = 14 * 24 * 60 * 60

/** Exclusive work of a session, see `session.once`: who does it, and until when. */
export interface Lease {
  readonly name: string
  /** Random; names one run of the work. */
  readonly holder: string
  /** When others may take over, ms since the epoch. */
  readonly until: number
  /** Whether the result is stored. Absent while the work is under way. */
  readonly isDone?: true
}

/** A session as a store keeps it. All instants are ms since the epoch. */
export interface SessionRecord<T extends SessionValues = SessionValues> {
  readonly id: string
  /** 1 when created; one more with every save. A touch leaves it. 0: as other software has left it, see `legacy`. */
  readonly version: number
  readonly createdAt: number
  /** The end as it stands in the store. */
  readonly expiresAt: number
  /** Absolute end, from `maxAge` or an explicit date; absent when there is none. */
  deadline?: number
  /** Sliding window in seconds; absent when there is none. Absent together with `deadline`: the 14-day default slides. */
  idleTimeout?: number
  /**
   * Where `deadline` and `idleTimeout` come from. A store applies its own options to a session of `store` with every write,
   * and keeps every other lifetime as it is. Default `store`.
   */
  lifetimeFrom?: LifetimeSource
  /** Owner, for list and revoke. */
  user?: string
  /** Exclusive work, see `session.once`. A write keeps the leases of its record; a session under a new id has none. */
  leases?: readonly Lease[]
  /**
   * The caller's own copy, made at first access; change it and `save` the record. It may be a getter of a class: a copy of
   * the record by spreading names it again, `{ ...record, data }`.
   */
  data: T
  /** The data as loaded, shared between callers: the base of a three-way merge. Never change it. */
  readonly original: Readonly<T>
}

/** What `create` takes. The store sets version, creation time and expiry. */
export interface SessionDraft<T extends SessionValues = SessionValues> {
  id: string
  data: T
  user?: string
  /** See {@link SessionRecord.deadline}; the store's `maxAge` when both this and `idleTimeout` are absent. */
  deadline?: number
  /** See {@link SessionRecord.idleTimeout}; the store's own when both this and `deadline` are absent. */
  idleTimeout?: number
  /** See {@link SessionRecord.lifetimeFrom}; `session` by default when `deadline` or `idleTimeout` is given. */
  lifetimeFrom?: LifetimeSource
  /** When the session began, for a record that continues another: a date, or ms since the epoch. Default: now. */
  createdAt?: Instant
}

/** Options of `load`. */
export interface LoadOptions {
  /**
   * Lowest acceptable version, from the token. A cached or eventually consistent record that is older is read again,
   * strongly consistent, and that answer is final. Default 0.
   */
  minVersion?: number
  /**
   * When the caller's request began, ms since the epoch. With it, a session that was rotated or destroyed while the request
   * was in flight throws, so that the request does not start another session. Default: such a session gives `null`.
   */
  since?: number
  /** Read past the cache, strongly consistent. Default `false`. */
  consistent?: boolean
}

/** Options of `rotate`. */
export interface RotateOptions {
  /**
   * Seconds for which the old id leads to the new session, at most 3600. Unsafe where the session gets more rights: whoever
   * knows the old id gets them, too. Default 0.
   */
  grace?: number
}

/** A line of `list`: everything but the data. */
export type SessionSummary = Omit<SessionRecord, 'data' | 'original' | 'leases'>

/** Counters since the store was created. */
export interface StoreStats {
  loads: number
  hits: number
  misses: number
  entries: number
  saves: number
  conflicts: number
}

/**
 * Sessions on some storage. This comment is the contract; each backend passes the same conformance suite.
 *
 * Missing, expired and malformed (unreadable envelope, unknown codec) records give `null` and a hook. A storage failure
 * always throws, and is never reported as "no session". `create` never overwrites; `save` never creates.
 */
export interface SessionStore {
  /**
   * Store a new session at version 1.
   * @throws {UnsessionError} `SESSION_EXISTS` when the id is taken by a live session
   * @throws {SessionGoneError} when all sessions of its user were ended while it was created; this one is, too
   */
  create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>>

  /**
   * Returns the live session, or `null`. During the grace of a rotation the old id gives the new session, whose `id` is the
   * new one.
   * @throws {SessionGoneError} with `since`: when the session was rotated in the last 10 seconds, by any process, or was
   * destroyed after `since`, by this process
   */
  load<T extends SessionValues>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null>

  /**
   * Replace the session at `record.version` by the record's data, owner and lifetime; slides the expiry.
   * @returns the stored record, version one higher
   * @throws {ConflictError} with the current record, when somebody else saved meanwhile
   * @throws {SessionGoneError} when it was destroyed or has expired, or when all sessions of the user were ended while it
   * became the user's
   */
  save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>>

  /**
   * Slide the expiry, same version, one conditional write.
   * @returns the record with its new expiry; `null` when it lost a race or the session is gone
   */
  touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null>

  /**
   * Destroys a session. During the grace of a rotation the old id destroys the new session. What a rotation has left behind
   * at the id is removed, so that a stale cookie does not stand in the way of a new session.
   * @param options.ifVersion - only at this version
   * @returns whether there was a live session to end
   * @throws {ConflictError} when `ifVersion` is given and the version is another one
   */
  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean>

  /**
   * Same session, new id: create the new record, then destroy the old one at its version; what others saved meanwhile is
   * carried over. Waits for exclusive work of the session that is under way, see `session.once`. @throws {SessionGoneError} when the old one is gone; then the new one is undone.
   */
  rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>>

  /** Live sessions, of one user or of all. @param options.limit - at most so many */
  list(options?: { user?: string; limit?: number; expired?: boolean }): AsyncIterable<SessionSummary>

  /**
   * End all of a user's sessions: those that were the user's before, although no listing shows them yet; one that becomes the
   * user's meanwhile is ended or refused. After a failure, do it again.
   * @param options.except - id to spare, under a new id as well
   * @returns how many were ended
   */
  destroyAll(options: { user: string; except?: string }): Promise<number>

  /** Remove what has expired. Without it expired sessions are never seen, but may take space. */
  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult>

  stats(): StoreStats

  /** Let go of what the store holds. The storage it was given is left open. */
  dispose(): Promise<void>

  /** What a session layer above needs to know. */
  readonly config: StoreConfig
}

export interface StoreConfig extends Lifetime {
  /** Sessions created before this instant are expired, ms since the epoch. Default: none. */
  notBefore?: number
  /**
   * How far a sliding end may lag behind the last use, in seconds: reads write no more often. At most half of the window.
   * Default: half of the unconfigured 14 days; of an `idleTimeout`, the larger of 5 minutes and 1/24, at most half.
   */
  touchAfter?: number
  /** How often a conflicting commit is tried again. Default 5. */
  maxRetries: number
  /** The clock, ms since the epoch. */
  now: () => number
}

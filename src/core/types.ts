import type { Instant } from './instant.ts'
import type { ClearExpiredOptions, ClearExpiredResult } from '../../drivers/utils/clear-expired.ts'

export type {
  ClearExpiredOptions,
  ClearExpiredProgress,
  ClearExpiredResult,
} from '../../drivers/utils/clear-expired.ts'

/** The data of a session: a plain object, never an array. */
export type SessionValues = Record<string, unknown>

/**
 * The lifetime of a session. It is checked on each read, to the millisecond.
 *
 * With `maxAge` alone, the session ends a fixed time after its creation. With `idleTimeout` alone, it ends a fixed time after its
 * last use. With both, the earlier end counts. With neither, the stored session ends 14 days after its last use, and the cookie
 * ends with the browser.
 */
export interface Lifetime {
  /** Seconds from creation, above 0, at most ten years. Default: none. */
  maxAge?: number
  /** Seconds from last use, above 0, at most ten years. Default: 14 days without `maxAge`, none with it. */
  idleTimeout?: number
}

/**
 * The source of a session's lifetime. `store` and `config` are configured: by the store's options, or by the options of
 * `sessionMiddleware` or of a module. `call` and `session` are the session's own: by the options of one `useSession` call, or by
 * `setExpiry`.
 */
export type LifetimeSource = 'store' | 'config' | 'call' | 'session'

/** Sliding window of a session without `maxAge` and `idleTimeout`, in seconds: 14 days, the `SESSION_COOKIE_AGE` of Django. */
export const DEFAULT_IDLE_TIMEOUT: number = 14 * 24 * 60 * 60

/** A lease: one caller's right to do exclusive work of a session, see `session.once`. */
export interface Lease {
  /** Name of the work. */
  readonly name: string
  /** Random id of one run of the work. */
  readonly holder: string
  /** End of the lease, ms since the epoch. After it, another caller may do the work. */
  readonly until: number
  /** Whether the result is stored. Absent while the work runs. */
  readonly isDone?: true
}

/** A stored session. All instants are ms since the epoch. */
export interface SessionRecord<T extends SessionValues = SessionValues> {
  /** Session id. */
  readonly id: string
  /**
   * Version: 1 when created, one more with every save. A touch does not change it. 0 for a session that other software has
   * stored, see the option `legacy`.
   */
  readonly version: number
  /** Creation time. */
  readonly createdAt: number
  /** End of the session in the store. */
  readonly expiresAt: number
  /** Absolute end, from `maxAge` or an explicit date. Absent if there is none. */
  deadline?: number
  /** Sliding window in seconds. Absent if there is none. If `deadline` is absent too, the window is 14 days. */
  idleTimeout?: number
  /**
   * Source of `deadline` and `idleTimeout`. If it is `store`, every write applies the store's options. Otherwise writes keep the
   * lifetime. Default `store`.
   */
  lifetimeFrom?: LifetimeSource
  /** Owner, for list and revoke. */
  user?: string
  /** Leases of exclusive work, see `session.once`. A write keeps the leases of its record. A rotation drops them. */
  leases?: readonly Lease[]
  /**
   * The caller's own copy of the data, made at first access. Change it and `save` the record. It may be a getter of a class, which
   * object spread does not copy. To copy a record, write `{ ...record, data }`.
   */
  data: T
  /** The data as it was loaded, shared between callers: the base of a three-way merge. Never change it. */
  readonly original: Readonly<T>
}

/** A session to create. The store sets the version, the creation time and the end. */
export interface SessionDraft<T extends SessionValues = SessionValues> {
  /** Session id: 1 to 128 of `A-Z a-z 0-9 _ -`. It must be hard to guess. */
  id: string
  /** Session data. */
  data: T
  /** Owner, for list and revoke. Default: none. */
  user?: string
  /** See {@link SessionRecord.deadline}. Default: by the store's `maxAge`, if `idleTimeout` is absent too. */
  deadline?: number
  /** See {@link SessionRecord.idleTimeout}. Default: the store's `idleTimeout`, if `deadline` is absent too. */
  idleTimeout?: number
  /** See {@link SessionRecord.lifetimeFrom}. Default: `session` if `deadline` or `idleTimeout` is given, else `store`. */
  lifetimeFrom?: LifetimeSource
  /** Creation time, for a session that continues another one: a date, or ms since the epoch. Default: now. */
  createdAt?: Instant
}

/** Options of `load`. */
export interface LoadOptions {
  /**
   * Lowest acceptable version, from the token. If a cached or eventually consistent record is older, it is read again, strongly
   * consistent. The second answer is final. Default 0.
   */
  minVersion?: number
  /**
   * Start of the caller's request, ms since the epoch. With it, `load` throws if the session was rotated or destroyed while the
   * request was in flight, so that the request does not start another session. Default: `load` returns `null` then.
   */
  since?: number
  /** Reads from the storage, strongly consistent, not from a cache. Default `false`. */
  consistent?: boolean
}

/** Options of `rotate`. */
export interface RotateOptions {
  /**
   * Seconds for which the old id leads to the new session, at most 3600. Unsafe if the session gets more rights: every holder of
   * the old id gets them, too. Default 0.
   */
  grace?: number
}

/** A session in the result of `list`: a record without its data. */
export type SessionSummary = Omit<SessionRecord, 'data' | 'original' | 'leases'>

/** Counters since the store was created. */
export interface StoreStats {
  /** Calls of `load`. */
  loads: number
  /** Loads that the cache answered. 0 without a cache. */
  hits: number
  /** Loads that the cache could not answer. 0 without a cache. */
  misses: number
  /** Sessions in the memory cache now. 0 without a cache and with `cache.storage`. */
  entries: number
  /** Successful calls of `save`. */
  saves: number
  /** Conflicts of two saves. */
  conflicts: number
}

/**
 * A store of sessions on any storage. This interface is the contract. Each backend passes the same conformance suite.
 *
 * A missing, expired or malformed record (unreadable envelope, unknown codec) gives `null`, and a hook is called. A failure of the
 * storage always throws, and is never reported as "no session": every method throws {@link UnsessionError} with the code
 * `UNAVAILABLE`, `TIMEOUT` or `THROTTLED` if the storage does not answer. `create` never overwrites. `save` never creates.
 */
export interface SessionStore {
  /**
   * Stores a new session at version 1.
   *
   * @param draft - id, data, and optionally owner and lifetime
   * @returns the stored record
   * @throws {UnsessionError} `SESSION_EXISTS` if the id belongs to a live session; `INVALID_KEY` for an invalid id; `INVALID_VALUE`
   * for data, an owner or a lifetime that cannot be stored; `ITEM_TOO_LARGE` above the option `maxSize`
   * @throws {SessionGoneError} if `destroyAll` ran for its user at the same time. The new session is destroyed, too
   * @example
   * ```ts
   * const record = await store.create({ id: crypto.randomUUID(), data: { cart: [] }, user: 'ada' })
   * ```
   */
  create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>>

  /**
   * Reads a session. During the grace of a rotation, the old id gives the new session, with the new `id`.
   *
   * @param id - session id. An invalid id gives `null`
   * @param options - see {@link LoadOptions}
   * @returns the live session, or `null`
   * @throws {SessionGoneError} only with `since`: if any process rotated the session in the last 10 seconds, or this process
   * destroyed it after `since`
   * @example
   * ```ts
   * const record = await store.load(token.id, { minVersion: token.version })
   * ```
   */
  load<T extends SessionValues>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null>

  /**
   * Reads a session only from the memory of this process, without a promise. Most requests need no more. Optional: a store that
   * wraps another one needs no such method.
   *
   * @param id - session id
   * @param options - as for {@link load}
   * @returns what `load` would return from memory; `undefined` if `load` must be called, which may find the session or not
   * @example
   * ```ts
   * const record = store.loadCached?.(id) ?? (await store.load(id))
   * ```
   */
  loadCached?<T extends SessionValues>(id: string, options?: LoadOptions): SessionRecord<T> | undefined

  /**
   * Stores the data, owner and lifetime of a record if the stored version is still `record.version`. Moves the end of a session
   * with a sliding window.
   *
   * @param record - a record of this store, with changes
   * @returns the stored record, with the next version
   * @throws {ConflictError} with the current record, if another save was stored first
   * @throws {SessionGoneError} if the session was destroyed or has expired, or if the save binds it to a user for whom `destroyAll`
   * ran at the same time
   * @throws {UnsessionError} `INVALID_VALUE` for data, an owner or a lifetime that cannot be stored; `ITEM_TOO_LARGE` above the
   * option `maxSize`
   * @example
   * ```ts
   * record.data.cart.push(item)
   * const saved = await store.save(record)
   * ```
   */
  save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>>

  /**
   * Moves the end of a session with a sliding window. The version and the data stay as they are. Costs one conditional write.
   *
   * @param record - a record of this store
   * @returns the record with its new end; `null` if another write was stored first, or the session is destroyed or expired
   * @example
   * ```ts
   * const touched = await store.touch(record)
   * ```
   */
  touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null>

  /**
   * Destroys a session. During the grace of a rotation, the old id destroys the new session. Also removes the marker that a
   * rotation stored at the id, so that a new session can use the id.
   *
   * @param id - session id
   * @param options.ifVersion - destroys the session only at this version. Default: at any version
   * @returns whether there was a live session
   * @throws {ConflictError} if `ifVersion` is given and the session has another version
   * @example
   * ```ts
   * await store.destroy(record.id)
   * ```
   */
  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean>

  /**
   * Gives a session a new id: creates the new record, then destroys the old one at its version. Saves that others made in the
   * meantime are merged into the new record. Waits for exclusive work in progress, see `session.once`.
   *
   * @param record - a record of this store, with or without changes
   * @param newId - the new id, as in {@link SessionDraft.id}
   * @param options - see {@link RotateOptions}
   * @returns the stored record with the new id
   * @throws {SessionGoneError} if the old session was destroyed or has expired. The new record is destroyed then
   * @throws {ConflictError} if each of `maxRetries` retries has a conflict. The new record is destroyed then
   * @throws {UnsessionError} `INVALID_OPTION` for an invalid `grace`; otherwise as `create`
   * @example
   * ```ts
   * const rotated = await store.rotate(record, crypto.randomUUID())
   * ```
   */
  rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>>

  /**
   * Lists sessions, without their data.
   *
   * @param options.user - only sessions of this owner. Default: all sessions
   * @param options.limit - maximum number of sessions. Default: no limit
   * @param options.expired - also lists expired sessions that are still stored. Default `false`
   * @returns the sessions, in no particular order
   * @example
   * ```ts
   * for await (const { createdAt } of store.list({ user: 'ada' })) console.log(new Date(createdAt))
   * ```
   */
  list(options?: { user?: string; limit?: number; expired?: boolean }): AsyncIterable<SessionSummary>

  /**
   * Destroys all sessions of a user, also those that an eventually consistent listing does not show yet. A session that is bound
   * to the user at the same time is destroyed, or the binding fails. If the call throws, call it again.
   *
   * @param options.user - the owner
   * @param options.except - id of a session to keep, even if it gets a new id. Default: none
   * @returns the number of destroyed sessions
   * @example
   * ```ts
   * await store.destroyAll({ user: 'ada', except: session.id })
   * ```
   */
  destroyAll(options: { user: string; except?: string }): Promise<number>

  /**
   * Deletes expired sessions from the storage. Expired sessions are never returned, but may use space until they are deleted.
   *
   * @param options - see {@link ClearExpiredOptions}
   * @returns the number of items read, expired and deleted
   * @example
   * ```ts
   * const { deleted } = await store.clearExpired({ maxCapacity: 25 })
   * ```
   */
  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult>

  /** Returns counters since the store was created. */
  stats(): StoreStats

  /** Empties the memory cache. The storage stays open, because the caller may use it for more than this store. */
  dispose(): Promise<void>

  /** The options that a session layer uses. */
  readonly config: StoreConfig
}

/** Options of a store that a session layer uses. */
export interface StoreConfig extends Lifetime {
  /** Sessions created before this instant are expired, ms since the epoch. Default: none. */
  notBefore?: number
  /**
   * Seconds by which the stored end of a session may lag behind its last use. Reads write no more often than this. At most half
   * of the window. Default: with `idleTimeout`, the larger of 5 minutes and 1/24 of it; without it, 7 days.
   */
  touchAfter?: number
  /** Maximum retries of a save after conflicts. Default 5. */
  maxRetries: number
  /** The clock. Returns ms since the epoch. Default `Date.now`. */
  now: () => number
}

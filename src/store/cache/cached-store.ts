import { ConflictError } from '../../../drivers/utils/errors.ts'
import { noteCache, type SessionHooks } from '../../core/hooks.ts'
import { isSessionId } from '../../core/id.ts'
import { isRemoval } from '../../shared/errors.ts'
import type { ListOptions } from '../direct/listing.ts'
import { type Snapshot, StoredRecord, isLater, snapshotOf } from '../../format/snapshot.ts'
import { destroySessions } from '../direct/revocation.ts'
import type { ParsedSession } from '../../format/serialize.ts'
import type { DirectStore } from '../direct/direct-store.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  ClearExpiredOptions,
  ClearExpiredResult,
} from '../../core/types.ts'
import { CacheClock, type Timestamp } from './clock.ts'
import { ExpiringSet } from './expiring-set.ts'
import { type PendingOperation, PendingOperations } from './pending.ts'
import { SharedReads } from './shared-reads.ts'
import { type CacheTier, isFresh, isUsable } from './tier.ts'

/** Options of {@link CachedStore}. */
export interface CachedStoreOptions {
  tier: CacheTier
  /** Maximum age of an entry, in ms. */
  ttl: number
  /** Maximum number of destroyed ids, and of missing ids. */
  max: number
  hooks: SessionHooks
}

/**
 * A session store with a cache. Reads are answered from the cache for up to `ttl`. Writes go to the store first, then to the cache.
 *
 * The state of an id:
 *
 * | state | kept in | answer to a load |
 * |---|---|---|
 * | none | nowhere | reads the store. Simultaneous loads share one read |
 * | fresh | the tier | the entry, if it has `minVersion` and has not expired. Otherwise as *none* |
 * | missing | `#missing` | `null`. A strongly consistent read has found no session |
 * | destroyed | `#destroyed` | `null`, or `SESSION_GONE` for a request that began before |
 *
 * A load with `consistent`, and a load of an id with the marker of a rotation, always reads the store, strongly consistent.
 *
 * The transitions:
 *
 * | event | next state |
 * |---|---|
 * | a read, `save` or `touch` returns a session, or a conflict contains the current one | fresh; not if the state is destroyed |
 * | `create` returns a session | fresh; also if the state is destroyed |
 * | a strongly consistent read finds nothing or a corrupt value | missing |
 * | a read finds an expired session or a marker, `touch` returns `null`, or `destroy` with `ifVersion` finds nothing | none |
 * | `destroy` or `rotate` of the id succeeds, or an operation finds that the session was destroyed | destroyed |
 * | an operation fails in another way, so that the state of the session is unknown | none; destroyed stays destroyed |
 * | `ttl` passes after the request to the store | none |
 * | the clock is set back, so that ages are unknown | none; destroyed stays destroyed |
 *
 * A result may arrive late. It is ignored if, after its request was sent,
 *
 * 1. the session was destroyed,
 * 2. a later version of the session was confirmed, or the same version with a later end,
 * 3. a new session was created at the id, or
 * 4. the clock was set back.
 */
export class CachedStore implements SessionStore {
  readonly config: StoreConfig
  #inner: DirectStore
  #options: CachedStoreOptions
  #counts = { loads: 0, hits: 0, misses: 0 }
  #destroyed: ExpiringSet
  #missing: ExpiringSet
  #reads: SharedReads
  #pending = new PendingOperations()
  #clock: CacheClock

  constructor(inner: DirectStore, options: CachedStoreOptions) {
    this.#inner = inner
    this.#options = options
    this.config = inner.config
    this.#destroyed = new ExpiringSet(options.max)
    this.#missing = new ExpiringSet(options.max)
    this.#clock = new CacheClock(inner.config.now, () => {
      options.tier.clear()
      this.#missing.clear()
    })
    this.#reads = new SharedReads({
      read: async (id, minVersion) => {
        const outcome = await this.#find(id, { minVersion })
        return outcome.state === 'live' ? outcome.snapshot : null
      },
      isGone: (id) => this.#isGone(id),
    })
  }

  async load<T extends SessionValues>(
    id: string,
    options: LoadOptions = {},
  ): Promise<SessionRecord<T> | null> {
    const cached = this.loadCached<T>(id, options)
    if (cached) return cached
    this.#counts.loads++
    if (this.#readsStore(id, options)) return isSessionId(id) ? this.#loadStrong(id, options) : null
    // The clock before the tier is asked: setting it back empties the tier.
    if (this.#destroyed.has(id, this.#clock.now())) return this.#absent(id, options)
    const looking = this.#options.tier.get(id)
    const entry = looking instanceof Promise ? await looking : undefined
    const now = this.#clock.now()
    if (this.#destroyed.has(id, now)) return this.#absent(id, options)
    if (isUsable(entry, this.#options.ttl, options, now)) return this.#hit(id, entry.snapshot)
    return isSessionId(id) ? this.#loadThrough(id, options) : null
  }

  loadCached<T extends SessionValues>(id: string, options: LoadOptions = {}): SessionRecord<T> | undefined {
    const now = this.#clock.now()
    if (this.#readsStore(id, options) || this.#destroyed.has(id, now)) return undefined
    const entry = this.#options.tier.peek(id)
    if (!isUsable(entry, this.#options.ttl, options, now)) return undefined
    this.#counts.loads++
    return this.#hit(id, entry.snapshot)
  }

  create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.#trackCreate(draft.id, () => this.#inner.create(draft))
  }

  save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.#track(record.id, async (pending, since) => {
      const saved = await this.#inner.save(record)
      await this.#keep(snapshotOf(saved), since, pending)
      return saved
    })
  }

  touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.#track(record.id, async (pending, since) => {
      const touched = await this.#inner.touch(record)
      if (touched === null) await this.#drop(record.id)
      else await this.#keep(snapshotOf(touched), since, pending)
      return touched
    })
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#track(id, async () => {
      const { wasLive, successor } = await this.#inner.remove(id, options)
      if (wasLive || options?.ifVersion === undefined) await this.#markDestroyed(id)
      else await this.#drop(id)
      return successor === undefined ? wasLive : this.destroy(successor)
    })
  }

  rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    return this.#track(record.id, () =>
      this.#trackCreate(newId, async () => {
        const rotated = await this.#inner.rotate(record, newId, options)
        await this.#markDestroyed(record.id)
        return rotated
      }),
    )
  }

  async *list(options?: ListOptions): AsyncGenerator<SessionSummary> {
    for await (const session of this.#inner.list(options)) {
      if (!this.#destroyed.has(session.id, this.#clock.now())) yield session
    }
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return destroySessions(this, this.#inner.sessionsToRevoke(options))
  }

  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult> {
    return this.#inner.clearExpired(options)
  }

  stats(): StoreStats {
    return { ...this.#inner.stats(), ...this.#counts, entries: this.#options.tier.size }
  }

  dispose(): Promise<void> {
    this.#options.tier.clear()
    return this.#inner.dispose()
  }

  /** Returns whether a load is strongly consistent, so that no entry can answer it. */
  #readsStore(id: string, { consistent }: LoadOptions): boolean {
    return consistent === true || this.#inner.destroyed.isRotated(id)
  }

  async #loadThrough<T extends SessionValues>(
    id: string,
    options: LoadOptions,
  ): Promise<SessionRecord<T> | null> {
    if (this.#isGone(id)) return this.#absent(id, options)
    this.#counts.misses++
    noteCache(this.#options.hooks, 'miss', id)
    const snapshot = await this.#reads.read(id, options.minVersion ?? 0)
    if (snapshot) return new StoredRecord<T>(snapshot)
    // The read may have found the marker of a rotation.
    if (this.#inner.destroyed.isRotated(id)) return this.#loadStrong(id, options)
    return this.#loadAbsent(id, { state: 'missing' }, options)
  }

  async #loadStrong<T extends SessionValues>(
    id: string,
    options: LoadOptions,
  ): Promise<SessionRecord<T> | null> {
    const outcome = await this.#find(id, { consistent: true })
    if (outcome.state === 'live') return new StoredRecord<T>(outcome.snapshot)
    return this.#loadAbsent(id, outcome, options)
  }

  /** Answers a load of a destroyed or missing session without a read. */
  #absent<T extends SessionValues>(id: string, options: LoadOptions): Promise<SessionRecord<T> | null> {
    this.#counts.hits++
    noteCache(this.#options.hooks, 'hit', id)
    return this.#loadAbsent(id, { state: 'missing' }, options)
  }

  #loadAbsent<T extends SessionValues>(
    id: string,
    outcome: ParsedSession,
    options: LoadOptions,
  ): Promise<SessionRecord<T> | null> {
    return this.#inner.loadAbsent(id, outcome, options, (successor) =>
      this.load<T>(successor, { ...options, minVersion: 0, consistent: true }),
    )
  }

  /** Reads a session from the store, and updates the cache. */
  #find(id: string, options: LoadOptions): Promise<ParsedSession> {
    return this.#track(id, async (pending, since) => {
      const outcome = await this.#inner.find(id, options)
      if (outcome.state === 'live') {
        await this.#keep(outcome.snapshot, since, pending)
        return pending.isDestroyed ? { state: 'missing' } : outcome
      }
      if (pending.minVersion > 0) return { state: 'missing' }
      await this.#drop(id)
      // A session may have been touched in the meantime; a marker of a rotation has not.
      const isCertain =
        outcome.state === 'expired' ? outcome.header.rotation !== undefined : outcome.state !== 'rotated'
      if (isCertain && this.#clock.timestamp().clockEpoch === since.clockEpoch)
        this.#missing.add(id, since.time + this.#options.ttl)
      return outcome
    })
  }

  #isGone(id: string): boolean {
    const now = this.#clock.now()
    return this.#destroyed.has(id, now) || this.#missing.has(id, now)
  }

  #hit<T extends SessionValues>(id: string, snapshot: Snapshot): SessionRecord<T> {
    this.#counts.hits++
    noteCache(this.#options.hooks, 'hit', id)
    return new StoredRecord<T>(snapshot)
  }

  /** Runs an operation on an id and updates the cache according to the error it fails with. */
  async #track<R>(
    id: string,
    operation: (pending: PendingOperation, since: Timestamp) => Promise<R>,
  ): Promise<R> {
    const since = this.#clock.timestamp()
    const pending = this.#pending.begin(id)
    try {
      return await operation(pending, since)
    } catch (error) {
      if (isRemoval(error, id)) await this.#markDestroyed(id)
      else if (error instanceof ConflictError && error.current) {
        await this.#keep(snapshotOf(error.current), since, pending)
      } else await this.#drop(id)
      throw error
    } finally {
      this.#pending.finish(id, pending)
    }
  }

  /** Puts a snapshot into the cache, unless it is out of date. @param since - time before the request to the store */
  async #keep(snapshot: Snapshot, since: Timestamp, pending: PendingOperation): Promise<void> {
    const { tier, ttl } = this.#options
    const { id, version } = snapshot
    pending.minVersion = Math.max(pending.minVersion, version)
    this.#reads.close(id)
    this.#missing.delete(id)
    const looking = tier.get(id)
    const held = looking instanceof Promise ? await looking : looking
    const now = this.#clock.now()
    if (pending.isDestroyed || version < pending.minVersion) return
    if (since.clockEpoch !== this.#clock.clockEpoch) return
    if (held && isFresh(held, ttl, now) && isLater(held.snapshot, snapshot)) return
    await tier.set(id, { snapshot, storedAt: since.time })
    // With an asynchronous tier, the session may have been destroyed in the meantime.
    if (pending.isDestroyed) await tier.delete(id)
  }

  /** Runs an operation that creates a session, and puts it into the cache, unless it was destroyed in the meantime. */
  async #trackCreate<R extends SessionRecord>(id: string, operation: () => Promise<R>): Promise<R> {
    const since = this.#clock.timestamp()
    const pending = this.#pending.beginCreate(id)
    try {
      const record = await operation()
      if (!pending.isDestroyed) {
        this.#destroyed.delete(id)
        await this.#keep(snapshotOf(record), since, pending)
      }
      return record
    } finally {
      // Also after a failure, because the id may belong to a session of another request.
      this.#missing.delete(id)
      this.#pending.finish(id, pending)
    }
  }

  /** Removes the entry of an id whose state is unknown. */
  async #drop(id: string): Promise<void> {
    this.#reads.close(id)
    await this.#options.tier.delete(id)
  }

  /** Notes that a session was destroyed, so that late and eventually consistent reads are ignored. */
  async #markDestroyed(id: string): Promise<void> {
    this.#destroyed.add(id, this.#clock.now() + this.#options.ttl)
    this.#pending.markDestroyed(id)
    await this.#drop(id)
  }
}

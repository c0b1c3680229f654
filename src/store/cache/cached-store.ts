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
import { type CacheEntry, type CacheTier, isFresh, isUsable } from './tier.ts'

export interface CachedStoreOptions {
  tier: CacheTier
  /** ms an entry lives at most. */
  ttl: number
  /** Ids remembered as ended or unknown, at most, each. */
  max: number
  hooks: SessionHooks
}

/**
 * A session store in front of a session store: reads are answered from a tier that is near, for a while.
 *
 * Writes go to the store first, then to the tier. What is in the tier was confirmed by the store less than `ttl` ago; it
 * is never replaced by an older version, and nothing returns after its session was ended.
 */
export class CachedStore implements SessionStore {
  readonly config: StoreConfig
  #inner: DirectStore
  #options: CachedStoreOptions
  #counts = { loads: 0, hits: 0, misses: 0 }
  #ended: ExpiringSet
  #unknown: ExpiringSet
  #reads: SharedReads
  #pending = new PendingOperations()
  #clock: CacheClock

  constructor(inner: DirectStore, options: CachedStoreOptions) {
    this.#inner = inner
    this.#options = options
    this.config = inner.config
    this.#ended = new ExpiringSet(options.max)
    this.#unknown = new ExpiringSet(options.max)
    this.#clock = new CacheClock(inner.config.now, () => {
      options.tier.clear()
      this.#unknown.clear()
    })
    this.#reads = new SharedReads({
      read: async (id, minVersion) => {
        const outcome = await this.#find(id, { minVersion })
        return outcome.state === 'live' ? outcome.snapshot : null
      },
      isGone: (id) => this.#isGone(id),
    })
  }

  load<T extends SessionValues>(id: string, options: LoadOptions = {}): Promise<SessionRecord<T> | null> {
    this.#counts.loads++
    const now = this.#clock.now()
    if (!isSessionId(id)) return Promise.resolve(null)
    if (options.consistent || this.#inner.ended.isRotated(id)) return this.#loadStrong(id, options)
    if (this.#ended.has(id, now)) return this.#absent(id, options)
    const entry = this.#options.tier.get(id)
    if (entry instanceof Promise) return this.#loadFromAsyncTier(id, options, entry)
    if (isUsable(entry, this.#options.ttl, options, now)) return this.#hit(id, entry.snapshot)
    return this.#loadThrough(id, options)
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
        const renewed = await this.#inner.rotate(record, newId, options)
        await this.#markDestroyed(record.id)
        return renewed
      }),
    )
  }

  async *list(options?: ListOptions): AsyncGenerator<SessionSummary> {
    for await (const session of this.#inner.list(options)) {
      if (!this.#ended.has(session.id, this.#clock.now())) yield session
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

  async #loadFromAsyncTier<T extends SessionValues>(
    id: string,
    options: LoadOptions,
    looking: Promise<CacheEntry | undefined>,
  ): Promise<SessionRecord<T> | null> {
    const entry = await looking
    const now = this.#clock.now()
    if (this.#ended.has(id, now)) return this.#absent(id, options)
    if (isUsable(entry, this.#options.ttl, options, now)) return this.#hit(id, entry.snapshot)
    return this.#loadThrough(id, options)
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
    // The read may have found a rotation's marker.
    if (this.#inner.ended.isRotated(id)) return this.#loadStrong(id, options)
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

  /** Answers from memory that there is no session. */
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

  /** Reads a session from the store, and keeps what is learned. */
  #find(id: string, options: LoadOptions): Promise<ParsedSession> {
    return this.#track(id, async (pending, since) => {
      const outcome = await this.#inner.find(id, options)
      if (outcome.state === 'live') {
        await this.#keep(outcome.snapshot, since, pending)
        return pending.ended ? { state: 'missing' } : outcome
      }
      if (pending.minVersion > 0) return { state: 'missing' }
      await this.#drop(id)
      const isCertain = outcome.state !== 'expired' && outcome.state !== 'rotated'
      if (isCertain && this.#clock.timestamp().clockEpoch === since.clockEpoch)
        this.#unknown.add(id, since.time + this.#options.ttl)
      return outcome
    })
  }

  #isGone(id: string): boolean {
    const now = this.#clock.now()
    return this.#ended.has(id, now) || this.#unknown.has(id, now)
  }

  #hit<T extends SessionValues>(id: string, snapshot: Snapshot): Promise<SessionRecord<T> | null> {
    this.#counts.hits++
    noteCache(this.#options.hooks, 'hit', id)
    return Promise.resolve(new StoredRecord<T>(snapshot))
  }

  /** Run an operation on an id, and draw from its failure what can be drawn. */
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

  /** Keep a snapshot, unless something later is known. @param since - the store was asked at this time or later */
  async #keep(snapshot: Snapshot, since: Timestamp, pending: PendingOperation): Promise<void> {
    const { tier, ttl } = this.#options
    const { id, version } = snapshot
    pending.minVersion = Math.max(pending.minVersion, version)
    this.#reads.close(id)
    this.#unknown.delete(id)
    const looking = tier.get(id)
    const held = looking instanceof Promise ? await looking : looking
    const now = this.#clock.now()
    if (pending.ended || version < pending.minVersion || since.clockEpoch !== this.#clock.clockEpoch) return
    if (held && isFresh(held, ttl, now) && isLater(held.snapshot, snapshot)) return
    await tier.set(id, { snapshot, storedAt: since.time })
    // Where a tier takes its time, the session may have ended meanwhile.
    if (pending.ended) await tier.delete(id)
  }

  /** Run an operation that brings a session into being, and keep it, unless it was ended before its maker knew of it. */
  async #trackCreate<R extends SessionRecord>(id: string, operation: () => Promise<R>): Promise<R> {
    const since = this.#clock.timestamp()
    const pending = this.#pending.renew(id)
    try {
      const record = await operation()
      if (!pending.ended) {
        this.#ended.delete(id)
        await this.#keep(snapshotOf(record), since, pending)
      }
      return record
    } finally {
      // Also where it was refused: somebody has taken the id.
      this.#unknown.delete(id)
      this.#pending.finish(id, pending)
    }
  }

  /** Forget an id whose state is not known any more. */
  async #drop(id: string): Promise<void> {
    this.#reads.close(id)
    await this.#options.tier.delete(id)
  }

  /** Remember that a session was ended, so that no late or stale read brings it back. */
  async #markDestroyed(id: string): Promise<void> {
    this.#ended.add(id, this.#clock.now() + this.#options.ttl)
    this.#pending.end(id)
    await this.#drop(id)
  }
}

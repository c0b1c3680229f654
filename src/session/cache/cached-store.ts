import { ConflictError, SessionGoneError, hashKey } from '../../../drivers/utils/errors.ts'
import { noteCache, type SessionHooks } from '../hooks.ts'
import { isSessionId } from '../id.ts'
import { SessionLapsedError } from '../lapsed.ts'
import { isLive } from '../lifetime.ts'
import type { ListOptions } from '../listing.ts'
import { type Snapshot, StoredRecord, snapshotOf } from '../record.ts'
import { destroyEach } from '../revocation.ts'
import type { StorageStore } from '../storage-store.ts'
import type {
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  SweepOptions,
  SweepResult,
} from '../types.ts'
import { ExpiringSet } from './expiring-set.ts'
import { type Pending, PendingOperations } from './pending.ts'
import { SharedReads } from './shared-reads.ts'
import type { CacheEntry, CacheTier } from './tier.ts'

export interface CachedStoreOptions {
  tier: CacheTier
  /** ms an entry lives at most. */
  ttl: number
  /** Ids remembered as ended or unknown, at most, each. */
  max: number
  hooks: SessionHooks
}

/** When something was asked, so that the answer's age can be told. */
interface Moment {
  /** ms since the epoch. */
  time: number
  /** How often the clock had gone back by then: times of two eras say nothing about each other. */
  era: number
}

/**
 * A session store in front of a session store: reads are answered from a tier that is near, for a while.
 *
 * Writes go to the store first, then to the tier. What is in the tier was confirmed by the store less than `ttl` ago; it
 * is never replaced by an older version, and nothing returns after its session was ended.
 */
export class CachedStore implements SessionStore {
  readonly config: StoreConfig
  #inner: StorageStore
  #options: CachedStoreOptions
  #counts = { loads: 0, hits: 0, misses: 0 }
  #ended: ExpiringSet
  #unknown: ExpiringSet
  #reads: SharedReads
  #pending = new PendingOperations()
  #lastNow = 0
  #era = 0

  constructor(inner: StorageStore, options: CachedStoreOptions) {
    this.#inner = inner
    this.#options = options
    this.config = inner.config
    this.#ended = new ExpiringSet(options.max)
    this.#unknown = new ExpiringSet(options.max)
    this.#reads = new SharedReads({
      read: (id, minVersion) => this.#read(id, minVersion),
      isGone: (id) => this.#isGone(id),
    })
  }

  load<T extends SessionData>(
    id: string,
    { minVersion = 0 }: { minVersion?: number } = {},
  ): Promise<SessionRecord<T> | null> {
    this.#counts.loads++
    const now = this.#now()
    if (!isSessionId(id)) return Promise.resolve(null)
    if (this.#ended.has(id, now)) return this.#hit(id, null)
    const entry = this.#options.tier.get(id)
    if (entry instanceof Promise) return this.#loadFromAfar(id, minVersion, entry)
    if (this.#isUsable(entry, minVersion, now)) return this.#hit(id, entry.snapshot)
    return this.#loadThrough(id, minVersion)
  }

  create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return this.#creating(draft.id, () => this.#inner.create(draft))
  }

  save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return this.#during(record.id, async (pending, since) => {
      const saved = await this.#inner.save(record)
      await this.#keep(snapshotOf(saved), since, pending)
      return saved
    })
  }

  touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return this.#during(record.id, async (pending, since) => {
      const touched = await this.#inner.touch(record)
      if (touched === null) await this.#drop(record.id)
      else await this.#keep(snapshotOf(touched), since, pending)
      return touched
    })
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#during(id, async () => {
      const wasLive = await this.#inner.destroy(id, options)
      if (wasLive || options?.ifVersion === undefined) await this.#bury(id)
      else await this.#drop(id)
      return wasLive
    })
  }

  rotate<T extends SessionData>(record: SessionRecord<T>, newId: string): Promise<SessionRecord<T>> {
    return this.#during(record.id, () =>
      this.#creating(newId, async () => {
        const renewed = await this.#inner.rotate(record, newId)
        await this.#bury(record.id)
        return renewed
      }),
    )
  }

  async *list(options?: ListOptions): AsyncGenerator<SessionSummary> {
    for await (const session of this.#inner.list(options)) {
      if (!this.#ended.has(session.id, this.#now())) yield session
    }
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return destroyEach(this, this.#inner.revocable(options))
  }

  clearExpired(options?: SweepOptions): Promise<SweepResult> {
    return this.#inner.clearExpired(options)
  }

  stats(): StoreStats {
    return { ...this.#inner.stats(), ...this.#counts, entries: this.#options.tier.size }
  }

  dispose(): Promise<void> {
    this.#options.tier.clear()
    return this.#inner.dispose()
  }

  async #loadFromAfar<T extends SessionData>(
    id: string,
    minVersion: number,
    looking: Promise<CacheEntry | undefined>,
  ): Promise<SessionRecord<T> | null> {
    const entry = await looking
    const now = this.#now()
    if (this.#ended.has(id, now)) return this.#hit(id, null)
    if (this.#isUsable(entry, minVersion, now)) return this.#hit(id, entry.snapshot)
    return this.#loadThrough(id, minVersion)
  }

  async #loadThrough<T extends SessionData>(
    id: string,
    minVersion: number,
  ): Promise<SessionRecord<T> | null> {
    if (this.#isGone(id)) return this.#hit(id, null)
    this.#counts.misses++
    noteCache(this.#options.hooks, 'miss', id)
    const snapshot = await this.#reads.read(id, minVersion)
    return snapshot && new StoredRecord<T>(snapshot)
  }

  #read(id: string, minVersion: number): Promise<Snapshot | null> {
    return this.#during(id, async (pending, since) => {
      const outcome = await this.#inner.find(id, minVersion)
      if (outcome.state === 'live') {
        await this.#keep(outcome.snapshot, since, pending)
        return pending.ended ? null : outcome.snapshot
      }
      if (pending.floor > 0) return null
      await this.#drop(id)
      const isCertain = outcome.state !== 'expired' && this.#moment().era === since.era
      if (isCertain) this.#unknown.add(id, since.time + this.#options.ttl)
      return null
    })
  }

  #isGone(id: string): boolean {
    const now = this.#now()
    return this.#ended.has(id, now) || this.#unknown.has(id, now)
  }

  #hit<T extends SessionData>(id: string, snapshot: Snapshot | null): Promise<SessionRecord<T> | null> {
    this.#counts.hits++
    noteCache(this.#options.hooks, 'hit', id)
    return Promise.resolve(snapshot && new StoredRecord<T>(snapshot))
  }

  #isUsable(entry: CacheEntry | undefined, minVersion: number, now: number): entry is CacheEntry {
    if (entry === undefined || entry.snapshot.version < minVersion) return false
    return this.#isFresh(entry, now) && isLive(entry.snapshot, now)
  }

  #isFresh({ storedAt }: CacheEntry, now: number): boolean {
    return storedAt <= now && now - storedAt < this.#options.ttl
  }

  /** Run an operation on an id, and draw from its failure what can be drawn. */
  async #during<R>(id: string, operation: (pending: Pending, since: Moment) => Promise<R>): Promise<R> {
    const since = this.#moment()
    const pending = this.#pending.begin(id)
    try {
      return await operation(pending, since)
    } catch (error) {
      if (isRemoval(error, id)) await this.#bury(id)
      else if (error instanceof ConflictError && error.current) {
        await this.#keep(snapshotOf(error.current), since, pending)
      } else await this.#drop(id)
      throw error
    } finally {
      this.#pending.finish(id, pending)
    }
  }

  /** Keep a snapshot, unless something later is known. @param since - the store was asked at this time or later */
  async #keep(snapshot: Snapshot, since: Moment, pending: Pending): Promise<void> {
    const { tier } = this.#options
    const { id, version } = snapshot
    pending.floor = Math.max(pending.floor, version)
    this.#reads.close(id)
    this.#unknown.delete(id)
    const looking = tier.get(id)
    const held = looking instanceof Promise ? await looking : looking
    const now = this.#now()
    if (pending.ended || version < pending.floor || since.era !== this.#era) return
    if (held && this.#isFresh(held, now) && isLater(held.snapshot, snapshot)) return
    await tier.set(id, { snapshot, storedAt: since.time })
    // Where a tier takes its time, the session may have ended meanwhile.
    if (pending.ended) await tier.delete(id)
  }

  /** Run an operation that brings a session into being, and keep it, unless it was ended before its maker knew of it. */
  async #creating<R extends SessionRecord>(id: string, operation: () => Promise<R>): Promise<R> {
    const since = this.#moment()
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
  async #bury(id: string): Promise<void> {
    this.#ended.add(id, this.#now() + this.#options.ttl)
    this.#pending.end(id)
    await this.#drop(id)
  }

  #moment(): Moment {
    return { time: this.#now(), era: this.#era }
  }

  /** The time. A clock that went back makes the age of everything kept unknown. */
  #now(): number {
    const now = this.config.now()
    if (now < this.#lastNow) {
      this.#era++
      this.#options.tier.clear()
      this.#unknown.clear()
    }
    this.#lastNow = now
    return now
  }
}

/** Whether somebody ended the session. While it gets a new id, it may also end under that. */
function isRemoval(error: unknown, id: string): boolean {
  if (!(error instanceof SessionGoneError) || error instanceof SessionLapsedError) return false
  return error.keyHash === hashKey(id)
}

/** Whether `a` is a later state of a session than `b`; a touch moves the end and not the version. */
function isLater(a: Snapshot, b: Snapshot): boolean {
  return a.version > b.version || (a.version === b.version && a.expiresAt > b.expiresAt)
}

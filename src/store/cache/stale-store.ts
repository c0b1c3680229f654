import { ConflictError, SessionGoneError, isUnavailable } from '../../../drivers/utils/errors.ts'
import { type SessionHooks, callHook, recordDetails } from '../../core/hooks.ts'
import { isLive } from '../../core/stored-lifetime.ts'
import { StoredRecord, snapshotOf } from '../../format/snapshot.ts'
import type { ListOptions } from '../direct/listing.ts'
import type {
  ClearExpiredOptions,
  ClearExpiredResult,
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
} from '../../core/types.ts'
import { ExpiringSet } from './expiring-set.ts'
import { type MemoryBounds, MemoryTier } from './tier.ts'

/** Options of {@link StaleStore}. */
export interface StaleStoreOptions {
  /** Maximum age of a stale entry, in ms. */
  maxStale: number
  /** Bounds of the entries. */
  bounds: MemoryBounds
  hooks: SessionHooks
}

/**
 * A session store that answers reads from memory while the storage is unavailable, with the last known state of the
 * session. The state must not be too old, the session must not be destroyed or expired, and the client must not have seen a later
 * version. Writes fail.
 *
 * During the outage, this process does not learn of sessions that another process has revoked.
 *
 * It keeps its own entries, because they live longer than those of the cache, and it also works without a cache. A failed operation
 * removes the entry of the cache, whose state is then unknown, but not the last known state, which an outage asks for.
 */
export class StaleStore implements SessionStore {
  readonly config: StoreConfig
  readonly #inner: SessionStore
  readonly #options: StaleStoreOptions
  readonly #seen: MemoryTier
  /** Sessions that this process has destroyed. The result of a load in flight is ignored. */
  readonly #destroyed: ExpiringSet
  /** Number of times that all entries were removed. The results of earlier loads are ignored. */
  #clockEpoch = 0

  constructor(inner: SessionStore, options: StaleStoreOptions) {
    this.#inner = inner
    this.config = inner.config
    this.#options = options
    this.#seen = new MemoryTier(options.bounds)
    this.#destroyed = new ExpiringSet(options.bounds.max)
  }

  async load<T extends SessionValues>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    const clockEpoch = this.#clockEpoch
    try {
      const record = await this.#inner.load<T>(id, options)
      if (record) this.#remember(record, clockEpoch)
      if (record?.id !== id) this.#seen.delete(id)
      return record
    } catch (error) {
      if (error instanceof SessionGoneError) this.#forget(id)
      const mayBeStale = isUnavailable(error) && options?.consistent !== true
      const stale = mayBeStale ? this.#recall<T>(id, options?.minVersion ?? 0) : undefined
      if (!stale) throw error
      callHook(this.#options.hooks, 'stale', id, recordDetails(stale))
      return stale
    }
  }

  loadCached<T extends SessionValues>(id: string, options?: LoadOptions): SessionRecord<T> | undefined {
    const record = this.#inner.loadCached?.<T>(id, options)
    if (record) this.#remember(record, this.#clockEpoch)
    return record
  }

  async create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    const record = await this.#inner.create(draft)
    this.#remember(record, clockEpoch)
    return record
  }

  async save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    try {
      const saved = await this.#inner.save(record)
      this.#remember(saved, clockEpoch)
      return saved
    } catch (error) {
      if (error instanceof SessionGoneError) this.#forget(record.id)
      throw error
    }
  }

  async touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    const clockEpoch = this.#clockEpoch
    const touched = await this.#inner.touch(record)
    if (touched) this.#remember(touched, clockEpoch)
    return touched
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#destroying(id, () => this.#inner.destroy(id, options))
  }

  async rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    const rotated = await this.#destroying(record.id, () => this.#inner.rotate(record, newId, options))
    this.#remember(rotated, clockEpoch)
    return rotated
  }

  async destroyAll(options: { user: string; except?: string }): Promise<number> {
    this.#forgetAll()
    try {
      return await this.#inner.destroyAll(options)
    } finally {
      // Removes entries of loads that ran in the meantime.
      this.#forgetAll()
    }
  }

  list(options?: ListOptions): AsyncIterable<SessionSummary> {
    return this.#inner.list(options)
  }

  clearExpired(options?: ClearExpiredOptions): Promise<ClearExpiredResult> {
    return this.#inner.clearExpired(options)
  }

  stats(): StoreStats {
    return this.#inner.stats()
  }

  dispose(): Promise<void> {
    this.#seen.clear()
    return this.#inner.dispose()
  }

  /** Keeps a record. @param clockEpoch - the epoch in which the request was sent */
  #remember(record: SessionRecord, clockEpoch: number): void {
    const { id } = record
    const now = this.config.now()
    if (clockEpoch !== this.#clockEpoch || this.#destroyed.has(id, now)) return
    const snapshot = snapshotOf(record)
    const known = this.#seen.get(id)
    if (known && known.snapshot.version > snapshot.version) return
    this.#seen.set(id, { snapshot, storedAt: now })
  }

  #recall<T extends SessionValues>(id: string, minVersion: number): StoredRecord<T> | undefined {
    const entry = this.#seen.get(id)
    if (!entry || entry.snapshot.version < minVersion) return undefined
    const now = this.config.now()
    const age = now - entry.storedAt
    const isUsable = age >= 0 && age < this.#options.maxStale && isLive(entry.snapshot, now)
    return isUsable ? new StoredRecord<T>(entry.snapshot) : undefined
  }

  #forgetAll(): void {
    this.#clockEpoch++
    this.#seen.clear()
  }

  /** Forgets a session before it is destroyed. After a failed sign-out, the session must not be read from memory. */
  async #destroying<R>(id: string, destroy: () => Promise<R>): Promise<R> {
    this.#forget(id)
    try {
      return await destroy()
    } catch (error) {
      // After a conflict the session is certainly alive.
      if (error instanceof ConflictError) this.#destroyed.delete(id)
      throw error
    }
  }

  #forget(id: string): void {
    this.#seen.delete(id)
    this.#destroyed.add(id, this.config.now() + this.#options.maxStale)
  }
}

import { ConflictError, SessionGoneError, isUnavailable } from '../../../drivers/utils/errors.ts'
import { type SessionHooks, callHook, recordDetails } from '../../core/hooks.ts'
import { StoreLayer } from './store-layer.ts'
import { isLive } from '../../core/stored-lifetime.ts'
import { StoredRecord, snapshotOf } from '../../format/snapshot.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
} from '../../core/types.ts'
import { ExpiringSet } from './expiring-set.ts'
import { type MemoryBounds, MemoryTier } from './tier.ts'

export interface StaleStoreOptions {
  /** ms a session may be read after the storage was last heard of it. */
  maxStale: number
  /** Bounds of what is remembered. */
  bounds: MemoryBounds
  hooks: SessionHooks
}

/**
 * Answers reads from memory while the storage is out of reach: with the session as it was last seen here, if that was not
 * too long ago, if the session has not ended since, and if the client has not seen a later version. Writes fail as ever.
 *
 * What was revoked elsewhere during the outage is not known here until it is over.
 */
export class StaleStore extends StoreLayer {
  readonly #options: StaleStoreOptions
  readonly #seen: MemoryTier
  /** Sessions that were ended here: a load under way must not bring one back. */
  readonly #ended: ExpiringSet
  /** How often everything was forgotten: what was asked before that may be of a session that was ended. */
  #clockEpoch = 0

  constructor(inner: SessionStore, options: StaleStoreOptions) {
    super(inner)
    this.#options = options
    this.#seen = new MemoryTier(options.bounds)
    this.#ended = new ExpiringSet(options.bounds.max)
  }

  override async load<T extends SessionValues>(
    id: string,
    options?: LoadOptions,
  ): Promise<SessionRecord<T> | null> {
    const clockEpoch = this.#clockEpoch
    try {
      const record = await this.inner.load<T>(id, options)
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

  override async create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    const record = await this.inner.create(draft)
    this.#remember(record, clockEpoch)
    return record
  }

  override async save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    try {
      const saved = await this.inner.save(record)
      this.#remember(saved, clockEpoch)
      return saved
    } catch (error) {
      if (error instanceof SessionGoneError) this.#forget(record.id)
      throw error
    }
  }

  override async touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    const clockEpoch = this.#clockEpoch
    const touched = await this.inner.touch(record)
    if (touched) this.#remember(touched, clockEpoch)
    return touched
  }

  override destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return this.#ending(id, () => this.inner.destroy(id, options))
  }

  override async rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    const clockEpoch = this.#clockEpoch
    const rotated = await this.#ending(record.id, () => this.inner.rotate(record, newId, options))
    this.#remember(rotated, clockEpoch)
    return rotated
  }

  override async destroyAll(options: { user: string; except?: string }): Promise<number> {
    this.#forgetAll()
    try {
      return await this.inner.destroyAll(options)
    } finally {
      // Also what was read meanwhile.
      this.#forgetAll()
    }
  }

  override dispose(): Promise<void> {
    this.#seen.clear()
    return this.inner.dispose()
  }

  /** @param clockEpoch - when the storage was asked */
  #remember(record: SessionRecord, clockEpoch: number): void {
    const { id } = record
    const now = this.config.now()
    if (clockEpoch !== this.#clockEpoch || this.#ended.has(id, now)) return
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

  /** Forget a session before it is ended: a sign-out that fails is not to be undone by memory either. */
  async #ending<R>(id: string, end: () => Promise<R>): Promise<R> {
    this.#forget(id)
    try {
      return await end()
    } catch (error) {
      // Then it certainly lives on.
      if (error instanceof ConflictError) this.#ended.delete(id)
      throw error
    }
  }

  #forget(id: string): void {
    this.#seen.delete(id)
    this.#ended.add(id, this.config.now() + this.#options.maxStale)
  }
}

import { isSessionId } from '../../core/id.ts'
import { secondsUntil } from '../../core/stored-lifetime.ts'
import type { RawStorage } from '../../storage/raw-storage.ts'
import { type SessionFormat, readSession, writeSession } from '../../format/serialize.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { CacheEntry, CacheTier } from './tier.ts'

/** Options of {@link StorageTier}. */
export interface StorageTierOptions {
  storage: RawStorage
  /** Prefix of the keys. Stores with the same sessions have the same one, and other stores have another one. */
  namespace: string
  format: SessionFormat
  /** Maximum age of an entry, in ms. */
  ttl: number
  now: () => number
  /** Called when the storage begins to fail. */
  onFailure: (error: unknown) => void
}

/** Bytes before the envelope in an entry: `storedAt`, as a double. */
const TIME_BYTES = 8

/** Key of the probe. It is never stored. */
const PROBE = 'probe'

/** A tier on a storage that several processes may share. */
export class StorageTier implements CacheTier {
  readonly size = 0
  readonly #options: StorageTierOptions
  readonly #breaker: CircuitBreaker

  constructor(options: StorageTierOptions) {
    this.#options = options
    const { storage, now, onFailure } = options
    const probe = (): Promise<unknown> => storage.read(this.#key(PROBE), {})
    this.#breaker = new CircuitBreaker({ name: 'the cache', probe, onFailure, now })
  }

  get(id: string): Promise<CacheEntry | undefined> {
    if (!isSessionId(id)) return Promise.resolve(undefined)
    return this.#breaker.run(async () => {
      const { storage, format, now } = this.#options
      const found = await storage.read(this.#key(id), {})
      if (!(found instanceof Uint8Array) || found.length < TIME_BYTES) return undefined
      const storedAt = Buffer.from(found.buffer, found.byteOffset).readDoubleBE()
      // While the breaker was open, changes by this process did not reach the tier.
      if (storedAt < this.#breaker.closedAt) return undefined
      const outcome = await readSession(id, found.subarray(TIME_BYTES), format, now())
      return outcome.state === 'live' ? { snapshot: outcome.snapshot, storedAt } : undefined
    })
  }

  peek(): undefined {}

  set(id: string, { snapshot, storedAt }: CacheEntry): Promise<void> {
    return this.#breaker.run(async () => {
      const { storage, format, ttl, now } = this.#options
      const { value } = await writeSession(id, snapshot, snapshot.data, format)
      const time = Buffer.alloc(TIME_BYTES)
      time.writeDoubleBE(storedAt)
      const end = Math.min(storedAt + ttl, snapshot.expiresAt)
      const entry = Buffer.concat([time, typeof value === 'string' ? Buffer.from(value) : value])
      await storage.write(this.#key(id), entry, { ttl: secondsUntil(end, now()) })
    })
  }

  delete(id: string): Promise<void> {
    return this.#breaker.run(() => this.#options.storage.remove(this.#key(id), {}))
  }

  /** Does nothing, because other processes use the entries too. */
  clear(): void {}

  #key(id: string): string {
    return `${this.#options.namespace}:${id}`
  }
}

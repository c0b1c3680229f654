import { secondsUntil } from '../../core/stored-lifetime.ts'
import type { RawStorage } from '../../storage/raw-storage.ts'
import { type SessionFormat, readSession, writeSession } from '../../format/serialize.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { CacheEntry, CacheTier } from './tier.ts'

/** What a tier on a storage is made of. */
export interface StorageTierOptions {
  storage: RawStorage
  /** Prefix of the keys; the same for all stores with the same sessions, and for no others. */
  namespace: string
  format: SessionFormat
  /** ms an entry is of use. */
  ttl: number
  now: () => number
  /** Is told once when the storage begins to fail. */
  onFailure: (error: unknown) => void
}

/** An entry is the time it was stored, as eight bytes, and the envelope. */
const TIME_BYTES = 8

/** Never stored. */
const PROBE = 'probe'

/** Entries on a storage of the user's choice, which other processes may share. */
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
    return this.#breaker.run(async () => {
      const { storage, format, now } = this.#options
      const found = await storage.read(this.#key(id), {})
      if (!(found instanceof Uint8Array) || found.length < TIME_BYTES) return undefined
      const storedAt = Buffer.from(found.buffer, found.byteOffset).readDoubleBE()
      // While the tier was left alone, changes made here did not reach it.
      if (storedAt < this.#breaker.closedAt) return undefined
      const outcome = await readSession(id, found.subarray(TIME_BYTES), format, now())
      return outcome.state === 'live' ? { snapshot: outcome.snapshot, storedAt } : undefined
    })
  }

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

  /** Does nothing: the entries are not this process's alone. */
  clear(): void {}

  #key(id: string): string {
    return `${this.#options.namespace}:${id}`
  }
}

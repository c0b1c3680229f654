import { secondsUntil } from '../lifetime.ts'
import { type SessionFormat, readSession, writeSession } from '../serialize.ts'
import type { RawStorage } from '../storage.ts'
import type { CacheEntry, CacheTier } from './tier.ts'

/** What a tier on a storage is made of. */
export interface StorageTierOptions {
  storage: RawStorage
  format: SessionFormat
  /** ms an entry is of use. */
  ttl: number
  now: () => number
  onError: (id: string, error: unknown) => void
}

/** An entry is the time it was stored, as eight bytes, and the envelope. */
const TIME_BYTES = 8

/** Entries on a storage of the user's choice, which other processes may share. */
export class StorageTier implements CacheTier {
  readonly size = 0
  #options: StorageTierOptions

  constructor(options: StorageTierOptions) {
    this.#options = options
  }

  get(id: string): Promise<CacheEntry | undefined> {
    return this.#guard(id, async () => {
      const { storage, format, now } = this.#options
      const found = await storage.read(id, {})
      if (!(found instanceof Uint8Array) || found.length < TIME_BYTES) return undefined
      const storedAt = Buffer.from(found.buffer, found.byteOffset).readDoubleBE()
      const outcome = await readSession(id, found.subarray(TIME_BYTES), format, now())
      return outcome.state === 'live' ? { snapshot: outcome.snapshot, storedAt } : undefined
    })
  }

  set(id: string, { snapshot, storedAt }: CacheEntry): Promise<void> {
    return this.#guard(id, async () => {
      const { storage, format, ttl, now } = this.#options
      const { value } = await writeSession(id, snapshot, snapshot.data, format)
      const time = Buffer.alloc(TIME_BYTES)
      time.writeDoubleBE(storedAt)
      const end = Math.min(storedAt + ttl, snapshot.expiresAt)
      const entry = Buffer.concat([time, typeof value === 'string' ? Buffer.from(value) : value])
      await storage.write(id, entry, { ttl: secondsUntil(end, now()) })
    })
  }

  delete(id: string): Promise<void> {
    return this.#guard(id, () => this.#options.storage.remove(id, {}))
  }

  /** The entries are not this process's alone. */
  clear(): void {}

  async #guard<T>(id: string, task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task()
    } catch (error) {
      this.#options.onError(id, error)
      return undefined
    }
  }
}

import type { ItemState } from '../table/stored-session.ts'

/** The state of a session that an instance has cached. `exists` is false for a destroyed or missing session. */
export interface CacheEntry extends ItemState {
  /** Time of the request that confirmed it, ms. */
  storedAt: number
}

/**
 * The cache of an instance: the most recently used entries. See `MemoryTier` of the store. The order of use is kept only when the
 * cache is half full, which saves time and removes the same entries unless it fills within one `ttl`.
 */
export class MemoryCache {
  readonly #max: number
  readonly #entries = new Map<number, CacheEntry>()

  constructor(max: number) {
    this.#max = max
  }

  get(key: number): CacheEntry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || this.#entries.size < this.#max / 2) return entry
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  set(key: number, entry: CacheEntry): void {
    if (this.#entries.size >= this.#max / 2) this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#max) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(key: number): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  get size(): number {
    return this.#entries.size
  }
}

import { isLive } from '../../core/stored-lifetime.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import type { LoadOptions } from '../../core/types.ts'
import { sizeOf } from './size.ts'

/** The state of a session in the store at some time. */
export interface CacheEntry {
  readonly snapshot: Snapshot
  /** Time of the request that confirmed the snapshot, ms since the epoch. */
  readonly storedAt: number
}

/** A place for entries. No method throws or rejects. A tier that fails behaves like an empty one. */
export interface CacheTier {
  get(id: string): CacheEntry | undefined | Promise<CacheEntry | undefined>
  set(id: string, entry: CacheEntry): void | Promise<void>
  delete(id: string): void | Promise<void>
  /** Removes the entries in the memory of this process. */
  clear(): void
  /** Number of entries in the memory of this process. */
  readonly size: number
}

/** Returns whether an entry was confirmed less than `ttl` ms ago. */
export function isFresh({ storedAt }: CacheEntry, ttl: number, now: number): boolean {
  return storedAt <= now && now - storedAt < ttl
}

/** Returns whether an entry can answer a load. */
export function isUsable(
  entry: CacheEntry | undefined,
  ttl: number,
  { minVersion = 0 }: LoadOptions,
  now: number,
): entry is CacheEntry {
  if (entry === undefined || entry.snapshot.version < minVersion) return false
  return isFresh(entry, ttl, now) && isLive(entry.snapshot, now)
}

/** An entry, and its estimated bytes. */
interface SizedEntry extends CacheEntry {
  readonly size: number
}

/** Bounds of a {@link MemoryTier}. */
export interface MemoryBounds {
  /** Maximum number of entries. */
  max: number
  /** Maximum bytes of all entries, as {@link sizeOf} estimates them. */
  maxBytes: number
}

/** A tier in the memory of this process. It keeps the most recently used entries. */
export class MemoryTier implements CacheTier {
  #entries = new Map<string, SizedEntry>()
  #bytes = 0
  readonly #bounds: MemoryBounds

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): CacheEntry | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    // A map iterates in the order of insertion. So the first key is the least recently used one.
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    return entry
  }

  set(id: string, { snapshot, storedAt }: CacheEntry): void {
    const { max, maxBytes } = this.#bounds
    const known = this.#entries.get(id)
    const size = known?.snapshot === snapshot ? known.size : sizeOf(snapshot, maxBytes)
    this.delete(id)
    if (size > maxBytes) return
    this.#entries.set(id, { snapshot, storedAt, size })
    this.#bytes += size
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= max && this.#bytes <= maxBytes) return
      this.delete(oldest)
    }
  }

  delete(id: string): void {
    this.#bytes -= this.#entries.get(id)?.size ?? 0
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}

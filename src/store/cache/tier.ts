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
  /** Returns an entry that is in the memory of this process. */
  peek(id: string): CacheEntry | undefined
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

/** An entry of a {@link MemoryTier}. */
interface KeptEntry extends CacheEntry {
  /** Estimated bytes. */
  readonly size: number
  /** Whether the entry was read since it was stored, or since it was last spared. */
  isUsed: boolean
}

/** Bounds of a {@link MemoryTier}. */
export interface MemoryBounds {
  /** Maximum number of entries. */
  max: number
  /** Maximum bytes of all entries, as {@link sizeOf} estimates them. */
  maxBytes: number
}

/**
 * A tier in the memory of this process. When it is full, it removes the entries that were not used for longest, by the rule of
 * second chance: the oldest entry is spared once if it was read since. A read sets one flag, whereas an exact order of use would
 * move the entry at every read.
 */
export class MemoryTier implements CacheTier {
  #entries = new Map<string, KeptEntry>()
  #bytes = 0
  readonly #bounds: MemoryBounds

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): CacheEntry | undefined {
    return this.peek(id)
  }

  peek(id: string): CacheEntry | undefined {
    const entry = this.#entries.get(id)
    if (entry !== undefined) entry.isUsed = true
    return entry
  }

  set(id: string, { snapshot, storedAt }: CacheEntry): void {
    const { maxBytes } = this.#bounds
    const known = this.#entries.get(id)
    const size = known?.snapshot === snapshot ? known.size : sizeOf(snapshot, maxBytes)
    this.delete(id)
    if (size > maxBytes) return
    this.#makeRoom(size)
    this.#entries.set(id, { snapshot, storedAt, size, isUsed: false })
    this.#bytes += size
  }

  delete(id: string): void {
    this.#bytes -= this.#entries.get(id)?.size ?? 0
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  /**
   * Removes entries until another one fits. A map iterates in the order of insertion, so an entry that is kept is visited again after
   * all others.
   */
  #makeRoom(size: number): void {
    const { max, maxBytes } = this.#bounds
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size < max && this.#bytes + size <= maxBytes) return
      this.#entries.delete(id)
      if (entry.isUsed) this.#entries.set(id, Object.assign(entry, { isUsed: false }))
      else this.#bytes -= entry.size
    }
  }
}

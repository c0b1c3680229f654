import { isLive } from '../lifetime.ts'
import type { Snapshot } from '../record.ts'
import type { LoadOptions } from '../types.ts'

/** A session as it stood in the store at some time. */
export interface CacheEntry {
  readonly snapshot: Snapshot
  /** ms since the epoch; the store has confirmed the snapshot at this time or later. */
  readonly storedAt: number
}

/** Where entries are kept. No method ever throws or rejects: a failing tier is an empty one. */
export interface CacheTier {
  get(id: string): CacheEntry | undefined | Promise<CacheEntry | undefined>
  set(id: string, entry: CacheEntry): void | Promise<void>
  delete(id: string): void | Promise<void>
  /** Drop what this process keeps. */
  clear(): void
  /** Entries this process keeps. */
  readonly size: number
}

/** Returns whether an entry was confirmed less than `ttl` ms ago. */
export function isFresh({ storedAt }: CacheEntry, ttl: number, now: number): boolean {
  return storedAt <= now && now - storedAt < ttl
}

/** Returns whether an entry answers a load. */
export function isUsable(
  entry: CacheEntry | undefined,
  ttl: number,
  { minVersion = 0 }: LoadOptions,
  now: number,
): entry is CacheEntry {
  if (entry === undefined || entry.snapshot.version < minVersion) return false
  return isFresh(entry, ttl, now) && isLive(entry.snapshot, now)
}

/** Entries in this process: the most recently used ones. @param max - entries at most */
export class MemoryTier implements CacheTier {
  #entries = new Map<string, CacheEntry>()
  #max: number

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): CacheEntry | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined) return undefined
    // A map iterates in the order of insertion: the first key is the least recently used one.
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    return entry
  }

  set(id: string, entry: CacheEntry): void {
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    if (this.#entries.size <= this.#max) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }
}

import { isDeepStrictEqual } from 'node:util'
import { setOwn } from './copy.ts'
import type { SessionValues } from './types.ts'

/** The three values of a key that two writers changed at the same time; `undefined` where the key is absent. */
export interface ConflictingValues {
  /** What both started from. */
  base: unknown
  /** What this writer wants to store. */
  mine: unknown
  /** What the other writer has stored. */
  theirs: unknown
}

/** Decides between two writers. What it returns is stored; `undefined` leaves it to the rule: the later writer wins. */
export type ConflictResolver = (key: string, values: ConflictingValues) => unknown

export interface MergeOptions {
  onConflict?: ConflictResolver
  /** Keys that count as changed by this writer even where its value is the one it started from. */
  written?: Iterable<string>
}

/**
 * Three-way merge by top-level key: both writers' changes, and where both changed the same key, mine.
 *
 * A key that is absent and a key that is `undefined` are the same; removing a key is a change like any other.
 *
 * @param base - what both writers started from
 * @param mine - what this writer wants to store, the later one
 * @param theirs - what the other writer has stored
 * @returns a new object; its values are those of `mine` and `theirs`, not copies
 *
 * @example
 * ```ts
 * mergeData({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 }) // { a: 2, b: 3 }
 * ```
 */
export function mergeData<T extends SessionValues>(
  base: Readonly<T>,
  mine: Readonly<T>,
  theirs: Readonly<T>,
  options?: MergeOptions,
): T
export function mergeData(
  base: Readonly<SessionValues>,
  mine: Readonly<SessionValues>,
  theirs: Readonly<SessionValues>,
  { onConflict, written = [] }: MergeOptions = {},
): SessionValues {
  const explicit = new Set(written)
  const merged: SessionValues = {}
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const values = { base: own(base, key), mine: own(mine, key), theirs: own(theirs, key) }
    const value = pick(key, values, explicit.has(key), onConflict)
    if (value !== undefined) setOwn(merged, key, value)
  }
  return merged
}

function pick(
  key: string,
  values: ConflictingValues,
  isWritten: boolean,
  onConflict?: ConflictResolver,
): unknown {
  const { base, mine, theirs } = values
  if (!isWritten && isDeepStrictEqual(mine, base)) return theirs
  if (isDeepStrictEqual(theirs, base) || isDeepStrictEqual(mine, theirs)) return mine
  const decided = onConflict?.(key, values)
  return decided === undefined ? mine : decided
}

/** Returns a key's own value: `constructor` and its like are no data unless somebody stored them. */
export function own(data: Readonly<SessionValues>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined
}

/** Whether two values are stored alike: members that are `undefined` and members that are absent are the same. */
export function isSameData(a: unknown, b: unknown): boolean {
  if (!isPlain(a) || !isPlain(b)) return isDeepStrictEqual(a, b)
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) =>
    isSameData(own(a, key), own(b, key)),
  )
}

function isPlain(value: unknown): value is SessionValues {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

import { isDeepStrictEqual } from 'node:util'
import { setOwn } from './copy.ts'
import type { SessionValues } from './types.ts'

/** The three values of a key that two writers changed at the same time. A value is `undefined` if the key is absent. */
export interface ConflictingValues {
  /** The value that both writers had read. */
  base: unknown
  /** The value that this writer wants to store. */
  mine: unknown
  /** The value that the other writer has stored. */
  theirs: unknown
}

/**
 * A function that resolves a conflict between two writers of one key.
 *
 * @param key - top-level key of the data
 * @param values - the three values of the key
 * @returns the value to store; `undefined` for the default, which is `values.mine`
 */
export type ConflictResolver = (key: string, values: ConflictingValues) => unknown

/** Options of {@link mergeData}. */
export interface MergeOptions {
  /** Resolves conflicts. Default: the later writer wins. */
  onConflict?: ConflictResolver
  /** Keys that count as changed by this writer even if it set the value that it had read. */
  written?: Iterable<string>
}

/**
 * Returns a three-way merge by top-level key. It has the changes of both writers. If both changed a key, it has `mine`.
 *
 * An absent key and a key with the value `undefined` are the same. The removal of a key is a change like any other.
 *
 * @param base - the data that both writers had read
 * @param mine - the data that this writer, the later one, wants to store
 * @param theirs - the data that the other writer has stored
 * @returns a new object. Its values are those of `mine` and `theirs`, not copies
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

/** Returns the value of an own key. Inherited properties such as `constructor` are not data. */
export function own(data: Readonly<SessionValues>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined
}

/** Returns whether two values are stored alike. An absent member and a member with the value `undefined` are the same. */
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

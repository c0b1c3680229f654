import type { Snapshot } from '../../format/snapshot.ts'

/**
 * Bytes that V8 needs, by measurement on Node 20 and 24 (64 bits). They are upper bounds: objects of one shape share their keys,
 * and equal short strings share their characters, which is not looked at here.
 */
const BYTES = {
  /** An entry of the cache, its snapshot, and their places in maps. */
  entry: 1000,
  /** An object, a map, an array, or anything else that is not a plain value. */
  object: 72,
  /** A place in an array. */
  element: 16,
  /** A property of an object: its place, and its key beside the characters. */
  property: 72,
  /** A string beside its characters. */
  string: 24,
  /** A number that is not a small integer, or a `BigInt`. */
  number: 24,
}

/**
 * Returns about how many bytes of memory a session takes. The size as stored does not tell: `[[],[]]` takes 15 times the bytes of
 * its text, and compressed data any multiple.
 *
 * @param limit - bytes from which the exact size does not matter; the count stops there
 */
export function sizeOf({ id, user = '', data }: Snapshot, limit: number): number {
  let size = BYTES.entry + 2 * (id.length + user.length)
  const seen = new Set<object>()
  const open: unknown[] = [data]
  while (open.length > 0 && size <= limit) {
    const value = open.pop()
    if (typeof value === 'string') size += textSize(value)
    else if (typeof value === 'number' || typeof value === 'bigint') size += BYTES.number
    else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      // Cycles and repeated references, which devalue() makes.
      seen.add(value)
      size += BYTES.object
      if (ArrayBuffer.isView(value)) size += value.byteLength
      else if (value instanceof ArrayBuffer) size += value.byteLength
      else if (Array.isArray(value) || value instanceof Set) size += addAll(value, BYTES.element, open)
      else if (value instanceof Map)
        size += addAll([...value.keys(), ...value.values()], BYTES.property, open)
      else {
        const keys = Object.keys(value)
        for (const key of keys) size += textSize(key)
        size += addAll(Object.values(value), BYTES.property, open)
      }
    }
  }
  return size
}

function addAll(values: Iterable<unknown>, each: number, open: unknown[]): number {
  let count = 0
  for (const value of values) {
    count++
    open.push(value)
  }
  return count * each
}

/** One character beyond Latin 1 makes all characters of a string two bytes wide; UTF-8 needs more than one for each of these. */
function textSize(text: string): number {
  return BYTES.string + (Buffer.byteLength(text) === text.length ? text.length : 2 * text.length)
}

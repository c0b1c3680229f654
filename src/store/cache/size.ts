import type { Snapshot } from '../../format/snapshot.ts'

/**
 * Bytes that V8 uses, measured with Node 20 and 24 (64 bits). They are upper bounds: objects of one shape share their keys, and equal
 * short strings share their characters. The estimate ignores this.
 */
const BYTES = {
  /** An entry of the cache with its snapshot and its slots in maps. */
  entry: 1000,
  /** An object, map, array, or other value that is not primitive. */
  object: 72,
  /** A slot in an array. */
  element: 16,
  /** A property of an object: its slot and its key, without the characters of the key. */
  property: 72,
  /** A string without its characters. */
  string: 24,
  /** A number that is not a small integer, or a `BigInt`. */
  number: 24,
}

/**
 * Returns an estimate of a session's memory, in bytes. The stored size is no measure: `[[],[]]` needs 15 times the bytes of its text,
 * and compressed data may need much more.
 *
 * @param limit - bytes at which the count stops
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
      // devalue() creates cycles and repeated references. Each object counts once.
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

/**
 * Returns the bytes of a string. One character outside of Latin-1 makes V8 use two bytes for each character. Text that is not
 * ASCII, which has more UTF-8 bytes than characters, counts as such text.
 */
function textSize(text: string): number {
  return BYTES.string + (Buffer.byteLength(text) === text.length ? text.length : 2 * text.length)
}

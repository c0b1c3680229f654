import { UnsessionError } from '../../utils/errors.ts'

/** Maximum size of a partition key in bytes. Source: DynamoDB developer guide, service quotas. */
export const MAX_KEY_BYTES = 2048

const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Returns the stored key: the option `base`, followed by the key as unstorage normalised it.
 *
 * @param base - empty, or ending with `:` or `#`
 * @throws {UnsessionError} `INVALID_KEY` if the key is empty, longer than 2048 bytes or not well-formed Unicode
 */
export function toStoredKey(base: string, key: string): string {
  if (typeof key !== 'string' || key === '') {
    throw new UnsessionError('INVALID_KEY', 'a key must be a non-empty string')
  }
  if (LONE_SURROGATE.test(key)) {
    throw new UnsessionError(
      'INVALID_KEY',
      'a key must be well-formed Unicode; half of a surrogate pair cannot be stored',
    )
  }
  const stored = base + key
  // A UTF-16 unit takes at most three bytes in UTF-8, so most keys need not be counted.
  if (stored.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(stored) > MAX_KEY_BYTES) {
    throw new UnsessionError(
      'INVALID_KEY',
      `a key, \`base\` included, may have at most ${MAX_KEY_BYTES} bytes; this one has ${Buffer.byteLength(stored)}`,
    )
  }
  return stored
}

/**
 * Returns the prefix of all stored keys below a base. `a:b` and `a:b:` both give `a:b:`, so that `a:bc` is not below `a:b`.
 *
 * @param base - the option `base`, empty or ending with `:` or `#`
 * @param below - the base that the method was called with
 */
export function toStoredPrefix(base: string, below: string | null | undefined): string {
  if (below !== undefined && below !== null && typeof below !== 'string') {
    throw new UnsessionError('INVALID_KEY', 'a base must be a string')
  }
  const trimmed = (below ?? '').replace(/:+$/, '')
  return trimmed === '' ? base : `${base}${trimmed}:`
}

/** Returns whether a key has at most `depth` separators. */
export function isWithinDepth(key: string, depth: number | undefined): boolean {
  if (depth === undefined) return true
  let separators = 0
  for (let at = key.indexOf(':'); at !== -1; at = key.indexOf(':', at + 1)) separators++
  return separators <= depth
}

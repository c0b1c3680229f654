import { isDeepStrictEqual } from 'node:util'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { setOwn } from './copy.ts'
import type { SessionValues } from './types.ts'

/**
 * A change of session data: keys to set, or a synchronous function that gets the data and may change it, return keys to
 * set, or both. A function runs again on fresh data when somebody else saved meanwhile, so it must not act on anything else.
 */
export type SessionPatch<T extends object> = Partial<T> | ((data: T) => Partial<T> | undefined | void)

/**
 * Apply a patch.
 *
 * @param data - changed in place, and handed to a function patch
 * @returns the keys that were set outright
 * @throws {UnsessionError} `INVALID_VALUE` when the patch, or what it returns, is no object
 */
export function applyPatch(data: SessionValues, patch: SessionPatch<SessionValues> | undefined): string[] {
  const changes = typeof patch === 'function' ? patch(data) : patch
  if (changes === undefined || changes === null) return []
  if (
    typeof changes !== 'object' ||
    Array.isArray(changes) ||
    ('then' in changes && typeof changes.then === 'function')
  ) {
    throw new UnsessionError(
      'INVALID_VALUE',
      'update takes an object, or a synchronous function that returns one',
    )
  }
  const keys = Object.keys(changes)
  for (const key of keys) setOwn(data, key, changes[key])
  return keys
}

/** Make `target` equal to `source` in place. Members that are equal already stay the very objects they were. */
export function replaceContent(target: SessionValues, source: SessionValues): void {
  for (const key of Object.keys(target)) if (!Object.hasOwn(source, key)) delete target[key]
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(target, key) || !isDeepStrictEqual(target[key], source[key]))
      setOwn(target, key, source[key])
  }
}

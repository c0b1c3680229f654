import { isDeepStrictEqual } from 'node:util'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { setOwn } from './copy.ts'
import type { SessionValues } from './types.ts'

/**
 * A change of session data: keys to set, or a synchronous function. The function gets the data. It may change the data, return
 * keys to set, or both. After a conflict it runs again on the current data, so it must have no other effects.
 */
export type SessionPatch<T extends object> = Partial<T> | ((data: T) => Partial<T> | undefined | void)

/**
 * Applies a patch.
 *
 * @param data - changed in place, and passed to a patch that is a function
 * @returns the keys of the patch, or of the object that the function returned
 * @throws {UnsessionError} `INVALID_VALUE` if the patch or the value that it returns is not an object
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

/** Makes `target` equal to `source` in place. Keeps the objects of members that are already equal. */
export function replaceContent(target: SessionValues, source: SessionValues): void {
  for (const key of Object.keys(target)) if (!Object.hasOwn(source, key)) delete target[key]
  for (const key of Object.keys(source)) {
    if (!Object.hasOwn(target, key) || !isDeepStrictEqual(target[key], source[key]))
      setOwn(target, key, source[key])
  }
}

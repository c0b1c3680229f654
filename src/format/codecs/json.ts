import { cloneJson, isDeeperThan } from '../clone.ts'
import type { Codec } from '../codec.ts'

/** Levels of nesting at most: whatever reads data level by level must not run out of stack. */
export const MAX_LEVELS: number = 500

/**
 * Session data as plain JSON: what `JSON.stringify` keeps. Dates become text, `undefined` is dropped, a `BigInt` is refused.
 * At most 500 levels of nesting.
 *
 * @example
 * ```ts
 * createSessionStore({ storage, codec: json() })
 * ```
 */
export function json(): Codec {
  return {
    name: 'json',
    encode: (data) => JSON.stringify(data),
    decode(body) {
      if (isDeeperThan(MAX_LEVELS, body)) throw new Error(`more than ${MAX_LEVELS} levels of nesting`)
      return body
    },
    copy: cloneJson,
  }
}

import { cloneJson, isDeeperThan } from '../clone.ts'
import type { Codec } from '../codec.ts'

/** Maximum levels of nesting. Recursive functions read the data, and must not overflow the stack. */
export const MAX_LEVELS: number = 500

/**
 * Returns the default codec: JSON, as `JSON.stringify` writes it. Dates become text, and `undefined` is dropped. A write throws
 * `INVALID_VALUE` for a `BigInt` and above 500 levels of nesting.
 *
 * @returns a codec for the option `codec`
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

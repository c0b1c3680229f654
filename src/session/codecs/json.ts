import { cloneJson } from '../clone.ts'
import type { Codec } from '../codec.ts'

/**
 * Session data as plain JSON: what `JSON.stringify` keeps. Dates become text, `undefined` is dropped, a `BigInt` is refused.
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
    decode: (body) => body,
    copy: cloneJson,
  }
}

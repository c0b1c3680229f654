import type { Encoded } from '../codec.ts'

const TEXT = 0
const BYTES = 1

/** Returns the output of a codec as bytes, for a layer. */
export function pack(body: Encoded): Buffer {
  if (typeof body === 'string') return Buffer.concat([Buffer.of(TEXT), Buffer.from(body)])
  return Buffer.concat([Buffer.of(BYTES), body])
}

/** Reverses {@link pack}. @returns parsed JSON for text, bytes for bytes, as `decode` of the inner codec takes them */
export function unpack(packed: Uint8Array): unknown {
  const content = packed.subarray(1)
  if (packed[0] === BYTES) return content
  if (packed[0] !== TEXT) throw new Error('unknown kind of content')
  return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content))
}

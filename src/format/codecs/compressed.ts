import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { checkNames } from '../../../drivers/utils/validate.ts'
import { UnsessionError, invalidOption } from '../../../drivers/utils/errors.ts'
import type { Codec } from '../codec.ts'
import { json } from './json.ts'
import { pack, unpack } from './pack.ts'

/** Options of {@link compressed}. */
export interface CompressedOptions {
  /** Size above which data is compressed, in bytes of the inner codec's output. Default 1024. */
  above?: number
}

const STORED = 0
const DEFLATED = 1

/** Maximum size of uncompressed data, in bytes. A small record must not use much memory when it is read. */
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Returns a codec that compresses the output of another codec with raw DEFLATE. If the result is not smaller, the output is stored
 * uncompressed. A write throws `INVALID_VALUE` for data above 32 MiB.
 *
 * @param inner - the inner codec. Default `json()`
 * @param options - see {@link CompressedOptions}
 * @returns a codec for the option `codec`
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid `above`
 * @example
 * ```ts
 * createSessionStore({ storage, codec: compressed() })
 * createSessionStore({ storage, codec: compressed(devalue(), { above: 4096 }) })
 * ```
 */
export function compressed(inner: Codec = json(), options: CompressedOptions = {}): Codec {
  checkNames(options, { above: true })
  const { above = 1024 } = options
  if (!Number.isSafeInteger(above) || above < 0)
    throw invalidOption('above', 'must be a whole number of bytes, 0 or more')
  return {
    name: `${inner.name}+compressed`,
    inner,
    over: (other) => compressed(other, { above }),
    copy: inner.copy,
    async encode(data, context) {
      const body = await inner.encode(data, context)
      const packed = pack(body)
      if (packed.length > MAX_BYTES)
        throw new UnsessionError('INVALID_VALUE', 'the session data must not exceed 32 MiB')
      const deflated = packed.length > above ? deflateRawSync(packed) : packed
      if (deflated.length < packed.length) return Buffer.concat([Buffer.of(DEFLATED), deflated])
      return typeof body === 'string' ? body : Buffer.concat([Buffer.of(STORED), packed])
    },
    decode(body, context) {
      if (!(body instanceof Uint8Array)) return inner.decode(body, context)
      const content = body.subarray(1)
      const isDeflated = body[0] === DEFLATED
      const packed = isDeflated ? inflateRawSync(content, { maxOutputLength: MAX_BYTES }) : content
      return inner.decode(unpack(packed), context)
    },
  }
}

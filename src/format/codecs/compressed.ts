import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { checkNames } from '../../../drivers/utils/validate.ts'
import { UnsessionError, invalidOption } from '../../../drivers/utils/errors.ts'
import type { Codec } from '../codec.ts'
import { json } from './json.ts'
import { pack, unpack } from './pack.ts'

export interface CompressedOptions {
  /** Bytes from which data is compressed; smaller data stays as the inner codec wrote it. Default 1024. */
  above?: number
}

const STORED = 0
const DEFLATED = 1

/** Bytes of uncompressed data at most: a small record must not fill the memory of whoever reads it. */
const MAX_BYTES = 32 * 1024 * 1024

/**
 * Compress what another codec writes, where that makes it smaller.
 *
 * @param inner - the codec below; default `json()`
 * @throws {UnsessionError} `INVALID_OPTION`
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
        throw new UnsessionError('INVALID_VALUE', 'the session data is over 32 MB')
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

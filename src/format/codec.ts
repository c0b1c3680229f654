import { type Header, formatHeader } from './envelope.ts'
import type { SessionValues } from '../core/types.ts'

/** The session of the data. A codec may bind its output to the session. */
export interface CodecContext {
  /** Session id. */
  readonly id: string
  /** The stored fields of the session except id and data (version, times, owner), as one text. Equal fields give equal texts. */
  readonly header: string
}

/** Encoded session data: JSON text, which is put into the envelope unchanged, or bytes. */
export type Encoded = string | Uint8Array

/**
 * A codec: writes session data to a record and reads it back.
 *
 * Each record contains the name of its codec. So a store can read records that it wrote with another configuration. A codec around
 * another one (compression, encryption) is a layer. Its name is the name of the inner codec, `+`, and its own name.
 *
 * @example
 * ```ts
 * const mine: Codec = { name: 'mine', encode: (data) => pack(data), decode: (body) => unpack(body), copy: structuredClone }
 * ```
 */
export interface Codec {
  /** Name, stored with each record: 1 to 100 of `A-Z a-z 0-9 _ . -`. A layer adds `+` and its own name to the inner name. */
  readonly name: string
  /**
   * Encodes session data.
   *
   * @param data - session data, never to be changed
   * @param context - the session of the data
   * @returns JSON text or bytes
   * @throws any error for data that it cannot write. The store then throws `INVALID_VALUE`
   */
  encode(data: SessionValues, context: CodecContext): Encoded | Promise<Encoded>
  /**
   * Decodes session data.
   *
   * @param body - parsed JSON if `encode` returned text, bytes if it returned bytes
   * @param context - the session of the data
   * @returns the data, or a promise of it
   * @throws any error for a body that it cannot read. The record then counts as corrupt
   */
  decode(body: unknown, context: CodecContext): unknown
  /** Returns an independent copy of decoded data. */
  copy: <T extends SessionValues>(data: Readonly<T>) => T
  /** For a layer: returns the same layer around another codec. Default: the codec is not a layer. */
  readonly over?: (inner: Codec) => Codec
  /** For a layer: the codec inside it. Default: the codec is not a layer. */
  readonly inner?: Codec
  /** For a layer: whether the store ignores records without this layer. Default `false`. */
  readonly required?: boolean
}

/** Maximum layers of a stored name. A longer name is not from this package, and must not cause the creation of many codecs. */
const MAX_LAYERS = 4

/** Finds the codec of a record by the name in its envelope. */
export class CodecRegistry {
  #bases = new Map<string, Codec>()
  #layers = new Map<string, Codec>()
  #known = new Map<string, Codec>()
  /** Layers that each record must have. */
  #required = new Set<string>()

  /** @param codecs - the codecs that the store can read. Of several with the same name, the first one counts */
  constructor(codecs: readonly Codec[]) {
    for (const codec of codecs) this.#add(codec)
  }

  /** Returns the codec of a name; `undefined` if the store does not have it. */
  find(name: string): Codec | undefined {
    const [base = '', ...layers] = name.split('+')
    for (const layer of this.#required) if (!layers.includes(layer)) return undefined
    const known = this.#known.get(name)
    if (known !== undefined) return known
    let codec = this.#bases.get(base)
    if (layers.length > MAX_LAYERS) return undefined
    for (const layer of layers) codec = codec && this.#layers.get(layer)?.over?.(codec)
    if (codec !== undefined) this.#known.set(name, codec)
    return codec
  }

  #add(codec: Codec): void {
    if (!this.#known.has(codec.name)) this.#known.set(codec.name, codec)
    const own = codec.name.slice(codec.name.lastIndexOf('+') + 1)
    const among = codec.inner === undefined ? this.#bases : this.#layers
    if (!among.has(own)) among.set(own, codec)
    if (codec.required) this.#required.add(own)
    if (codec.inner !== undefined) this.#add(codec.inner)
  }
}

/** Returns the context for a codec. @param header - header with the name of the codec */
export function contextOf(id: string, header: Header): CodecContext {
  return {
    id,
    // A getter, because few codecs use it.
    get header() {
      return formatHeader(header)
    },
  }
}

import { type Header, formatHeader } from './envelope.ts'
import type { SessionValues } from '../core/types.ts'

/** The session that data belongs to. A codec may bind its output to it. */
export interface CodecContext {
  /** The session's id. */
  readonly id: string
  /** Everything stored about the session but its id and data (version, times, owner), as one text; the same for equal values. */
  readonly header: string
}

/** What a codec makes of session data: JSON text, which goes into the envelope as it is, or bytes. */
export type Encoded = string | Uint8Array

/**
 * How session data is written.
 *
 * A codec's name is kept with each record, so that a store reads what it wrote under another configuration. A codec
 * around another (compression, encryption) is a layer: its name is the inner codec's, `+`, and its own.
 *
 * @example
 * ```ts
 * const mine: Codec = { name: 'mine', encode: (data) => pack(data), decode: (body) => unpack(body), copy: structuredClone }
 * ```
 */
export interface Codec {
  readonly name: string
  /** @returns JSON text or bytes. @throws what it likes for data that it cannot write */
  encode(data: SessionValues, context: CodecContext): Encoded | Promise<Encoded>
  /**
   * @param body - parsed JSON where `encode` made text, bytes where it made bytes
   * @returns the data. @throws what it likes for a body that it cannot read
   */
  decode(body: unknown, context: CodecContext): unknown
  /** An independent copy of decoded data. */
  copy: <T extends SessionValues>(data: Readonly<T>) => T
  /** For a layer: the same layer around another codec. */
  readonly over?: (inner: Codec) => Codec
  /** For a layer: the codec below. */
  readonly inner?: Codec
  /** For a layer: whether a store with this codec reads no record without the layer. Default `false`. */
  readonly required?: boolean
}

/** Layers a stored name may have: a longer one is not ours, and must not make us build one. */
const MAX_LAYERS = 4

/** Finds the codec a record was written with, by the name in its envelope. */
export class CodecRegistry {
  #bases = new Map<string, Codec>()
  #layers = new Map<string, Codec>()
  #known = new Map<string, Codec>()
  /** Layers that each record must have. */
  #required = new Set<string>()

  /** @param codecs - what the store can read; the first of a name wins */
  constructor(codecs: readonly Codec[]) {
    for (const codec of codecs) this.#add(codec)
  }

  /** @returns `undefined` for a codec this store does not have */
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

/** Returns what a codec is told about a session. @param header - with the codec's name */
export function contextOf(id: string, header: Header): CodecContext {
  return {
    id,
    // Few codecs ask for it.
    get header() {
      return formatHeader(header)
    },
  }
}

import { type Codec, CodecRegistry } from '../codec.ts'
import { compressed } from './compressed.ts'
import { devalue } from './devalue.ts'

/** Returns the codecs that a store can read: its own codecs, and those that need no options. */
export function registryOf(codecs: readonly Codec[]): CodecRegistry {
  return new CodecRegistry([...codecs, compressed(), devalue()])
}

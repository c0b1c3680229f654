import { type Codec, CodecRegistry } from '../codec.ts'
import { compressed } from './compressed.ts'
import { devalue } from './devalue.ts'

/** What a store can read: the codecs it was given, and those that need no options. */
export function registryOf(codecs: readonly Codec[]): CodecRegistry {
  return new CodecRegistry([...codecs, compressed(), devalue()])
}

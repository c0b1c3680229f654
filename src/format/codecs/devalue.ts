import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Codec } from '../codec.ts'
import type { SessionValues } from '../../core/types.ts'

type Devalue = typeof import('devalue')

/**
 * Returns a codec for data that JSON does not support: `Date`, `Map`, `Set`, `BigInt`, `undefined`, `NaN`, typed arrays, repeated
 * and cyclic references. It uses the package `devalue` (version 5 or 6), and imports it at the first read or write. Without the
 * package, a write throws `DEPENDENCY_MISSING`.
 *
 * @returns a codec for the option `codec`
 * @example
 * ```ts
 * createSessionStore({ storage, codec: devalue() })
 * ```
 */
export function devalue(): Codec {
  return {
    name: 'devalue',
    encode: async (data) => (await load()).stringify(data),
    async decode(body) {
      if (!Array.isArray(body)) throw new Error('devalue data must be an array')
      return (await load()).unflatten(body)
    },
    copy: copyDecoded,
  }
}

let loaded: Devalue | undefined

async function load(): Promise<Devalue> {
  try {
    return (loaded ??= await import('devalue'))
  } catch (cause) {
    const message = 'the codec `devalue` needs the package devalue: npm install devalue'
    throw new UnsessionError('DEPENDENCY_MISSING', message, { cause })
  }
}

/** Copies decoded data. The package is loaded then, because it has decoded the data. */
function copyDecoded<T extends SessionValues>(data: Readonly<T>): T {
  return (loaded === undefined ? structuredClone(data) : loaded.parse(loaded.stringify(data))) as T
}

import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Codec } from '../codec.ts'
import type { SessionValues } from '../../core/types.ts'

type Devalue = typeof import('devalue')

/**
 * Session data with what JSON lacks: `Date`, `Map`, `Set`, `BigInt`, `undefined`, `NaN`, typed arrays, repeated and cyclic
 * references. Uses the package `devalue` (5 or 6), imported when the first session is read or written.
 *
 * @throws {UnsessionError} `DEPENDENCY_MISSING` from the first write, when the package is not installed
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

/** What is to be copied has been decoded, so the package is there. */
function copyDecoded<T extends SessionValues>(data: Readonly<T>): T {
  return (loaded === undefined ? structuredClone(data) : loaded.parse(loaded.stringify(data))) as T
}

import { UnsessionError } from '../../utils/errors.ts'
import { asFailure } from './sdk-failures.ts'

/** Codes of Node.js and Bun for a module that cannot be loaded. Yarn PnP uses `MODULE_NOT_FOUND`, with more in `pnpCode`. */
const CODES = new Set([
  'MODULE_NOT_FOUND',
  'ERR_MODULE_NOT_FOUND',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_ESM',
  'ERR_UNKNOWN_BUILTIN_MODULE',
])

const INSTALL =
  'install @aws-sdk/client-dynamodb (with pnpm or Yarn, add it to the app), or build the app with it'

/** Words of runtimes and bundlers that cannot load or run a part of the SDK, and the fix of each. */
const REASONS: [words: RegExp, fix: string][] = [
  [
    /^Dynamic require of |\brequire is not defined/,
    'the bundle has no `require`: leave @aws-sdk/client-dynamodb out of it, or define `require` in a banner with `createRequire`',
  ],
  [/^Requires \w+ access to /, 'start Deno with the flag that is named'],
  [
    /^No such module |^(?:\[unenv\] )?[\w.]+ is not implemented|has no DynamoDBClient/,
    'this runtime or bundle cannot run the SDK as it was built',
  ],
]

/**
 * Returns the error of a module that could not be loaded or run, among an error and its causes. Providers of credentials load parts of
 * the SDK at their first call, so such an error may be the cause of another one. The innermost error is the original.
 */
export function loadFailureOf(error: unknown): UnsessionError | undefined {
  let found: UnsessionError | undefined
  const seen = new Set<unknown>()
  for (let each = error; each !== undefined && !seen.has(each); each = asFailure(each).cause) {
    seen.add(each)
    if (each instanceof UnsessionError && each.code === 'DEPENDENCY_MISSING') return each
    const { code = '', message = '' } = asFailure(each)
    if (CODES.has(code) || REASONS.some(([words]) => words.test(message))) found = sdkNotLoaded(each)
  }
  return found
}

/** Returns the error of an SDK that could not be loaded. @param purpose - what it is needed for, if the app can do without it */
export function sdkNotLoaded(cause: unknown, purpose?: string): UnsessionError {
  const [words = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
  const fix = REASONS.find(([pattern]) => pattern.test(words))?.[1] ?? INSTALL
  return new UnsessionError(
    'DEPENDENCY_MISSING',
    `the AWS SDK${purpose === undefined ? '' : `, which is needed ${purpose},`} could not be loaded: ${words}; ${fix}; ` +
      "the driver options `transport: 'lean'`, `region` and `credentials` together need no SDK",
    { cause },
  )
}

import {
  type Rule,
  type Rules,
  checkNames,
  checkOptions,
  isCount,
  isFunction,
  isObject,
  isWithin,
  toArray,
} from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import type { Codec } from '../format/codec.ts'
import { json } from '../format/codecs/json.ts'
import type { DirectStoreOptions } from './direct/direct-options.ts'
import { SECONDS } from '../core/expiry.ts'
import type { SessionHooks } from '../core/hooks.ts'
import { toInstant, wholeMilliseconds } from '../core/instant.ts'
import type { LegacyFormat } from '../storage/legacy.ts'
import { locate } from '../storage/locate.ts'
import type { DriverLike, StorageLike } from '../storage/storage-like.ts'
import type { StoreConfig } from '../core/types.ts'

/** Default bounds of the memory cache. 64 MiB hold about 160 sessions of the maximum size, or 40,000 of a common size. */
export const DEFAULT_BOUNDS: { max: number; maxBytes: number } = { max: 10_000, maxBytes: 64 * 1024 * 1024 }

/** Drivers of unstorage that expire entries by themselves or keep a limited number of them, but do not set `flags.ttl`. */
const EXPIRING_DRIVERS = new Set([
  'cloudflare-kv-binding',
  'deno-kv',
  'lru-cache',
  'redis',
  'upstash',
  'vercel-kv',
  'vercel-runtime-cache',
])

/** Default of `maxSize`, in bytes. DynamoDB allows 409,600 bytes for an item, with the key, the owner and attribute names. */
const DEFAULT_MAX_SIZE = 400_000

/** Options of the cache. */
export interface CacheOptions {
  /** Maximum age of an entry, in seconds. A change by another instance is visible after this time at the latest. Default 10. */
  ttl?: number
  /** Maximum number of entries. The least recently used entries are removed first. Default 10,000. */
  max?: number
  /** Maximum memory for all entries, in bytes, estimated. Default 67,108,864 (64 MiB). Not used with `storage`. */
  maxBytes?: number
  /**
   * An unstorage `Storage` or `Driver` for the entries. It must expire entries by itself, as Redis does, and must not be the storage
   * of the sessions. Default: the memory of this process.
   */
  storage?: StorageLike | DriverLike
}

/** Options of {@link createSessionStore}. */
export interface SessionStoreOptions extends Partial<Omit<StoreConfig, 'notBefore'>> {
  /** The storage of the sessions: an unstorage `Storage`, prefixed or not, or a `Driver`. */
  storage: StorageLike | DriverLike
  /** Options of the cache; `false` for no cache. Default `{ ttl: 10, max: 10_000, maxBytes: 67_108_864 }`. */
  cache?: CacheOptions | false
  /**
   * Seconds for which reads return the last known state of a session while the storage is unavailable. Writes still fail. During
   * this time, sessions that another instance has revoked stay readable here. Default 0: reads fail too.
   */
  staleIfError?: number
  /** The codec of the data. With an array, the first codec writes, and all of them read. Default `json()`. */
  codec?: Codec | readonly Codec[]
  /** Formats of other software. Its sessions are read from the same storage, and a save writes them in the package's format. */
  legacy?: LegacyFormat | readonly LegacyFormat[]
  /**
   * Maximum size of a stored session, in bytes. A write of a larger session throws `ITEM_TOO_LARGE`. Default 400,000: DynamoDB
   * allows 409,600 bytes for an item, with names and keys.
   */
  maxSize?: number
  /**
   * Sessions created before this instant are expired, in all instances with this option. A date, ISO text, or ms since the epoch.
   * Use it to end all sessions, for instance after a secret has leaked. An instant in the future takes effect at that time.
   * Default: none.
   */
  notBefore?: Date | string | number
  /** Functions that are called after events, see {@link SessionHooks}. Default: none. */
  hooks?: SessionHooks
}

/** Cache options with all defaults. */
export interface ResolvedCache {
  ttl: number
  max: number
  maxBytes: number
  storage: StorageLike | DriverLike | undefined
}

/** Options with all defaults. */
export interface ResolvedOptions extends DirectStoreOptions {
  /** Absent if the store has no cache. */
  cache: ResolvedCache | undefined
  /** Seconds. */
  staleIfError: number
}

const METHODS = ['hasItem', 'getItem', 'setItem', 'removeItem', 'getKeys']

const storageRule: Rule = [
  (value) => isObject(value) && METHODS.every((method) => isFunction(value[method])),
  'must be an unstorage Storage or Driver with writes. Call a driver factory with its options',
]

const RULES: Rules<SessionStoreOptions> = {
  storage: storageRule,
  cache: [(value) => value === false || isObject(value), 'must be an object of options, or false'],
  codec: [
    (value) => isListOf(value, isCodec) && toArray(value).length > 0,
    'must be a codec, such as json(), or an array of codecs. If it is a function, call it',
  ],
  legacy: [
    (value) => isListOf(value, (format) => isObject(format) && isFunction(format.read)),
    'must be a format, such as expressSession(), or an array of formats',
  ],
  hooks: [isObject, 'must be an object of functions'],
  maxAge: SECONDS,
  idleTimeout: SECONDS,
  staleIfError: [(value) => isWithin(value, 0, Number.MAX_VALUE), 'must be a number of seconds, 0 or more'],
  maxSize: [(value) => isCount(value, 1), 'must be a whole number of bytes, 1 or more'],
  notBefore: [
    (value) => !Number.isNaN(toInstant(value)),
    'must be a date, ISO text, or ms (not seconds) since the epoch',
  ],
  touchAfter: [(value) => isWithin(value, 0, Number.MAX_VALUE), 'must be a number of seconds, 0 or more'],
  maxRetries: [(value) => isCount(value, 0), 'must be a whole number, 0 or more'],
  now: [isFunction, 'must be a function that returns ms'],
}

const HOOKS: Record<keyof SessionHooks, true> = {
  created: true,
  loaded: true,
  saved: true,
  touched: true,
  conflict: true,
  destroyed: true,
  expired: true,
  corrupt: true,
  stale: true,
  'cache:hit': true,
  'cache:miss': true,
  'cache:error': true,
}

const CACHE: Rules<CacheOptions> = {
  ttl: SECONDS,
  max: [(value) => isCount(value, 1), 'must be a whole number, 1 or more'],
  maxBytes: [(value) => isCount(value, 1), 'must be a whole number of bytes, 1 or more'],
  storage: storageRule,
}

/** Checks options and adds defaults. @throws {UnsessionError} `INVALID_OPTION` with the name of the option and its valid values */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  if (!isObject(options) || options.storage === undefined)
    throw invalidOption('storage', 'must be given: createSessionStore({ storage })')
  checkOptions(options, RULES)
  const {
    storage,
    cache = {},
    codec = json(),
    legacy = [],
    hooks = {},
    maxAge,
    idleTimeout,
    staleIfError = 0,
    touchAfter,
    maxRetries = 5,
    maxSize = DEFAULT_MAX_SIZE,
    notBefore,
    now = () => Date.now(),
  } = options
  checkNames(hooks, HOOKS, 'hooks.')
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook !== undefined && !isFunction(hook)) throw invalidOption(`hooks.${name}`, 'must be a function')
  }
  const codecs = toArray(codec)
  const [first = json()] = codecs
  const legacies = toArray(legacy)
  if (legacies.length > 0 && codecs.some(isRequired))
    throw invalidOption(
      'legacy',
      'cannot be combined with a required encryption, because legacy sessions are not encrypted',
    )
  return {
    storage,
    cache: cache ? resolveCache(cache, storage) : undefined,
    staleIfError,
    codec: first,
    codecs,
    legacy: legacies,
    maxSize,
    hooks,
    config: {
      maxRetries,
      now: wholeMilliseconds(now),
      ...(maxAge !== undefined && { maxAge }),
      ...(idleTimeout !== undefined && { idleTimeout }),
      ...(notBefore !== undefined && { notBefore: toInstant(notBefore) }),
      ...(touchAfter !== undefined && { touchAfter }),
    },
  }
}

function resolveCache(cache: CacheOptions, sessions: SessionStoreOptions['storage']): ResolvedCache {
  checkOptions(cache, CACHE, 'cache.')
  const { ttl = 10, max = DEFAULT_BOUNDS.max, maxBytes = DEFAULT_BOUNDS.maxBytes, storage } = cache
  if (storage !== undefined) checkTier(storage, sessions)
  return { ttl, max, maxBytes, storage }
}

/** Checks the storage of the cache. @throws {UnsessionError} `INVALID_OPTION` if it is the sessions' own, or grows without limit */
function checkTier(storage: StorageLike | DriverLike, sessions: SessionStoreOptions['storage']): void {
  const { driver } = locate(storage)
  if (driver === locate(sessions).driver) {
    throw invalidOption(
      'cache.storage',
      'must not be the storage of the sessions, nor a prefix or mount point of it. Use another driver',
    )
  }
  const { flags, name = 'without a name' } = driver as { flags?: { ttl?: boolean }; name?: string }
  if (flags?.ttl === true || EXPIRING_DRIVERS.has(name)) return
  throw invalidOption(
    'cache.storage',
    `must expire entries by itself, and the driver \`${name}\` does not declare this. Use Redis, for instance, or \
omit the option. A driver of your own that expires entries must have \`flags: { ttl: true }\``,
  )
}

function isCodec(value: unknown): boolean {
  return isObject(value) && isFunction(value.encode) && isFunction(value.decode)
}

/** Returns whether a codec or one of its inner codecs is a required layer. */
function isRequired({ required, inner }: Codec): boolean {
  return required === true || (inner !== undefined && isRequired(inner))
}

/** Returns whether a value, or each member of an array, passes a check. */
function isListOf(value: unknown, isOne: (value: unknown) => boolean): boolean {
  return toArray(value).every(isOne)
}

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

/** Bounds of what is kept in memory. The bytes are those of about 160 sessions of the greatest size, or 40,000 common ones. */
export const DEFAULT_BOUNDS: { max: number; maxBytes: number } = { max: 10_000, maxBytes: 64 * 1024 * 1024 }

/** Drivers of unstorage that expire entries by themselves, or keep a bounded number of them, without saying so in their flags. */
const EXPIRING_DRIVERS = new Set([
  'cloudflare-kv-binding',
  'deno-kv',
  'lru-cache',
  'redis',
  'upstash',
  'vercel-kv',
  'vercel-runtime-cache',
])

/** Bytes of a session at most. The rest of DynamoDB's 409,600 bytes is for the key, the owner and the attributes' names. */
const DEFAULT_MAX_SIZE = 400_000

/** The cache tier's options. */
export interface CacheOptions {
  /** Seconds an entry lives at most; how late a change made elsewhere may be seen. Default 10. */
  ttl?: number
  /** Entries at most; the least recently used leave. Default 10,000. */
  max?: number
  /** Bytes of memory for all entries at most, estimated. Default 67,108,864 (64 MiB). Without effect with `storage`. */
  maxBytes?: number
  /**
   * Where entries are kept, instead of this process's memory: an unstorage `Storage` or `Driver` that expires entries by itself,
   * such as Redis. It must not be the one that holds the sessions.
   */
  storage?: StorageLike | DriverLike
}

/** Options of {@link createSessionStore}. */
export interface SessionStoreOptions extends Partial<Omit<StoreConfig, 'notBefore'>> {
  /** Where sessions are kept: an unstorage `Storage`, prefixed or not, or a `Driver`. */
  storage: StorageLike | DriverLike
  /** The cache tier; `false` for none. Default `{ ttl: 10, max: 10_000, maxBytes: 67_108_864 }`. */
  cache?: CacheOptions | false
  /**
   * Seconds a session may still be read as it was last seen here, while the storage is out of reach; writes fail all the same.
   * What is revoked elsewhere is then seen late, by as much. Default 0: reads fail too.
   */
  staleIfError?: number
  /** How data is written. An array: the first writes, all read. Default `json()`. */
  codec?: Codec | readonly Codec[]
  /** Formats of other software whose sessions are read where they are, and written in this package's by the next save. */
  legacy?: LegacyFormat | readonly LegacyFormat[]
  /**
   * Bytes of a stored session at most; a larger one is refused with `ITEM_TOO_LARGE`. Default 400,000, which fits into an item of
   * DynamoDB (409,600 bytes, names and keys included).
   */
  maxSize?: number
  /**
   * Sessions created before this instant are expired, at once and everywhere: a date, ISO text, or ms since the epoch. It ends all
   * sessions after a secret has leaked. An instant in the future takes effect when it comes. Default: none.
   */
  notBefore?: Date | string | number
  hooks?: SessionHooks
}

/** Cache options with everything decided. */
export interface ResolvedCache {
  ttl: number
  max: number
  maxBytes: number
  storage: StorageLike | DriverLike | undefined
}

/** Options with every default filled in. */
export interface ResolvedOptions extends DirectStoreOptions {
  /** Absent if the store has no cache. */
  cache: ResolvedCache | undefined
  /** Seconds. */
  staleIfError: number
}

const METHODS = ['hasItem', 'getItem', 'setItem', 'removeItem', 'getKeys']

const storageRule: Rule = [
  (value) => isObject(value) && METHODS.every((method) => isFunction(value[method])),
  'must be an unstorage Storage or Driver that can be written to; call a driver factory with its options',
]

const RULES: Rules<SessionStoreOptions> = {
  storage: storageRule,
  cache: [
    (value) => value === false || isObject(value),
    'must be an object of options, or false for no cache',
  ],
  codec: [
    (value) => isListOf(value, isCodec) && toArray(value).length > 0,
    'must be a codec, such as json(), or an array of codecs; call it if it is a function',
  ],
  legacy: [
    (value) => isListOf(value, (format) => isObject(format) && isFunction(format.read)),
    'must be a format, such as expressSession(), or an array of formats',
  ],
  hooks: [isObject, 'must be an object of functions'],
  maxAge: SECONDS,
  idleTimeout: SECONDS,
  staleIfError: [(value) => isWithin(value, 0, Number.MAX_VALUE), 'must be a number of seconds; 0 for none'],
  maxSize: [(value) => isCount(value, 1), 'must be a whole number of bytes, 1 or more'],
  notBefore: [
    (value) => !Number.isNaN(toInstant(value)),
    'must be a date, ISO text, or ms since the epoch, not seconds',
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

/** Check options and fill in defaults. @throws {UnsessionError} `INVALID_OPTION`, naming the option and what it must be */
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
      'cannot be combined with an encryption that is required: its records are not encrypted',
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

/** @throws {UnsessionError} `INVALID_OPTION` for a storage that would destroy the sessions, or grow without end */
function checkTier(storage: StorageLike | DriverLike, sessions: SessionStoreOptions['storage']): void {
  const { driver } = locate(storage)
  if (driver === locate(sessions).driver) {
    throw invalidOption(
      'cache.storage',
      'must not be where the sessions are kept, nor a prefix or mount point of it: give it a driver of its own',
    )
  }
  const { flags, name = 'without a name' } = driver as { flags?: { ttl?: boolean }; name?: string }
  if (flags?.ttl === true || EXPIRING_DRIVERS.has(name)) return
  throw invalidOption(
    'cache.storage',
    `must expire entries by itself, or it grows without end, and the driver \`${name}\` does not say that it does. Use Redis, for \
instance; leave it out to cache in memory; set \`flags: { ttl: true }\` in a driver of your own that honours the option \`ttl\``,
  )
}

function isCodec(value: unknown): boolean {
  return isObject(value) && isFunction(value.encode) && isFunction(value.decode)
}

/** Whether a codec, or one below it, is a layer that each record must have. */
function isRequired({ required, inner }: Codec): boolean {
  return required === true || (inner !== undefined && isRequired(inner))
}

/** One of a kind, or an array of them. */
function isListOf(value: unknown, isOne: (value: unknown) => boolean): boolean {
  return toArray(value).every(isOne)
}

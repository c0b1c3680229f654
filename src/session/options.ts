import { invalidOption } from '../../drivers/utils/errors.ts'
import type { Codec } from './codec.ts'
import { json } from './codecs/json.ts'
import { isObject } from './envelope.ts'
import type { SessionHooks } from './hooks.ts'
import type { LegacyFormat } from './legacy.ts'
import type { DriverLike, StorageLike } from './storage.ts'
import type { StoreConfig } from './types.ts'

/** Sessions kept in memory at most. */
export const DEFAULT_MAX = 10_000

/** The cache tier's options. */
export interface CacheOptions {
  /** Seconds an entry lives at most; how late a change made elsewhere may be seen. Default 10. */
  ttl?: number
  /** Entries at most; the least recently used leave. Default 10,000. */
  max?: number
  /** Where entries are kept, instead of this process's memory: any unstorage `Storage` or `Driver`. */
  storage?: StorageLike | DriverLike
}

/** Options of {@link createSessionStore}. */
export interface SessionStoreOptions extends Partial<StoreConfig> {
  /** Where sessions are kept: an unstorage `Storage`, prefixed or not, or a `Driver`. */
  storage: StorageLike | DriverLike
  /** The cache tier; `false` for none. Default `{ ttl: 10, max: 10_000 }`. */
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
  hooks?: SessionHooks
}

/** Cache options with everything decided. */
export interface ResolvedCache {
  ttl: number
  max: number
  storage: StorageLike | DriverLike | undefined
}

/** Options with everything decided. */
export interface ResolvedOptions {
  storage: StorageLike | DriverLike
  cache: ResolvedCache | undefined
  /** Seconds. */
  staleIfError: number
  /** What writes. */
  codec: Codec
  /** What reads. */
  codecs: readonly Codec[]
  legacy: readonly LegacyFormat[]
  hooks: SessionHooks
  config: StoreConfig
}

/** Check options and fill in defaults. @throws {UnsessionError} `INVALID_OPTION`, naming the option and what it must be */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  checkObject('storage', options, 'must be given: createSessionStore({ storage })')
  const {
    storage,
    hooks = {},
    maxAge,
    idleTimeout,
    staleIfError = 0,
    maxRetries = 5,
    now = () => Date.now(),
  } = options
  checkStorage('storage', storage)
  checkSeconds('maxAge', maxAge)
  checkSeconds('idleTimeout', idleTimeout)
  if (!(typeof staleIfError === 'number' && staleIfError >= 0 && staleIfError < Infinity))
    throw invalidOption('staleIfError', 'must be a number of seconds; 0 for none')
  checkCount('maxRetries', maxRetries, 0)
  if (typeof now !== 'function') throw invalidOption('now', 'must be a function that returns ms')
  checkObject('hooks', hooks, 'must be an object of functions')
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook !== undefined && typeof hook !== 'function')
      throw invalidOption(`hooks.${name}`, 'must be a function')
  }
  return {
    storage,
    cache: resolveCache(options),
    staleIfError,
    ...resolveCodecs(options.codec),
    legacy: resolveLegacy(options.legacy),
    hooks,
    config: {
      maxRetries,
      now,
      ...(maxAge !== undefined && { maxAge }),
      ...(idleTimeout !== undefined && { idleTimeout }),
    },
  }
}

function resolveCodecs(codec: SessionStoreOptions['codec'] = json()): {
  codec: Codec
  codecs: readonly Codec[]
} {
  const codecs: readonly unknown[] = [codec].flat()
  if (codecs.length === 0 || !codecs.every(isCodec)) {
    throw invalidOption(
      'codec',
      'must be a codec, such as json(), or an array of codecs; call it if it is a function',
    )
  }
  const [first = json()] = codecs
  return { codec: first, codecs }
}

function resolveLegacy(legacy: SessionStoreOptions['legacy'] = []): readonly LegacyFormat[] {
  const formats = [legacy].flat()
  if (formats.every((format: unknown) => isObject(format) && typeof format['read'] === 'function'))
    return formats
  throw invalidOption('legacy', 'must be a format, such as expressSession(), or an array of formats')
}

function resolveCache({ cache = {}, storage: sessions }: SessionStoreOptions): ResolvedCache | undefined {
  if (cache === false) return undefined
  checkObject('cache', cache, 'must be an object of options, or false for no cache')
  const { ttl = 10, max = DEFAULT_MAX, storage } = cache
  checkSeconds('cache.ttl', ttl)
  checkCount('cache.max', max, 1)
  if (storage === undefined) return { ttl, max, storage }
  checkStorage('cache.storage', storage)
  if (storage === sessions) throw invalidOption('cache.storage', 'must not be where the sessions are kept')
  return { ttl, max, storage }
}

function checkSeconds(name: string, seconds: unknown): void {
  if (seconds === undefined || (typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0))
    return
  throw invalidOption(name, 'must be a number of seconds above 0; leave it out for the default')
}

function checkCount(name: string, count: number, least: number): void {
  if (!Number.isSafeInteger(count) || count < least)
    throw invalidOption(name, `must be a whole number, ${least} or more`)
}

function checkObject(name: string, value: unknown, must: string): void {
  if (!isObject(value)) throw invalidOption(name, must)
}

function checkStorage(name: string, storage: unknown): void {
  if (typeof storage === 'function')
    throw invalidOption(name, 'is a driver factory; call it with its options')
  const methods = ['hasItem', 'getItem', 'setItem', 'removeItem', 'getKeys']
  if (isObject(storage) && methods.every((method) => typeof storage[method] === 'function')) return
  throw invalidOption(name, 'must be an unstorage Storage or Driver that can be written to')
}

function isCodec(value: unknown): value is Codec {
  return isObject(value) && typeof value['encode'] === 'function' && typeof value['decode'] === 'function'
}

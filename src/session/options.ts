import { invalidOption } from '../../drivers/utils/errors.ts'
import { type Codec, CodecRegistry } from './codec.ts'
import { json } from './codecs/json.ts'
import type { SessionHooks } from './hooks.ts'
import type { DriverLike, StorageLike } from './storage.ts'
import type { StoreConfig } from './types.ts'

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
  /** How data is written. An array: the first writes, all read. Default `json()`. */
  codec?: Codec | readonly Codec[]
  hooks?: SessionHooks
}

/** Options with everything decided. */
export interface ResolvedOptions {
  storage: StorageLike | DriverLike
  cache: (Required<Omit<CacheOptions, 'storage'>> & Pick<CacheOptions, 'storage'>) | undefined
  codec: Codec
  codecs: CodecRegistry
  hooks: SessionHooks
  config: StoreConfig
}

/** Check options and fill in defaults. @throws {UnsessionError} `INVALID_OPTION`, naming the option and what it must be */
export function resolveOptions(options: SessionStoreOptions): ResolvedOptions {
  const {
    storage,
    cache = {},
    codec = json(),
    hooks = {},
    maxAge,
    idleTimeout,
    maxRetries = 5,
    now = () => Date.now(),
  } = options
  checkStorage('storage', storage)
  checkSeconds('maxAge', maxAge)
  checkSeconds('idleTimeout', idleTimeout)
  if (!Number.isSafeInteger(maxRetries) || maxRetries < 0)
    throw invalidOption('maxRetries', 'must be a whole number, 0 or more')
  if (typeof now !== 'function')
    throw invalidOption('now', 'must be a function that returns ms since the epoch')
  const codecs = Array.isArray(codec) ? codec : [codec]
  return {
    storage,
    cache: cache === false ? undefined : resolveCache(cache),
    codec: codecs[0],
    codecs: new CodecRegistry([...codecs, json()]),
    hooks,
    config: {
      maxRetries,
      now,
      ...(maxAge !== undefined && { maxAge }),
      ...(idleTimeout !== undefined && { idleTimeout }),
    },
  }
}

function resolveCache({ ttl = 10, max = 10_000, storage }: CacheOptions): ResolvedOptions['cache'] {
  checkSeconds('cache.ttl', ttl)
  if (!Number.isSafeInteger(max) || max < 1)
    throw invalidOption('cache.max', 'must be a whole number, 1 or more')
  if (storage !== undefined) checkStorage('cache.storage', storage)
  return { ttl, max, storage }
}

function checkSeconds(name: string, seconds: number | undefined): void {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds > 0)) return
  throw invalidOption(name, 'must be a number of seconds above 0; leave it out for none')
}

function checkStorage(name: string, storage: unknown): void {
  if (typeof storage === 'function')
    throw invalidOption(name, 'is a driver factory; call it with its options')
  const methods = ['hasItem', 'getItem', 'setItem', 'removeItem', 'getKeys']
  const isUsable = isRecord(storage) && methods.every((method) => typeof storage[method] === 'function')
  if (!isUsable) throw invalidOption(name, 'must be an unstorage Storage or Driver that can be written to')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

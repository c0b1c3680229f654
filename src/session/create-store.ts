import { CachedStore } from './cache/cached-store.ts'
import { StorageTier } from './cache/storage-tier.ts'
import { type CacheTier, MemoryTier } from './cache/tier.ts'
import { callHook } from './hooks.ts'
import {
  type ResolvedCache,
  type ResolvedOptions,
  type SessionStoreOptions,
  resolveOptions,
} from './options.ts'
import { rawStorage } from './storage.ts'
import { StorageStore } from './storage-store.ts'
import { TracedStore } from './traced-store.ts'
import type { SessionStore } from './types.ts'

/**
 * A session store over any unstorage `Storage` or `Driver`.
 *
 * @param options - see {@link SessionStoreOptions}; only `storage` is required
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and what it must be
 * @example
 * ```ts
 * const store = createSessionStore({ storage: createStorage({ driver: dynamodb() }), maxAge: 30 * 24 * 3600 })
 * const session = await store.create({ id: createId(), data: { cart: [] } })
 * ```
 */
export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const resolved = resolveOptions(options)
  const { cache, hooks } = resolved
  const store = new StorageStore(resolved)
  if (cache === undefined) return new TracedStore(store)
  const { ttl, max } = cache
  const tier = tierOf(cache, resolved)
  return new TracedStore(new CachedStore(store, { tier, ttl: ttl * 1000, max, hooks }))
}

function tierOf(cache: ResolvedCache, { codec, codecs, config, hooks }: ResolvedOptions): CacheTier {
  if (cache.storage === undefined) return new MemoryTier(cache.max)
  const onError = (id: string, error: unknown): void => {
    if (hooks['cache:error']) callHook(hooks, 'cache:error', id, { error })
    else console.warn('[unsession] the cache failed; sessions are read from the storage:', error)
  }
  const storage = rawStorage(cache.storage)
  return new StorageTier({ storage, codec, codecs, ttl: cache.ttl * 1000, now: config.now, onError })
}

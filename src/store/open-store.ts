import { hashKey } from '../../drivers/utils/errors.ts'
import { CachedStore } from './cache/cached-store.ts'
import { StaleStore } from './cache/stale-store.ts'
import { StorageTier } from './cache/storage-tier.ts'
import { type CacheTier, MemoryTier } from './cache/tier.ts'
import { registryOf } from '../format/codecs/registry.ts'
import { callHook } from '../core/hooks.ts'
import { type Location, locate } from '../storage/locate.ts'
import { DEFAULT_BOUNDS, type ResolvedCache, type ResolvedOptions } from './options.ts'
import { DirectStore } from './direct/direct-store.ts'
import { rawStorage } from '../storage/raw-storage.ts'
import type { OpenedStore } from './facade.ts'
import { isTraced, trace } from './trace.ts'
import type { SessionStore } from '../core/types.ts'

/** Returns a store on a storage, with the cache layers of the options. */
export function openStore(options: ResolvedOptions): OpenedStore {
  const store = withStale(withCache(new DirectStore(options), options), options)
  return { store, trace, isTraced, driver: locate(options.storage).driver }
}

function withCache(store: DirectStore, options: ResolvedOptions): SessionStore {
  const { cache, hooks } = options
  if (cache === undefined) return store
  const { ttl, max } = cache
  return new CachedStore(store, { tier: tierOf(cache, options), ttl: ttl * 1000, max, hooks })
}

function withStale(store: SessionStore, { staleIfError, cache, hooks }: ResolvedOptions): SessionStore {
  if (staleIfError === 0) return store
  return new StaleStore(store, { maxStale: staleIfError * 1000, bounds: cache ?? DEFAULT_BOUNDS, hooks })
}

function tierOf(cache: ResolvedCache, options: ResolvedOptions): CacheTier {
  const { config, hooks } = options
  if (cache.storage === undefined) return new MemoryTier(cache)
  const onFailure = (error: unknown): void => {
    if (hooks['cache:error']) callHook(hooks, 'cache:error', undefined, { error })
    else
      console.warn('[unsession] the cache failed. Sessions are read from the storage for 5 seconds:', error)
  }
  return new StorageTier({
    storage: rawStorage(cache.storage, 'the cache'),
    namespace: namespaceOf(locate(options.storage)),
    format: { ...options, codecs: registryOf(options.codecs) },
    ttl: cache.ttl * 1000,
    now: config.now,
    onFailure,
  })
}

/**
 * Returns a short hash that names the storage of the sessions. It depends on the driver's `location` or, without one, on the
 * driver's options. Instances with the same configuration have the same hash, so they share a cache.
 */
function namespaceOf({ driver, prefix }: Location): string {
  const { name, location, options } = driver as { name?: string; location?: string; options?: object }
  const isPlain = ([, value]: [string, unknown]): boolean =>
    ['string', 'number', 'boolean'].includes(typeof value)
  const plain = Object.entries(options ?? {})
    .filter(isPlain)
    .toSorted()
  return hashKey(JSON.stringify([name, prefix, location ?? plain]))
}

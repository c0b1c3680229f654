import { StoreFacade } from './facade.ts'
import { type SessionStoreOptions, resolveOptions } from './options.ts'
import type { SessionStore } from '../core/types.ts'

/**
 * Returns a session store over any unstorage `Storage` or `Driver`. Most of its code is loaded at the first call.
 *
 * @param options - see {@link SessionStoreOptions}. Only `storage` is required
 * @returns the store, see {@link SessionStore}
 * @throws {UnsessionError} `INVALID_OPTION` with the name of the option and its valid values
 * @example
 * ```ts
 * const store = createSessionStore({ storage: createStorage({ driver: dynamodb() }), maxAge: 30 * 24 * 3600 })
 * const session = await store.create({ id: crypto.randomUUID(), data: { cart: [] } })
 * ```
 */
export function createSessionStore(options: SessionStoreOptions): SessionStore {
  const resolved = resolveOptions(options)
  return new StoreFacade(resolved.config, async () => (await import('./open-store.ts')).openStore(resolved))
}

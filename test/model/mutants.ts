import { ConflictError } from '../../drivers/utils/errors.ts'
import { createSessionStore, json, type SessionStoreOptions } from '../../src/index.ts'
import { CachedStore } from '../../src/store/cache/cached-store.ts'
import { type CacheTier, MemoryTier } from '../../src/store/cache/tier.ts'
import { resolveOptions } from '../../src/store/options.ts'
import { isConditionalDriver } from '../../src/storage/conditional-driver.ts'
import type { DriverLike, TransactionOptions } from '../../src/storage/storage-like.ts'
import { DirectStore } from '../../src/store/direct/direct-store.ts'
import type { SessionRecord, SessionStore } from '../../src/core/types.ts'
import type { Table } from './table.ts'
import { USER_MUTANTS } from './user-mutants.ts'
import type { Mutant, SearchedMutant } from './world.ts'

type Write = (key: string, value: string, options: TransactionOptions) => Promise<void>

/** Returns a proxy of an object with some methods replaced. */
function altered<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const replaced: unknown = Reflect.get(methods, name)
      if (replaced !== undefined) return replaced
      // Otherwise sessions would be read without the replaced `load`.
      if (name === 'loadCached' && 'load' in methods) return undefined
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Returns a mutant that wraps each driver once. Servers that share a driver without conditions share a lock by its identity. */
function wrapped(wrap: (driver: DriverLike, table: Table) => DriverLike): Mutant {
  const wrappers = new WeakMap<DriverLike, DriverLike>()
  return {
    driver(driver, table) {
      const wrapper = wrappers.get(driver) ?? wrap(driver, table)
      wrappers.set(driver, wrapper)
      return wrapper
    },
  }
}

/** Returns a mutant whose driver calls `then` when the condition of a write fails. It throws unless `then` returns true. */
function onConflict(
  then: (
    write: () => Promise<void>,
    options: TransactionOptions,
    error: ConflictError,
    isExpired: boolean,
  ) => unknown,
): Mutant {
  return wrapped((honest, table) => {
    const setItem: Write = async (key, value, options) => {
      try {
        await honest.setItem?.(key, value, options)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        const force = async (): Promise<void> => {
          await honest.setItem?.(key, value, { ...options, ifVersion: undefined })
        }
        const isThere = Boolean(table.history.get(key)?.at(-1)?.item)
        if ((await then(force, options, error, isThere && error.current === null)) !== true) throw error
      }
    }
    return altered(honest, { setItem })
  })
}

const isSave = ({ ifVersion, version }: TransactionOptions): boolean =>
  typeof ifVersion === 'number' && version === ifVersion + 1
const isTouch = ({ ifVersion, version }: TransactionOptions): boolean =>
  typeof ifVersion === 'number' && version === ifVersion

/** Returns a mutant whose driver writes although the condition failed, if `when` returns true. */
function forced(
  when: (options: TransactionOptions, current: unknown, isExpired: boolean) => boolean,
): Mutant {
  return onConflict(async (force, options, { current }, isExpired) => {
    if (!when(options, current, isExpired)) return false
    await force()
    return true
  })
}

/** Returns a mutant whose store has some methods replaced. */
function alteredStore(alter: (store: SessionStore) => Partial<SessionStore>): Mutant {
  return {
    store(options) {
      const store = createSessionStore(options)
      return altered(store, alter(store))
    },
  }
}

/** Returns a mutant with another cache. Schedules without a cache run unchanged. */
function alteredCache(
  make: (options: SessionStoreOptions, inner: DirectStore, tier: CacheTier, ttl: number) => SessionStore,
): Mutant {
  return {
    store(options) {
      const { cache } = options
      if (!cache) return createSessionStore(options)
      const { ttl = 10, max = 1000 } = cache
      return make(
        options,
        new DirectStore(resolveOptions(options)),
        new MemoryTier({ max, maxBytes: Infinity }),
        ttl * 1000,
      )
    },
  }
}

/** Returns a mutant with a naive cache. A read that is in flight during a destroy puts the record back. */
function naiveCache(): Mutant {
  return alteredCache(({ now = Date.now }, inner, _tier, ttl) => {
    const kept = new Map<string, { record: SessionRecord; at: number }>()
    const keep = <T extends SessionRecord>(record: T): T => {
      kept.set(record.id, { record, at: now() })
      return record
    }
    return altered(inner, {
      async load(id: string, options?: { minVersion?: number }) {
        const entry = kept.get(id)
        const isFresh = entry && now() - entry.at < ttl && entry.record.version >= (options?.minVersion ?? 0)
        if (isFresh && now() < entry.record.expiresAt) return copyOf(entry.record)
        const record = await inner.load(id, options)
        return record && copyOf(keep(record))
      },
      save: async (record: SessionRecord) => keep(await inner.save(record)),
      async destroy(id: string, options?: { ifVersion?: number }) {
        const wasLive = await inner.destroy(id, options)
        kept.delete(id)
        return wasLive
      },
    } as Partial<DirectStore>)
  })
}

/** Returns a mutant whose store returns sessions after they have expired. */
function expiredCache(): Mutant {
  return {
    store(options) {
      const { now = Date.now } = options
      const store = createSessionStore(options)
      const kept = new Map<string, SessionRecord>()
      return altered(store, {
        async load(id: string, bounds?: { minVersion?: number }) {
          const record = await store.load(id, bounds)
          if (record) kept.set(id, record)
          const former = kept.get(id)
          return record ?? (former && former.expiresAt <= now() ? copyOf(former) : null)
        },
        destroy(id: string, bounds?: { ifVersion?: number }) {
          kept.delete(id)
          return store.destroy(id, bounds)
        },
        rotate(record: SessionRecord, id: string) {
          kept.delete(record.id)
          return store.rotate(record, id)
        },
      } as Partial<SessionStore>)
    },
  }
}

function copyOf(record: SessionRecord): never {
  const { id, version, createdAt, expiresAt, deadline, idleTimeout, user, original } = record
  const data = structuredClone(original)
  return { id, version, createdAt, expiresAt, deadline, idleTimeout, user, original, data } as never
}

/** Whether a value is the marker that a rotation stores under the old id. */
function isMarker(value: string): boolean {
  return 'r' in (JSON.parse(value) as object)
}

/** Returns a mutant that rotates in two plain steps: it creates the new session, then ends the old one with `end`. */
function rotation(end: (store: SessionStore, record: SessionRecord) => Promise<unknown>): Mutant {
  return alteredStore((store) => ({
    async rotate({ data, user, deadline, idleTimeout, createdAt, ...record }, id) {
      const renewed = await store.create({ id, data, user, deadline, idleTimeout, createdAt })
      await end(store, record as SessionRecord)
      return renewed
    },
  }))
}

/** Faulty protocols. The model must detect each. Those `withFaults` only show when calls to the storage fail. */
export const MUTANTS: Record<string, SearchedMutant> = {
  'a save ignores the version': forced((options, current) => isSave(options) && current !== null),
  'a save overwrites after a conflict': alteredStore((store) => ({
    async save(record) {
      const attempt = (version: number): Promise<typeof record> =>
        store.save({ ...record, version, data: record.data }).catch((error: unknown) => {
          if (error instanceof ConflictError && error.current) return attempt(error.current.version)
          throw error
        })
      return attempt(record.version)
    },
  })),
  'a load ignores the version in the cookie': alteredStore((store) => ({ load: (id) => store.load(id) })),
  'a create overwrites': forced(({ ifVersion }, current) => ifVersion === null && current !== null),
  'a save restores a removed session': forced(
    (options, current, isExpired) => isSave(options) && current === null && !isExpired,
  ),
  'a save restores an expired session': {
    ...forced((options, _current, isExpired) => isSave(options) && isExpired),
    ...alteredStore((store) => ({
      save: (record) => store.save({ ...record, data: record.data, expiresAt: Infinity }),
    })),
  },
  'a touch ignores the version': forced((options, current) => isTouch(options) && current !== null),
  'a touch restores a removed session': forced((options, current) => isTouch(options) && current === null),
  'a destroy does not change the cache': alteredCache((options, inner, tier, ttl) => {
    const cached = new CachedStore(inner, { tier, ttl, max: 1000, hooks: options.hooks ?? {} })
    return altered(cached, { destroy: (id, ifVersion) => inner.destroy(id, ifVersion) })
  }),
  'a destroy leaves no tombstone': alteredCache((options, inner, tier, ttl) => {
    // Otherwise the store uses strongly consistent reads for sessions that it has destroyed itself.
    inner.destroyed.has = () => false
    return new CachedStore(inner, { tier, ttl, max: 0, hooks: options.hooks ?? {} })
  }),
  'a late read fills the cache after a destroy': naiveCache(),
  'a cache entry outlives its session': expiredCache(),
  'cache entries live twice as long': alteredCache(
    (options, inner, tier, ttl) =>
      new CachedStore(inner, { tier, ttl: 2 * ttl + 10_000, max: 1000, hooks: options.hooks ?? {} }),
  ),
  'requests share their data': {
    store: (options) => createSessionStore({ ...options, codec: { ...json(), copy: (data) => data } }),
  },
  'no read is strongly consistent': wrapped((driver) =>
    altered(driver, {
      getItemRaw: (key, options) => driver.getItemRaw?.(key, { ...options, consistent: false }),
    }),
  ),
  'a destroy removes nothing': alteredStore(() => ({ destroy: async () => true })),
  'unknown ids are adopted': alteredStore((store) => ({
    load: async (id, options) =>
      (await store.load(id, options)) ?? (store.create({ id, data: {} }).catch(() => null) as never),
  })),
  'every read is a touch': alteredStore((store) => ({
    async load<T extends Record<string, unknown>>(id: string, options?: { minVersion?: number }) {
      const record = await store.load<T>(id, options)
      return record && ((await store.touch(record)) ?? record)
    },
  })),
  'a regenerate destroys the old id at any version': rotation((store, { id }) => store.destroy(id)),
  'a regenerate keeps the old id': rotation(async () => {}),
  'a regenerate mistakes a removal of the old id for its own': {
    ...wrapped((driver) => {
      const setItem: Write = async (key, value, options) => {
        const { ifVersion } = options as { ifVersion?: number }
        if (isMarker(value) && isConditionalDriver(driver)) await driver.deleteItem(key, { ifVersion })
        else await driver.setItem?.(key, value, options)
      }
      return altered(driver, { setItem })
    }),
    withFaults: true,
  },
  ...USER_MUTANTS,
  'a retried write does not recognize its first attempt': { table: { marks: false }, withFaults: true },
  'a retried write never reports an unknown outcome': {
    table: { doubts: false },
    withFaults: true,
    firstSeed: 5100,
  },
}

/** Wrappers without a fault. The model must accept them, so that it detects the fault of a mutant and not its wrapper. */
export const INTACT: Record<string, Mutant> = {
  'a driver': forced(() => false),
  'a store': alteredStore(() => ({})),
  'a cache': alteredCache(
    (options, inner, tier, ttl) =>
      new CachedStore(inner, { tier, ttl, max: 1000, hooks: options.hooks ?? {} }),
  ),
}

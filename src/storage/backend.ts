import { ConflictError, UnsessionError } from '../../drivers/utils/errors.ts'
import { foreignError } from '../shared/foreign-error.ts'
import { type Found, parseEnvelope, type StoredValue } from '../format/envelope.ts'
import { type LegacyFormat, withLegacy, withoutLegacy } from './legacy.ts'
import { secondsUntil } from '../core/stored-lifetime.ts'
import { type KeyedQueue, queueOf } from '../shared/keyed-queue.ts'
import { type LocatedDriver, findConditionalDriver } from './conditional-driver.ts'
import type { StringSets } from './driver-contract.ts'
import { type UserSets, formatSets, mergeSets, parseSets } from '../format/user-sets.ts'
import { type RawStorage, rawStorage } from './raw-storage.ts'
import type { DriverLike, StorageLike, TransactionOptions } from './storage-like.ts'
import type { StoreConfig } from '../core/types.ts'

/** A conditional write. */
export interface Write {
  value: StoredValue
  /** Condition: the version of the live item; `null` for no live item. */
  ifVersion: number | null
  version: number
  createdAt: number
  expiresAt: number
  user: string | undefined
}

/** The result of a removal. */
export interface Removed {
  /** Whether a live item was removed: a session, or the marker of a rotation. */
  wasLive: boolean
  /** The removed value, if it is known. */
  value?: StoredValue
}

/**
 * Conditional writes of stored values. If a condition does not hold, a method throws `ConflictError` with the live item. The backend
 * uses the conditions of the driver or, without them, a lock in this process.
 */
export interface Backend {
  /** Reads an item. @param strong - strongly consistent. @returns the value, which may be expired */
  read(id: string, strong: boolean): Promise<Found>
  write(id: string, write: Write): Promise<void>
  /** Removes an item: a session, or the marker of a rotation. */
  remove(id: string, ifVersion: number | undefined): Promise<Removed>
  /** Adds strings to the sets of a user's item. @returns all sets of the item, as this write stored them */
  addToSets(key: string, sets: Partial<UserSets>, expiresAt: number): Promise<UserSets>
  /** Reads the sets of a user's item, strongly consistent. */
  getSets(key: string): Promise<UserSets>
  keys(): Promise<string[]>
  readonly conditional?: LocatedDriver
}

/** Options of {@link connect}. */
export interface BackendOptions {
  storage: StorageLike | DriverLike
  legacy: readonly LegacyFormat[]
  config: StoreConfig
}

/** Returns the backend for a storage: with the conditions of its driver, or with a lock. */
export async function connect({ storage, legacy: formats, config }: BackendOptions): Promise<Backend> {
  const { now } = config
  const conditional = await findConditionalDriver(storage)
  const raw = withLegacy(rawStorage(storage), { formats, config, conditional })
  return conditional === undefined
    ? lockedBackend(raw, queueOf(raw.identity), now)
    : conditionalBackend(raw, conditional, formats, now)
}

function conditionalBackend(
  raw: RawStorage,
  conditional: LocatedDriver,
  formats: readonly LegacyFormat[],
  now: () => number,
): Backend {
  return {
    conditional,
    read: async (id, strong) => {
      try {
        return await raw.read(id, strong ? { consistent: true } : {})
      } catch (error) {
        if (error instanceof UnsessionError && error.code === 'SCHEMA_MISMATCH') return undefined
        throw error
      }
    },
    write: (id, { value, createdAt, expiresAt, ...write }) =>
      raw.write(id, value, { ...write, created: createdAt, ttl: secondsUntil(expiresAt, now()) }),
    remove: async (id, ifVersion) => {
      const removed: Partial<Removed> = {}
      const onRemoved = (value: StoredValue): void => void (removed.value = value)
      const condition = ifVersion === undefined ? {} : { ifVersion }
      try {
        const wasLive = await conditional.driver.deleteItem(conditional.prefix + id, {
          ...condition,
          onRemoved,
        })
        return { ...removed, wasLive }
      } catch (error) {
        throw withoutLegacy(foreignError(error, 'the storage'), formats)
      }
    },
    addToSets: async (key, sets, expiresAt) =>
      mergeSets(
        NO_SETS,
        await conditional.driver.addToSets(conditional.prefix + key, toStringSets(sets), expiresAt),
      ),
    getSets: async (key) => mergeSets(NO_SETS, await conditional.driver.getSets(conditional.prefix + key)),
    keys: () => raw.keys(),
  }
}

function toStringSets(sets: Partial<UserSets>): StringSets {
  return Object.fromEntries(Object.entries(sets).map(([name, strings]) => [name, [...strings]]))
}

const NO_SETS: UserSets = { bindings: [], marks: [] }

function lockedBackend(raw: RawStorage, lock: KeyedQueue, now: () => number): Backend {
  /** Checks a condition. Called under the lock. @throws {ConflictError} with the live item, if the condition does not hold */
  const check = async (id: string, ifVersion: number | null | undefined): Promise<Removed> => {
    const value = await raw.read(id, {})
    const header = value ? parseEnvelope(value)?.header : undefined
    const live = header !== undefined && now() < header.expiresAt
    const isFree = value === null || (header !== undefined && !live)
    const holds =
      ifVersion === null ? isFree : ifVersion === undefined || (live && header.version === ifVersion)
    if (holds) return { wasLive: live, ...(value && { value }) }
    const current = value && live ? { value, version: header.version, expires: header.expiresAt } : null
    throw new ConflictError('the session was changed in the meantime', current, { key: id })
  }
  return {
    read: (id, strong) => (strong ? lock.run(id, () => raw.read(id, {})) : raw.read(id, {})),
    write: (id, { value, ifVersion, expiresAt }) =>
      lock.run(id, async () => {
        await check(id, ifVersion)
        const options: TransactionOptions = { ttl: secondsUntil(expiresAt, now()) }
        await raw.write(id, value, options)
      }),
    remove: (id, ifVersion) =>
      lock.run(id, async () => {
        const removed = await check(id, ifVersion)
        await raw.remove(id, {})
        return removed
      }),
    addToSets: (key, sets, expiresAt) =>
      lock.run(key, async () => {
        const merged = mergeSets(parseSets(await raw.read(key, {})), sets)
        await raw.write(key, formatSets(merged, expiresAt), { ttl: secondsUntil(expiresAt, now()) })
        return merged
      }),
    getSets: (key) => lock.run(key, async () => parseSets(await raw.read(key, {}))),
    keys: () => raw.keys(),
  }
}

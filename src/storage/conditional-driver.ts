import { DRIVER_HANDSHAKE, type DriverHandshake } from '../../drivers/utils/driver-handshake.ts'
import { isStorage } from './locate.ts'
import { rawStorage } from './raw-storage.ts'
import type { DriverLike, StorageLike, TransactionOptions } from './storage-like.ts'
import type { ClearExpiredOptions, ClearExpiredResult } from '../core/types.ts'

/** Sets of strings in one item, by name. */
export type StringSets = Record<string, string[]>

/** What a driver with conditional writes offers beyond unstorage. */
export interface ConditionalDriver extends DriverLike {
  flags: { conditional: true; ttl?: boolean; maxDepth?: boolean }
  /**
   * @param options - `ifVersion`: only at this version. `onRemoved`: is told the value of the live item that was removed
   * @returns whether a live item was removed. @throws {ConflictError} at another version
   */
  deleteItem(key: string, options?: TransactionOptions): Promise<boolean>
  /** Adds strings to the sets of an item. @returns all its sets as this very write left them */
  addToSets(key: string, sets: StringSets, expiresAt: number): Promise<StringSets>
  /** Returns the sets of an item, by a strongly consistent read. */
  getSets(key: string): Promise<StringSets>
  /** Seconds left and creation of a live item, as far as it has them. */
  getMeta?(key: string, options?: TransactionOptions): Promise<{ ttl?: number; birthtime?: Date } | null>
  /** @param options.liveAt - ms since the epoch: what was live then, too, and is still there; now by default */
  listUser?(user: string, options: { liveAt?: number }): AsyncIterable<{ key: string; value: unknown }>
  clearExpired?(options?: ClearExpiredOptions): Promise<ClearExpiredResult>
}

/** A driver with conditional writes, and the prefix that keys have when they reach it. */
export interface LocatedDriver {
  driver: ConditionalDriver
  prefix: string
}

/** A key of the probe; never stored. */
const PROBE = 'unsession-probe'

/**
 * Learn whether there is a driver with conditional writes below a storage, however it is mounted and prefixed. Costs no
 * request where there is one, and one `hasItem` where there is none.
 */
export async function findConditionalDriver(
  storage: StorageLike | DriverLike,
): Promise<LocatedDriver | undefined> {
  if (!isStorage(storage)) return isConditionalDriver(storage) ? { driver: storage, prefix: '' } : undefined
  let found: LocatedDriver | undefined
  let isAnswered = false
  const handshake: DriverHandshake = (driver, key) => {
    if (isConditionalDriver(driver)) found = { driver, prefix: key.slice(0, -PROBE.length) }
    isAnswered = true
    throw new Error('the driver is known')
  }
  try {
    await rawStorage(storage).has(PROBE, { [DRIVER_HANDSHAKE]: handshake })
  } catch (error) {
    if (!isAnswered) throw error
  }
  return found
}

/** Whether a driver has conditional writes. */
export function isConditionalDriver(driver: unknown): driver is ConditionalDriver {
  if (typeof driver !== 'object' || driver === null) return false
  const { flags, deleteItem } = driver as Partial<ConditionalDriver>
  return flags?.conditional === true && typeof deleteItem === 'function'
}

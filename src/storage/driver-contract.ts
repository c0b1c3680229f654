import type { ClearExpiredOptions, ClearExpiredResult } from '../core/types.ts'

/** Sets of strings in one item, by name. */
export type StringSets = Record<string, string[]>

/** Options that a store passes with a read. */
export interface DriverReadOptions {
  /** Whether the read must be strongly consistent: it sees every write that was acknowledged before it. Default: the driver decides. */
  consistent?: boolean
}

/** Options that a store passes with a write. It always passes all of them except `user`. */
export interface DriverWriteOptions {
  /**
   * Condition. With a number, the driver writes only if the live item has this version. With `null`, it writes only if there is no
   * live item. Default: it writes without a condition.
   */
  ifVersion?: number | null
  /** Version to store. A touch stores the same version again. Default: `ifVersion + 1`, or 1. */
  version?: number
  /** Creation time of the session, ms since the epoch. For information only. */
  created?: number
  /** Seconds until the item expires. Default: never. */
  ttl?: number
  /** Owner of the session, for {@link ConditionalDriver.listUser}. Default: none. */
  user?: string | undefined
}

/** Options that a store passes with a delete. */
export interface DriverDeleteOptions {
  /** Deletes only a live item of this version. Default: deletes without a condition. */
  ifVersion?: number
  /** The driver calls this with the value of the live item that it deleted, before the promise resolves. */
  onRemoved?: (value: string | Uint8Array) => void
}

/**
 * A driver of unstorage with conditional writes. A store with such a driver is safe with several processes. The page *Write a
 * conditional driver* in the documentation has a complete example.
 *
 * Reads, conditions and `getKeys` treat an expired item like a missing one. Each operation on a key is atomic. `hasItem` calls
 * `answerHandshake` first.
 *
 * @example
 * ```ts
 * export function myDriver(): ConditionalDriver { … }
 * createSessionStore({ storage: myDriver() })
 * ```
 */
export interface ConditionalDriver {
  /** `conditional` announces this contract to the store. `ttl`: the driver expires items. `maxDepth`: as in unstorage. */
  readonly flags: { readonly conditional: true; readonly ttl?: boolean; readonly maxDepth?: boolean }
  /** Returns whether a live item exists. Calls `answerHandshake` first. */
  hasItem(key: string, options?: DriverReadOptions): Promise<boolean>
  /** Reads an item. @returns the stored value, or `null` for no live item */
  getItem(key: string, options?: DriverReadOptions): Promise<string | Uint8Array | null>
  /** Does the same as `getItem`. */
  getItemRaw(key: string, options?: DriverReadOptions): Promise<string | Uint8Array | null>
  /**
   * Writes an item.
   *
   * @param key - key, with the prefix of the storage
   * @param value - value to store
   * @param options - see {@link DriverWriteOptions}
   * @throws {ConflictError} with the live item, if the condition does not hold
   */
  setItem(key: string, value: string, options?: DriverWriteOptions): Promise<void>
  /** Does the same as `setItem`, for bytes. Codecs such as `compressed()` write bytes. */
  setItemRaw(key: string, value: Uint8Array, options?: DriverWriteOptions): Promise<void>
  /** Does the same as `deleteItem`, for users of unstorage. */
  removeItem(key: string, options?: { ifVersion?: number }): Promise<void>
  /** Lists keys. @param base - prefix. Default: all keys. @returns the keys of live items with this prefix */
  getKeys(base?: string, options?: object): Promise<string[]>
  /**
   * Deletes an item.
   *
   * @param key - key, with the prefix of the storage
   * @param options - see {@link DriverDeleteOptions}
   * @returns whether a live item was deleted
   * @throws {ConflictError} with the live item, if the condition does not hold
   */
  deleteItem(key: string, options?: DriverDeleteOptions): Promise<boolean>
  /**
   * Adds strings to the sets of an item, without a condition. Simultaneous calls never conflict.
   *
   * @param key - key, with the prefix of the storage
   * @param sets - strings to add, by the name of the set. No list is empty
   * @param expiresAt - end of the item, ms since the epoch. The item may stay longer
   * @returns all sets of the item, as this write stored them
   */
  addToSets(key: string, sets: StringSets, expiresAt: number): Promise<StringSets>
  /** Reads the sets of an item, strongly consistent. @returns all sets; `{}` if there is no item */
  getSets(key: string): Promise<StringSets>
  /**
   * Lists the items that were written with this `user`. The list may be eventually consistent. Without this method, the store reads
   * all keys.
   *
   * @param user - owner of the sessions
   * @param options.liveAt - also lists items that expired after this instant and still exist, ms since the epoch. Default: now
   * @returns keys, with the prefix of the storage, and values
   */
  listUser?(user: string, options: { liveAt?: number }): AsyncIterable<{ key: string; value: unknown }>
  /** Deletes expired items. Without this method, the store reads all keys, and finds only the expired items that `getKeys` lists. */
  clearExpired?(options?: ClearExpiredOptions): Promise<ClearExpiredResult>
  /** Returns the remaining seconds and the creation time of a live item. Used only for the option `legacy` of the store. */
  getMeta?(key: string, options?: DriverReadOptions): Promise<{ ttl?: number; birthtime?: Date } | null>
}

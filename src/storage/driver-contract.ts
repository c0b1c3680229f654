import type { ClearExpiredOptions, ClearExpiredResult } from '../core/types.ts'

/** Sets of strings in one item, by name. */
export type StringSets = Record<string, string[]>

/** Options that a store passes with a read. */
export interface DriverReadOptions {
  /** Whether the read must see every write that was acknowledged before it. Default: the driver's own. */
  consistent?: boolean
}

/** Options that a store passes with a write. It always passes all of them but `user`. */
export interface DriverWriteOptions {
  /**
   * A number: writes only over a live item of this version. `null`: writes only if there is no live item.
   * Default: writes without a condition.
   */
  ifVersion?: number | null
  /** Version to store. A write at the version that it asks for renews the item. Default: `ifVersion + 1`, or 1. */
  version?: number
  /** When the session was created, in ms since the epoch. For information only. */
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
 * A driver of unstorage with conditional writes. A store on such a driver keeps its promises across processes.
 *
 * An expired item is missing: for reads, for conditions and for `getKeys`. Each operation on a key is atomic. `hasItem` calls
 * `answerHandshake` before anything else.
 *
 * @example
 * ```ts
 * export function myDriver(): ConditionalDriver { … }
 * createSessionStore({ storage: myDriver() })
 * ```
 */
export interface ConditionalDriver {
  readonly flags: { readonly conditional: true; readonly ttl?: boolean; readonly maxDepth?: boolean }
  hasItem(key: string, options?: DriverReadOptions): Promise<boolean>
  /** @returns the value as it was stored, or `null` */
  getItem(key: string, options?: DriverReadOptions): Promise<string | Uint8Array | null>
  /** As `getItem`. */
  getItemRaw(key: string, options?: DriverReadOptions): Promise<string | Uint8Array | null>
  /** @throws {ConflictError} if the condition does not hold, with the live item that was found instead */
  setItem(key: string, value: string, options?: DriverWriteOptions): Promise<void>
  /** As `setItem`, for bytes. Codecs such as `compressed()` write bytes. */
  setItemRaw(key: string, value: Uint8Array, options?: DriverWriteOptions): Promise<void>
  /** As `deleteItem`, for users of unstorage. */
  removeItem(key: string, options?: { ifVersion?: number }): Promise<void>
  /** @returns the keys of live items, as unstorage asks for them */
  getKeys(base?: string, options?: object): Promise<string[]>
  /**
   * @returns whether a live item was deleted
   * @throws {ConflictError} if the condition does not hold
   */
  deleteItem(key: string, options?: DriverDeleteOptions): Promise<boolean>
  /**
   * Adds strings to the sets of an item, without a condition: simultaneous calls never conflict.
   *
   * @param sets - strings to add, by the name of their set; none of the lists is empty
   * @param expiresAt - when the item expires, in ms since the epoch. It may stay longer
   * @returns all sets of the item, as this write left them
   */
  addToSets(key: string, sets: StringSets, expiresAt: number): Promise<StringSets>
  /** @returns the sets of an item, by a strongly consistent read; `{}` for an item that does not exist */
  getSets(key: string): Promise<StringSets>
  /**
   * Lists the items that were written with this `user`. It may lag behind writes. Without it, the store reads all keys.
   *
   * @param options.liveAt - also items that have expired since then and still exist; ms since the epoch. Default: now
   */
  listUser?(user: string, options: { liveAt?: number }): AsyncIterable<{ key: string; value: unknown }>
  /** Deletes expired items. Without it, the store reads all keys, and finds only what the driver still shows. */
  clearExpired?(options?: ClearExpiredOptions): Promise<ClearExpiredResult>
  /** @returns seconds left and creation, for sessions of other software; see `legacy` of the store */
  getMeta?(key: string, options?: DriverReadOptions): Promise<{ ttl?: number; birthtime?: Date } | null>
}

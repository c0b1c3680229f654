/**
 * The DynamoDB driver for unstorage.
 *
 * @module unsession/drivers/dynamodb
 */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Driver } from 'unstorage'
import type { Attributes } from './dynamodb/config/attributes.ts'
import type { Engine, ItemEntry, ItemWrite } from './dynamodb/engine.ts'
import type { ItemMeta } from './dynamodb/model/item.ts'
import { type ConsumedUnits, type DynamoDBOptions, resolveOptions } from './dynamodb/config/options.ts'
import type { ReadOptions } from './dynamodb/requests/read.ts'
import type {
  DynamoDBClearExpiredOptions,
  DynamoDBClearExpiredResult,
} from './dynamodb/clear-expired/clear-expired.ts'
import type { OwnedItem } from './dynamodb/maintenance/list-user.ts'
import type { DeleteOptions, WriteOptions } from './dynamodb/requests/write.ts'
import { answerHandshake } from './utils/driver-handshake.ts'
import { Lazy } from './utils/lazy.ts'

export type {
  Attributes,
  ConsumedUnits,
  DynamoDBOptions,
  ItemEntry,
  ItemMeta,
  ItemWrite,
  OwnedItem,
  ReadOptions,
  DynamoDBClearExpiredOptions,
  DynamoDBClearExpiredResult,
  DeleteOptions,
  WriteOptions,
}

/** Packages that the driver imports at its first call, in unstorage's notation. */
export const DRIVER_DEPENDENCIES: { client: { name: string; version: string } } = {
  client: { name: '@aws-sdk/client-dynamodb', version: '^3.700.0' },
}

/** Maximum time for loading the driver and, if needed, the SDK, ms. With the SDK, a Lambda function with 128 MB takes about 3000 ms. */
const LOAD_MS = 30_000

/**
 * The DynamoDB driver. It has every method of an unstorage driver, and the methods of a conditional driver of this package.
 *
 * Every method that accesses the table can throw:
 *
 * @throws {UnsessionError} `TABLE_NOT_FOUND`, `ACCESS_DENIED`, `CREDENTIALS_MISSING`, `REGION_MISSING`, `DEPENDENCY_MISSING`,
 * `INVALID_OPTION`, `INVALID_KEY`, `SCHEMA_MISMATCH` for an item with other attributes, `DISPOSED`, `INVALID_REQUEST`; and
 * `THROTTLED`, `TIMEOUT` or `UNAVAILABLE` (status 503) during an outage
 */
export interface DynamoDBDriver extends Driver {
  /** Name of the driver. */
  name: 'dynamodb'
  /** Features that unstorage and the session store may use. */
  flags: { ttl: true; maxDepth: true; conditional: true }
  /** The options as given. */
  options: DynamoDBOptions
  /** Location of the items: region, table and key prefix, separated by `/`. Two drivers with one location share their items. */
  readonly location: string
  /** How the driver sends its requests. `undefined` before the first call has opened the connection. */
  readonly transport: 'lean' | 'sdk' | undefined
  /** Returns the SDK's client. The first call creates it. */
  getInstance: () => Promise<DynamoDBClient>
  /** Returns whether there is an item that has not expired. */
  hasItem: (key: string, options?: ReadOptions) => Promise<boolean>
  /**
   * Reads one item. Reads of one turn of the event loop are sent together, see {@link DynamoDBOptions.batch}.
   *
   * @returns text if text was stored, bytes if bytes were stored, and `null` if the item is missing or has expired
   */
  getItem: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  /**
   * Reads many items, 100 in a request. The call has no deadline of its own; each request has `timeout.request`.
   *
   * @param common - options for all items; the options of an item override them
   * @returns one entry for each item, in the order of `items`
   */
  getItems: (items: { key: string; options?: ReadOptions }[], common?: ReadOptions) => Promise<ItemEntry[]>
  /** Does the same as {@link getItem}. */
  getItemRaw: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  /**
   * Writes one item.
   *
   * @param value - text; `storage.setItem` converts objects to JSON text
   * @throws {ConflictError} if the condition `ifVersion` failed, with the live item as `current`
   * @throws {UnsessionError} `ITEM_TOO_LARGE` above 400 KB; `INVALID_VALUE`
   */
  setItem: (key: string, value: string, options?: WriteOptions) => Promise<void>
  /**
   * Writes many items, 25 in a request. It takes no `ifVersion`, because DynamoDB has no conditional batch writes. If a key is
   * named twice, its last entry is written.
   *
   * @param common - options for all items; the options of an item override them
   */
  setItems: (items: ItemWrite[], common?: WriteOptions) => Promise<void>
  /**
   * Writes text as a string attribute, and bytes as a binary attribute.
   *
   * @param value - a string, `Uint8Array`, `ArrayBuffer`, other buffer view or `Blob`
   * @throws as {@link setItem}
   */
  setItemRaw: (key: string, value: unknown, options?: WriteOptions) => Promise<void>
  /**
   * Removes one item. A missing item is no error without `ifVersion`.
   *
   * @throws {ConflictError} if the condition `ifVersion` failed
   */
  removeItem: (key: string, options?: Pick<WriteOptions, 'ifVersion'>) => Promise<void>
  /**
   * Removes one item.
   *
   * @returns whether a live item was removed. `true` if this is unknown, because a retry found no item after a lost response
   * @throws {ConflictError} if the condition `ifVersion` failed
   */
  deleteItem: (key: string, options?: DeleteOptions) => Promise<boolean>
  /**
   * Adds strings to sets of an item, and creates the item if there is none. Simultaneous calls never conflict.
   *
   * @param sets - strings to add, by the name of the attribute; none of the sets may be empty
   * @param expiresAt - expiry of the item, ms since the epoch
   * @returns all sets of the item after this write
   */
  addToSets: (
    key: string,
    sets: Record<string, string[]>,
    expiresAt: number,
  ) => Promise<Record<string, string[]>>
  /** Returns the sets of an item, by a strongly consistent read. Returns `{}` if there is no item. */
  getSets: (key: string) => Promise<Record<string, string[]>>
  /** Returns metadata of an item, or `null` if it is missing or has expired. */
  getMeta: (key: string, options?: ReadOptions) => Promise<ItemMeta | null>
  /**
   * Returns the keys of live items. It scans the whole table, so it is meant for maintenance.
   *
   * @param base - returns only keys below it; default: all keys of the driver
   * @param options.maxDepth - maximum number of `:` in a key; default: no limit
   */
  getKeys: (base?: string, options?: ReadOptions & { maxDepth?: number }) => Promise<string[]>
  /**
   * Deletes all items, expired ones included. It scans the whole table.
   *
   * @param base - deletes only keys below it; default: all keys of the driver
   */
  clear: (base?: string, options?: object) => Promise<void>
  /**
   * Yields the live items that were written with this `user`. It queries the index `user-index`, and scans the table if it has
   * no such index. The index is eventually consistent: an item written less than a second ago may be missing.
   *
   * @param options.liveAt - yields the items that were live then and still exist, ms since the epoch; default: now
   */
  listUser: (user: string, options?: { liveAt?: number }) => AsyncIterable<OwnedItem>
  /**
   * Deletes expired items below the option `base`. DynamoDB's own time to live deletes them up to two days after they expired.
   *
   * @throws {UnsessionError} `THROTTLED` or another outage after 30 seconds in which no request succeeded
   */
  clearExpired: (options?: DynamoDBClearExpiredOptions) => Promise<DynamoDBClearExpiredResult>
  /** Ends all calls in flight, which reject with `DISPOSED`, and destroys the client unless the option `client` gave it. */
  dispose: () => Promise<void>
}

/**
 * Creates an unstorage driver for Amazon DynamoDB. It works with unstorage 1.17 and 2.
 *
 * Expired items are reported as missing, although DynamoDB deletes them up to two days after they expired. Conditional writes
 * throw `ConflictError`. An outage always throws, and is never reported as a missing item. The first call loads most of
 * the driver, and the AWS SDK if something needs it.
 *
 * @param options - see {@link DynamoDBOptions}; all are optional
 * @returns the driver, for `createStorage({ driver })`
 * @throws {UnsessionError} `INVALID_OPTION` for an unknown option, or one of the wrong type or range
 * @example
 * ```ts
 * const storage = createStorage({ driver: dynamodb({ table: 'sessions', region: 'eu-west-1' }) })
 * await storage.setItem('user:1', { name: 'Ada' }, { ttl: 3600 })
 * ```
 */
export default function dynamodb(options: DynamoDBOptions = {}): DynamoDBDriver {
  // Checks only the given options. The environment is read at the first call, because an app may set it after its imports.
  resolveOptions(options, {})
  let isDisposed = false
  const engine = new Lazy(async () => {
    const { Engine } = await import('./dynamodb/engine.ts')
    const made = new Engine(resolveOptions(options))
    if (isDisposed) await made.dispose()
    await made.open()
    return made
  })
  // `timeout.request` does not include loading. A slow disk or CPU is no sign that the table is unavailable.
  const load = (): Promise<Engine> => engine.within(LOAD_MS)

  /** Answers the handshake of a call, then runs its work. If the engine is loaded, the work starts in the same tick. */
  const call = async <T>(
    key: string,
    given: object | undefined,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> => {
    answerHandshake(driver, key, given)
    return work(engine.value ?? (await load()))
  }
  const callAll = async <T>(
    items: { key: string; options?: object }[],
    common: object | undefined,
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> => {
    for (const { key, options: own } of items) answerHandshake(driver, key, { ...common, ...own })
    return work(engine.value ?? (await load()))
  }

  const driver: DynamoDBDriver = {
    name: 'dynamodb',
    flags: { ttl: true, maxDepth: true, conditional: true },
    options,
    get location() {
      const { region = '', table, base } = resolveOptions(options)
      return `${region}/${table}/${base}`
    },
    get transport() {
      return engine.value?.transport
    },
    getInstance: async () => (await load()).getInstance(),
    hasItem: (key, read) => call(key, read, (to) => to.hasItem(key, read)),
    getItem: (key, read) => call(key, read, (to) => to.getItem(key, read)),
    getItems: (items, common) => callAll(items, common, (to) => to.getItems(items, common)),
    getItemRaw: (key, read) => call(key, read, (to) => to.getItem(key, read)),
    setItem: (key, value, write) => call(key, write, (to) => to.setItem(key, value, write)),
    setItems: (items, common) => callAll(items, common, (to) => to.setItems(items, common)),
    setItemRaw: (key, value, write) => call(key, write, (to) => to.setItem(key, value, write)),
    removeItem: (key, write) => call(key, write, async (to) => void (await to.deleteItem(key, write))),
    deleteItem: (key, write) => call(key, write, (to) => to.deleteItem(key, write)),
    addToSets: (key, sets, expiresAt) => call(key, undefined, (to) => to.addToSets(key, sets, expiresAt)),
    getSets: (key) => call(key, undefined, (to) => to.getSets(key)),
    getMeta: (key, read) => call(key, read, (to) => to.getMeta(key, read)),
    getKeys: async (below, read) => (await load()).getKeys(below, read),
    clear: async (below) => (await load()).clear(below),
    async *listUser(user, options) {
      yield* (await load()).listUser(user, options)
    },
    clearExpired: async (how) => (await load()).clearExpired(how),
    async dispose() {
      isDisposed = true
      await engine.value?.dispose()
    },
  }
  return driver
}

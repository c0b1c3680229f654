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

/** Packages the driver imports at its first call, in unstorage's notation. */
export const DRIVER_DEPENDENCIES: { client: { name: string; version: string } } = {
  client: { name: '@aws-sdk/client-dynamodb', version: '^3.700.0' },
}

/** Maximum time for loading the driver and the SDK, ms. A Lambda function of 128 MB takes about 3 seconds. */
const LOAD_MS = 30_000

/** The driver: every unstorage method, natively, and what only a table with versions can do. */
export interface DynamoDBDriver extends Driver {
  name: 'dynamodb'
  flags: { ttl: true; maxDepth: true; conditional: true }
  options: DynamoDBOptions
  /** Names the place of the items: region, table and prefix. */
  readonly location: string
  /** The client in use; made at the first call. */
  getInstance: () => Promise<DynamoDBClient>
  hasItem: (key: string, options?: ReadOptions) => Promise<boolean>
  /** Text as it was stored, or bytes where bytes were stored; `null` when missing or expired. */
  getItem: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  getItems: (items: { key: string; options?: ReadOptions }[], common?: ReadOptions) => Promise<ItemEntry[]>
  getItemRaw: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  setItem: (key: string, value: string, options?: WriteOptions) => Promise<void>
  setItems: (items: ItemWrite[], common?: WriteOptions) => Promise<void>
  /** Text is stored as a string, anything binary (bytes, buffers, blobs) as a binary attribute. */
  setItemRaw: (key: string, value: unknown, options?: WriteOptions) => Promise<void>
  removeItem: (key: string, options?: Pick<WriteOptions, 'ifVersion'>) => Promise<void>
  /** As `removeItem`. @returns whether a live item was removed */
  deleteItem: (key: string, options?: DeleteOptions) => Promise<boolean>
  /**
   * Adds strings to sets of an item, which is created where there is none. Simultaneous calls never conflict.
   *
   * @param sets - strings to add, by the name of the attribute; none of the sets may be empty
   * @param expiresAt - when the item expires, ms since the epoch
   * @returns all sets of the item, as this very write left them
   */
  addToSets: (
    key: string,
    sets: Record<string, string[]>,
    expiresAt: number,
  ) => Promise<Record<string, string[]>>
  /** The sets of an item, by a strongly consistent read. */
  getSets: (key: string) => Promise<Record<string, string[]>>
  getMeta: (key: string, options?: ReadOptions) => Promise<ItemMeta | null>
  getKeys: (base?: string, options?: ReadOptions & { maxDepth?: number }) => Promise<string[]>
  clear: (base?: string, options?: object) => Promise<void>
  /**
   * Live items written with this `user`: by the index `user-index`, or by a scan where the table has none.
   *
   * @param options.liveAt - what was live then and is still there, ms since the epoch; now by default
   */
  listUser: (user: string, options?: { liveAt?: number }) => AsyncIterable<OwnedItem>
  /** Delete what has expired, below the option `base`; DynamoDB itself does so up to two days late. */
  clearExpired: (options?: DynamoDBClearExpiredOptions) => Promise<DynamoDBClearExpiredResult>
  dispose: () => Promise<void>
}

/**
 * An unstorage driver on Amazon DynamoDB, for unstorage 1.17 and 2.
 *
 * Expired items read as missing everywhere, although DynamoDB deletes them up to two days late. Conditional writes throw
 * `ConflictError`. An outage always throws, and is never reported as a missing item. The SDK, and most of the
 * driver, are loaded at the first call.
 *
 * @param options - see {@link DynamoDBOptions}; all optional
 * @throws {UnsessionError} `INVALID_OPTION` for an option of the wrong type or range
 * @example
 * ```ts
 * const storage = createStorage({ driver: dynamodb({ table: 'sessions', region: 'eu-west-1' }) })
 * await storage.setItem('user:1', { name: 'Ada' }, { ttl: 3600 })
 * ```
 */
export default function dynamodb(options: DynamoDBOptions = {}): DynamoDBDriver {
  // Checks the options alone. The environment is read at the first call: an app may load it after its modules.
  resolveOptions(options, {})
  let isDisposed = false
  const engine = new Lazy(async () => {
    const { Engine } = await import('./dynamodb/engine.ts')
    const made = new Engine(resolveOptions(options))
    if (isDisposed) await made.dispose()
    await made.open()
    return made
  })
  // `timeout.request` does not cover it: a slow disk or a small CPU says nothing about the table.
  const load = (): Promise<Engine> => engine.within(LOAD_MS)

  /** Answer the handshake of a call, then do its work, at once where the engine is there. */
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
    clearExpired: async (sweep) => (await load()).clearExpired(sweep),
    async dispose() {
      isDisposed = true
      await engine.value?.dispose()
    },
  }
  return driver
}

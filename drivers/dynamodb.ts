import type { DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb'
import type { Driver } from 'unstorage'
import type { Attributes } from './dynamodb/attributes.ts'
import { batchWriteAll } from './dynamodb/batch.ts'
import { Connection } from './dynamodb/connection.ts'
import {
  type Item,
  type ItemContext,
  type ItemMeta,
  type StoredItem,
  itemMeta,
  parseItem,
} from './dynamodb/item.ts'
import { isWithinDepth, toStoredKey, toStoredPrefix } from './dynamodb/keys.ts'
import { type ConsumedUnits, type DynamoDBOptions, resolveOptions } from './dynamodb/options.ts'
import { Reader } from './dynamodb/reader.ts'
import type { ReadOptions } from './dynamodb/requests.ts'
import { type SweepOptions, type SweepResult, clearKeys, listKeys, sweepKeys } from './dynamodb/scan.ts'
import { type OwnedItem, userItems } from './dynamodb/user-index.ts'
import { type WriteOptions, putWrite } from './dynamodb/write-requests.ts'
import { put, remove } from './dynamodb/write.ts'
import { UnsessionError, invalidOption } from './utils/errors.ts'
import { answerHandshake } from './utils/handshake.ts'

export type {
  Attributes,
  ConsumedUnits,
  DynamoDBOptions,
  ItemMeta,
  OwnedItem,
  ReadOptions,
  SweepOptions,
  SweepResult,
  WriteOptions,
}

/** Packages the driver imports at its first call, in unstorage's notation. */
export const DRIVER_DEPENDENCIES: { client: { name: string; version: string } } = {
  client: { name: '@aws-sdk/client-dynamodb', version: '^3.700.0' },
}

/** What an entry of {@link DynamoDBDriver.getItems} says: an unreadable item has its error and does not hide the others. */
export interface ItemEntry {
  key: string
  value: string | Uint8Array | null
  error?: UnsessionError
}

/** The driver: every unstorage method, natively, and what only a table with versions can do. */
export interface DynamoDBDriver extends Driver {
  name: 'dynamodb'
  flags: { ttl: true; maxDepth: true; conditional: true }
  options: DynamoDBOptions
  /** The client in use; made at the first call. */
  getInstance: () => Promise<DynamoDBClient>
  hasItem: (key: string, options?: ReadOptions) => Promise<boolean>
  /** Text as it was stored, or bytes where bytes were stored; `null` when missing or expired. */
  getItem: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  getItems: (items: { key: string; options?: ReadOptions }[], common?: ReadOptions) => Promise<ItemEntry[]>
  getItemRaw: (key: string, options?: ReadOptions) => Promise<string | Uint8Array | null>
  setItem: (key: string, value: string, options?: WriteOptions) => Promise<void>
  setItems: (
    items: { key: string; value: string; options?: WriteOptions }[],
    common?: WriteOptions,
  ) => Promise<void>
  /** Text is stored as a string, anything binary (bytes, buffers, blobs) as a binary attribute. */
  setItemRaw: (key: string, value: unknown, options?: WriteOptions) => Promise<void>
  removeItem: (key: string, options?: Pick<WriteOptions, 'ifVersion'>) => Promise<void>
  /** As `removeItem`. @returns whether a live item was removed */
  deleteItem: (key: string, options?: Pick<WriteOptions, 'ifVersion'>) => Promise<boolean>
  getMeta: (key: string, options?: ReadOptions) => Promise<ItemMeta | null>
  getKeys: (base?: string, options?: ReadOptions & { maxDepth?: number }) => Promise<string[]>
  clear: (base?: string, options?: object) => Promise<void>
  /** Live items written with this `user`: by the index `user-index`, or by a scan where the table has none. */
  listUser: (user: string) => AsyncIterable<OwnedItem>
  /** Delete what has expired, below the option `base`; DynamoDB itself does so up to two days late. */
  clearExpired: (options?: SweepOptions) => Promise<SweepResult>
  dispose: () => Promise<void>
}

/**
 * An unstorage driver on Amazon DynamoDB, for unstorage 1.17 and 2.
 *
 * Expired items read as missing everywhere, although DynamoDB deletes them up to two days late. Conditional writes throw
 * `ConflictError`. An outage always throws, and is never reported as a missing item. The SDK is loaded at the first call.
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
  const resolved = resolveOptions(options)
  const { base } = resolved
  const connection = new Connection(resolved)
  const reader = new Reader(connection)

  const isConsistent = (read: ReadOptions | null | undefined): boolean => {
    const { consistent = resolved.consistentRead } = read ?? {}
    if (typeof consistent !== 'boolean') throw invalidOption('consistent', 'must be true or false')
    return consistent
  }

  const find = async (key: string, read: ReadOptions | undefined): Promise<StoredItem | null> => {
    answerHandshake(driver, key, read)
    const item = await reader.read(toStoredKey(base, key), isConsistent(read))
    return item === undefined ? null : parseItem(item, resolved, Date.now())
  }

  const getValue = async (key: string, read?: ReadOptions): Promise<string | Uint8Array | null> =>
    (await find(key, read))?.value ?? null

  const deleteItem = async (key: string, write?: Pick<WriteOptions, 'ifVersion'>): Promise<boolean> => {
    answerHandshake(driver, key, write)
    return remove(connection, toStoredKey(base, key), write ?? {})
  }

  const driver: DynamoDBDriver = {
    name: 'dynamodb',
    flags: { ttl: true, maxDepth: true, conditional: true },
    options,
    getInstance: () => connection.client(),

    async hasItem(key, read) {
      return (await find(key, read)) !== null
    },

    getItem: getValue,
    getItemRaw: getValue,

    async getItems(items, common) {
      const wanted = items.map(({ key, options: own }) => {
        const read = { ...common, ...own }
        answerHandshake(driver, key, read)
        return { key, stored: toStoredKey(base, key), consistent: isConsistent(read) }
      })
      const keysOf = (consistent: boolean): string[] =>
        wanted.filter((each) => each.consistent === consistent).map((each) => each.stored)
      const [strong, plain] = await Promise.all([
        reader.readAll(keysOf(true), true),
        reader.readAll(keysOf(false), false),
      ])
      const now = Date.now()
      return wanted.map(({ key, stored, consistent }) => {
        const item = (consistent ? strong : plain).get(stored)
        return toEntry(key, item, resolved, now)
      })
    },

    async setItem(key, value, write) {
      answerHandshake(driver, key, write)
      if (typeof value !== 'string')
        throw new UnsessionError('INVALID_VALUE', 'a value of setItem must be a string')
      await put(connection, toStoredKey(base, key), value, write ?? {})
    },

    async setItemRaw(key, value, write) {
      answerHandshake(driver, key, write)
      await put(connection, toStoredKey(base, key), await toStorable(value), write ?? {})
    },

    async setItems(items, common) {
      const now = Date.now()
      // DynamoDB refuses a batch that names a key twice; as with single writes, the last one wins.
      const writes = new Map<string, WriteRequest>()
      for (const { key, value, options: own } of items) {
        const write = { ...common, ...own }
        answerHandshake(driver, key, write)
        const stored = toStoredKey(base, key)
        writes.set(stored, putWrite(resolved, stored, value, write, now))
      }
      await batchWriteAll(connection, [...writes.values()])
    },

    deleteItem,
    async removeItem(key, write) {
      await deleteItem(key, write)
    },

    async getMeta(key, read) {
      const item = await find(key, read)
      return item === null ? null : itemMeta(item, Date.now())
    },

    async getKeys(below, read) {
      const maxDepth = read?.maxDepth
      if (maxDepth !== undefined && !(typeof maxDepth === 'number' && maxDepth >= 0)) {
        throw invalidOption('maxDepth', 'must be a number of separators, 0 or more')
      }
      const stored = await listKeys(connection, toStoredPrefix(base, below), isConsistent(read))
      return stored.map((key) => key.slice(base.length)).filter((key) => isWithinDepth(key, maxDepth))
    },

    async clear(below) {
      await clearKeys(connection, toStoredPrefix(base, below))
    },

    listUser: (user) => userItems(connection, user, base),
    clearExpired: (sweep = {}) => sweepKeys(connection, base, sweep),

    async dispose() {
      reader.dispose()
      await connection.dispose()
    },
  }
  return driver
}

function toEntry(key: string, item: Item | undefined, table: ItemContext, now: number): ItemEntry {
  try {
    return { key, value: item === undefined ? null : (parseItem(item, table, now)?.value ?? null) }
  } catch (error) {
    if (error instanceof UnsessionError) return { key, value: null, error }
    throw error
  }
}

/** Text, or a copy-free view on whatever holds bytes. */
async function toStorable(value: unknown): Promise<string | Uint8Array> {
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer())
  throw new UnsessionError(
    'INVALID_VALUE',
    'a raw value must be a string, bytes, an ArrayBuffer or a Blob; setItem takes objects',
  )
}

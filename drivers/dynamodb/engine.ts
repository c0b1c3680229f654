import type { DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb'
import { UnsessionError, invalidOption } from '../utils/errors.ts'
import { batchWriteAll } from './operations/batch.ts'
import { Connection } from './client/connection.ts'
import { type Item, type ItemMeta, type StoredItem, itemMeta, parseItem } from './model/item.ts'
import { isWithinDepth, toStoredKey, toStoredPrefix } from './model/keys.ts'
import type { ResolvedOptions } from './config/options.ts'
import { openTransport } from './open-transport.ts'
import { Reader } from './operations/reader.ts'
import type { ReadOptions } from './requests/read.ts'
import type {
  DynamoDBClearExpiredOptions,
  DynamoDBClearExpiredResult,
} from './clear-expired/clear-expired.ts'
import type { StringSets } from './operations/sets.ts'
import type { OwnedItem } from './maintenance/list-user.ts'
import { type DeleteOptions, type WriteOptions, putWrite } from './requests/write.ts'
import { put, remove } from './operations/write.ts'

/** Result of `getItems` for one key. */
export interface ItemEntry {
  /** The key as it was given. */
  key: string
  /** Text or bytes. `null` if the item is missing, has expired or is unreadable. */
  value: string | Uint8Array | null
  /** Set if the item is unreadable. The other items are returned all the same. */
  error?: UnsessionError
}

/** An item to write with `setItems`. */
export interface ItemWrite {
  /** Key of the item. */
  key: string
  /** Text. */
  value: string
  /** Options of this item. They override the common ones. */
  options?: WriteOptions
}

/**
 * Implementation of the driver's methods. The driver loads it at the first call. Operations that scan the table are loaded
 * when they are first called, because requests of an app do not need them.
 */
export class Engine {
  readonly #options: ResolvedOptions
  readonly #connection: Connection
  readonly #reader: Reader

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#connection = new Connection(options, openTransport)
    this.#reader = new Reader(this.#connection)
  }

  /** How requests are sent. `undefined` before the transport is open. */
  get transport(): 'lean' | 'sdk' | undefined {
    return this.#connection.transport
  }

  /** Opens the transport. Later calls do not spend their deadlines on it. */
  async open(): Promise<void> {
    await this.#connection.open()
  }

  getInstance(): Promise<DynamoDBClient> {
    return this.#connection.client()
  }

  async hasItem(key: string, read?: ReadOptions): Promise<boolean> {
    return (await this.#find(key, read)) !== null
  }

  async getItem(key: string, read?: ReadOptions): Promise<StoredItem['value'] | null> {
    return (await this.#find(key, read))?.value ?? null
  }

  async getItems(
    items: { key: string; options?: ReadOptions }[],
    common?: ReadOptions,
  ): Promise<ItemEntry[]> {
    const wanted = items.map(({ key, options }) => ({
      key,
      stored: this.#toStored(key),
      consistent: this.#isConsistent({ ...common, ...options }),
    }))
    const readAll = (consistent: boolean): Promise<Map<string, Item>> => {
      const keys = wanted.filter((each) => each.consistent === consistent).map((each) => each.stored)
      return this.#reader.readAll(keys, consistent)
    }
    const [strong, plain] = await Promise.all([readAll(true), readAll(false)])
    const now = Date.now()
    return wanted.map(({ key, stored, consistent }) =>
      this.#toEntry(key, (consistent ? strong : plain).get(stored), now),
    )
  }

  async getMeta(key: string, read?: ReadOptions): Promise<ItemMeta | null> {
    const item = await this.#find(key, read)
    return item && itemMeta(item, Date.now())
  }

  /** Writes an item. @param value - text, bytes, a buffer or a `Blob` */
  async setItem(key: string, value: unknown, write?: WriteOptions): Promise<void> {
    const storable = typeof value === 'string' ? value : await toStorable(value)
    await put(this.#connection, this.#toStored(key), storable, write ?? {})
  }

  async setItems(items: ItemWrite[], common?: WriteOptions): Promise<void> {
    const now = Date.now()
    // DynamoDB rejects a batch that names a key twice. The last write of a key wins, as with single writes.
    const writes = new Map<string, WriteRequest>()
    for (const { key, value, options } of items) {
      const stored = this.#toStored(key)
      writes.set(stored, putWrite(this.#options, stored, value, { ...common, ...options }, now))
    }
    await batchWriteAll(this.#connection, [...writes.values()])
  }

  /** Removes an item. @returns whether a live item was removed */
  async deleteItem(key: string, write?: DeleteOptions): Promise<boolean> {
    return remove(this.#connection, this.#toStored(key), write ?? {})
  }

  async addToSets(key: string, sets: StringSets, expiresAt: number): Promise<StringSets> {
    const { addToSets } = await import('./operations/sets.ts')
    return addToSets(this.#connection, this.#toStored(key), sets, expiresAt)
  }

  async getSets(key: string): Promise<StringSets> {
    const { getSets } = await import('./operations/sets.ts')
    return getSets(this.#connection, this.#toStored(key))
  }

  async getKeys(below?: string, read?: ReadOptions & { maxDepth?: number }): Promise<string[]> {
    const { base } = this.#options
    const maxDepth = read?.maxDepth
    if (maxDepth !== undefined && !(typeof maxDepth === 'number' && maxDepth >= 0)) {
      throw invalidOption('maxDepth', 'must be a number of separators, 0 or more')
    }
    const { listKeys } = await import('./maintenance/scan.ts')
    const stored = await listKeys(this.#connection, toStoredPrefix(base, below), this.#isConsistent(read))
    return stored.map((key) => key.slice(base.length)).filter((key) => isWithinDepth(key, maxDepth))
  }

  async clear(below?: string): Promise<void> {
    const { clearKeys } = await import('./maintenance/scan.ts')
    await clearKeys(this.#connection, toStoredPrefix(this.#options.base, below))
  }

  async *listUser(user: string, { liveAt }: { liveAt?: number } = {}): AsyncGenerator<OwnedItem> {
    const { userItems } = await import('./maintenance/list-user.ts')
    yield* userItems(this.#connection, this.#reader, user, this.#options.base, liveAt)
  }

  async clearExpired(options: DynamoDBClearExpiredOptions = {}): Promise<DynamoDBClearExpiredResult> {
    const { clearExpiredItems } = await import('./clear-expired/clear-expired.ts')
    return clearExpiredItems(this.#connection, this.#options.base, options)
  }

  async dispose(): Promise<void> {
    this.#reader.dispose()
    await this.#connection.dispose()
  }

  /** Reads an item. @returns `null` if it is missing or has expired */
  async #find(key: string, read: ReadOptions | undefined): Promise<StoredItem | null> {
    // Expiry is judged at the time the read starts. If the item expires while the read is in flight, another request may
    // have extended it in the meantime.
    const now = Date.now()
    const item = await this.#reader.read(this.#toStored(key), this.#isConsistent(read))
    return item === undefined ? null : parseItem(item, this.#options, now)
  }

  #toStored(key: string): string {
    return toStoredKey(this.#options.base, key)
  }

  #isConsistent(read: ReadOptions | null | undefined): boolean {
    const { consistent = this.#options.consistentRead } = read ?? {}
    if (typeof consistent !== 'boolean') throw invalidOption('consistent', 'must be true or false')
    return consistent
  }

  #toEntry(key: string, item: Item | undefined, now: number): ItemEntry {
    try {
      return { key, value: (item && parseItem(item, this.#options, now)?.value) ?? null }
    } catch (error) {
      if (error instanceof UnsessionError) return { key, value: null, error }
      throw error
    }
  }
}

/** Returns bytes as a view on the same memory. Only a `Blob` is copied. */
async function toStorable(value: unknown): Promise<Uint8Array> {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof Blob) return new Uint8Array(await value.arrayBuffer())
  throw new UnsessionError(
    'INVALID_VALUE',
    'a value must be a string, bytes, an ArrayBuffer or a Blob; `storage.setItem` takes objects',
  )
}

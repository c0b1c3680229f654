import type { StoredValue } from '../format/envelope.ts'
import { foreignError } from '../shared/foreign-error.ts'
import { isStorage, locate } from './locate.ts'
import type { DriverLike, StorageLike, TransactionOptions } from './storage-like.ts'

/** Values as they are, by key; a storage and a bare driver look the same. */
export interface RawStorage {
  has(key: string, options: TransactionOptions): Promise<unknown>
  /** @returns `undefined` for a value that is neither text nor bytes */
  read(key: string, options: TransactionOptions): Promise<StoredValue | null | undefined>
  write(key: string, value: StoredValue, options: TransactionOptions): Promise<void>
  remove(key: string, options: TransactionOptions): Promise<void>
  keys(): Promise<string[]>
  /** Same object for all storages of this process that share their data, as far as can be told. */
  readonly identity: object
}

/** unstorage's own mark of bytes kept by a driver that has only text. */
const BASE64 = 'base64:'

/**
 * Reads and writes a storage without the parsing that unstorage does for its users: it drops keys and guesses types.
 *
 * @param name - the storage's name in errors
 */
export function rawStorage(storage: StorageLike | DriverLike, name: string = 'the storage'): RawStorage {
  return withoutForeignErrors(isStorage(storage) ? fromStorage(storage) : fromDriver(storage), name)
}

/** Errors of drivers may hold session ids and data, so none leaves as it is. */
function withoutForeignErrors(raw: RawStorage, name: string): RawStorage {
  const guard = async <T>(result: Promise<T>): Promise<T> => {
    try {
      return await result
    } catch (error) {
      throw foreignError(error, name)
    }
  }
  return {
    has: (key, options) => guard(raw.has(key, options)),
    read: (key, options) => guard(raw.read(key, options)),
    write: (key, value, options) => guard(raw.write(key, value, options)),
    remove: (key, options) => guard(raw.remove(key, options)),
    keys: () => guard(raw.keys()),
    identity: raw.identity,
  }
}

function fromStorage(storage: StorageLike): RawStorage {
  return {
    has: (key, options) => storage.hasItem(key, options),
    read: async (key, options) => toStoredValue(await storage.getItemRaw(key, options)),
    write: (key, value, options) =>
      typeof value === 'string'
        ? storage.setItem(key, value, options)
        : storage.setItemRaw(key, value, options),
    remove: (key, options) => storage.removeItem(key, options),
    keys: () => storage.getKeys(),
    identity: locate(storage).driver,
  }
}

function fromDriver(driver: DriverLike): RawStorage {
  return {
    has: async (key, options) => driver.hasItem(key, options),
    async read(key, options) {
      if (driver.getItemRaw) return toStoredValue(await driver.getItemRaw(key, options))
      const value = await driver.getItem(key, options)
      const isBase64 = typeof value === 'string' && value.startsWith(BASE64)
      return toStoredValue(isBase64 ? Buffer.from(value.slice(BASE64.length), 'base64') : value)
    },
    async write(key, value, options) {
      if (typeof value === 'string') await driver.setItem?.(key, value, options)
      else if (driver.setItemRaw) await driver.setItemRaw(key, value, options)
      else await driver.setItem?.(key, BASE64 + Buffer.from(value).toString('base64'), options)
    },
    async remove(key, options) {
      throwIfError(await driver.removeItem?.(key, options))
    },
    keys: async () => driver.getKeys('', {}),
    identity: driver,
  }
}

/** The shapes in which drivers hand out text and bytes. */
function toStoredValue(value: unknown): StoredValue | null | undefined {
  throwIfError(value)
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  // Some drivers (Upstash) parse JSON themselves.
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return JSON.stringify(value)
  return undefined
}

/** unstorage's fs driver resolves with the error of a read that failed for another reason than a missing file. */
function throwIfError(value: unknown): void {
  if (value instanceof Error) throw value
}

import type { StoredValue } from '../format/envelope.ts'
import { foreignError } from '../shared/foreign-error.ts'
import { isStorage, locate } from './locate.ts'
import type { DriverLike, StorageLike, TransactionOptions } from './storage-like.ts'

/** Access to unparsed values by key, for a storage or a driver. */
export interface RawStorage {
  has(key: string, options: TransactionOptions): Promise<unknown>
  /** Reads a value. @returns `null` for no item, `undefined` for a value that is neither text nor bytes */
  read(key: string, options: TransactionOptions): Promise<StoredValue | null | undefined>
  write(key: string, value: StoredValue, options: TransactionOptions): Promise<void>
  remove(key: string, options: TransactionOptions): Promise<void>
  keys(): Promise<string[]>
  /** The same object for all storages of this process over one driver. */
  readonly identity: object
}

/** Prefix of base64 text, by which unstorage stores bytes in a driver for text only. */
const BASE64 = 'base64:'

/**
 * Returns access to a storage without the parsing of unstorage, which drops some keys and guesses types.
 *
 * @param name - name of the storage in error messages
 */
export function rawStorage(storage: StorageLike | DriverLike, name: string = 'the storage'): RawStorage {
  return withoutForeignErrors(isStorage(storage) ? fromStorage(storage) : fromDriver(storage), name)
}

/** Replaces the errors of the driver, because they may contain session ids and data. */
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

/** Converts the forms in which drivers return text and bytes. */
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

/** Throws a value that is an error. If a read fails, the `fs` driver of unstorage returns the error instead of throwing it. */
function throwIfError(value: unknown): void {
  if (value instanceof Error) throw value
}

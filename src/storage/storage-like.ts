/** Options that unstorage passes to the driver. */
export type TransactionOptions = Record<PropertyKey, unknown>

/** The part of an unstorage `Storage` that a store uses. unstorage 1.17 and 2 both have it. */
export interface StorageLike {
  hasItem(key: string, options?: TransactionOptions): Promise<boolean>
  getItemRaw(key: string, options?: TransactionOptions): Promise<unknown>
  setItem(key: string, value: string, options?: TransactionOptions): Promise<void>
  setItemRaw(key: string, value: Uint8Array, options?: TransactionOptions): Promise<void>
  removeItem(key: string, options?: TransactionOptions): Promise<void>
  getKeys(base?: string): Promise<string[]>
  getMount(key?: string): { driver: object; base?: string }
  getMounts?(base?: string): { base: string; driver: object }[]
  mount?(base: string, driver: never): unknown
  unmount?(base: string, dispose?: boolean): unknown
}

/** The part of an unstorage `Driver` that a store uses. */
export interface DriverLike {
  hasItem(key: string, options: TransactionOptions): unknown
  getItem(key: string, options?: TransactionOptions): unknown
  getItemRaw?(key: string, options: TransactionOptions): unknown
  setItem?(key: string, value: string, options: TransactionOptions): unknown
  setItemRaw?(key: string, value: Uint8Array, options: TransactionOptions): unknown
  removeItem?(key: string, options: TransactionOptions): unknown
  getKeys(base: string, options: TransactionOptions): string[] | Promise<string[]>
}

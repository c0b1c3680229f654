/** Options that unstorage passes to the driver. */
export type TransactionOptions = Record<PropertyKey, unknown>

/** The part of an unstorage `Storage` that a store uses. unstorage 1.17 and 2 both have it. */
export interface StorageLike {
  /** Returns whether an item exists. */
  hasItem(key: string, options?: TransactionOptions): Promise<boolean>
  /** Reads an item as text or bytes. */
  getItemRaw(key: string, options?: TransactionOptions): Promise<unknown>
  /** Writes text. */
  setItem(key: string, value: string, options?: TransactionOptions): Promise<void>
  /** Writes bytes. */
  setItemRaw(key: string, value: Uint8Array, options?: TransactionOptions): Promise<void>
  /** Removes an item. */
  removeItem(key: string, options?: TransactionOptions): Promise<void>
  /** Returns the keys that begin with `base`. */
  getKeys(base?: string): Promise<string[]>
  /** Returns the driver that holds a key, and the prefix that it is mounted at. */
  getMount(key?: string): { driver: object; base?: string }
  /** Returns all drivers below a prefix. */
  getMounts?(base?: string): { base: string; driver: object }[]
  /** Mounts a driver. */
  mount?(base: string, driver: never): unknown
  /** Unmounts a driver. */
  unmount?(base: string, dispose?: boolean): unknown
}

/** The part of an unstorage `Driver` that a store uses. */
export interface DriverLike {
  /** Returns whether an item exists. */
  hasItem(key: string, options: TransactionOptions): unknown
  /** Reads an item. */
  getItem(key: string, options?: TransactionOptions): unknown
  /** Reads an item as text or bytes. */
  getItemRaw?(key: string, options: TransactionOptions): unknown
  /** Writes text. */
  setItem?(key: string, value: string, options: TransactionOptions): unknown
  /** Writes bytes. */
  setItemRaw?(key: string, value: Uint8Array, options: TransactionOptions): unknown
  /** Removes an item. */
  removeItem?(key: string, options: TransactionOptions): unknown
  /** Returns the keys that begin with `base`. */
  getKeys(base: string, options: TransactionOptions): string[] | Promise<string[]>
}

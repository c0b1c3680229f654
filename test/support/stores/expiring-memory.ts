import type { Driver } from 'unstorage'
import memory from 'unstorage/drivers/memory'

/** A driver in memory that expires what is written with a `ttl`, and says so: what a cache on a storage needs. */
export function expiringMemory(): Driver {
  const driver = memory()
  const ends = new Map<string, number>()
  const expire = (key: string): void => {
    if ((ends.get(key) ?? Infinity) <= Date.now()) void driver.removeItem?.(key, {})
  }
  const set = (key: string, options: { ttl?: number } = {}): void => {
    if (options.ttl === undefined) ends.delete(key)
    else ends.set(key, Date.now() + options.ttl * 1000)
  }
  return {
    ...driver,
    name: 'expiring-memory',
    flags: { ttl: true },
    getItem(key, options) {
      expire(key)
      return driver.getItem(key, options)
    },
    getItemRaw(key: string, options: object) {
      expire(key)
      return driver.getItemRaw?.(key, options as never)
    },
    setItem(key, value, options) {
      set(key, options)
      return driver.setItem?.(key, value, options)
    },
    setItemRaw(key, value, options) {
      set(key, options)
      return driver.setItemRaw?.(key, value, options)
    },
  }
}

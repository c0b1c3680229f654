import type { DriverLike, StorageLike } from './storage-like.ts'

/** The driver of a storage, and the prefix of its keys. */
export interface Location {
  /** The same object for all storages of this process over one driver. */
  driver: object
  /** The prefix that the storage adds to its keys. */
  prefix: string
}

/** Mount point of a probe. Apps do not use this name. */
const PROBE = 'unsession-probe'

/** Returns whether a value is an unstorage `Storage`, prefixed or not. */
export function isStorage(storage: StorageLike | DriverLike): storage is StorageLike {
  return 'getMount' in storage
}

/**
 * Returns the driver of a storage and the prefix of its keys. The storage may have a prefix, and the driver may be mounted.
 *
 * `getMount()` of a prefixed storage returns the mount of the unprefixed root. `mount()` of a prefixed storage adds the prefix to
 * the mount point. So a probe is mounted, and its mount point shows the prefix. The probe is unmounted at once.
 */
export function locate(storage: StorageLike | DriverLike): Location {
  if (!isStorage(storage)) return { driver: storage, prefix: '' }
  const { mount, unmount, getMounts } = storage
  if (!mount || !unmount || !getMounts) return { driver: storage.getMount().driver, prefix: '' }
  const probe = {}
  mount.call(storage, PROBE, probe as never)
  const found = getMounts.call(storage).find(({ driver }) => driver === probe)
  unmount.call(storage, PROBE, false)
  const prefix = found?.base.slice(0, -`${PROBE}:`.length) ?? ''
  const { driver, base = '' } = storage.getMount(prefix)
  return { driver, prefix: prefix.startsWith(base) ? prefix.slice(base.length) : '' }
}

import type { DriverLike, StorageLike } from './storage-like.ts'

/** Where a storage's items are. */
export interface Location {
  /** Same object for all storages of this process that share their data, as far as can be told. */
  driver: object
  /** What keys of the storage begin with when they reach the driver. */
  prefix: string
}

/** Mount point of a probe: no app mounts anything there. */
const PROBE = 'unsession-probe'

/** Whether something is an unstorage `Storage`, prefixed or not. */
export function isStorage(storage: StorageLike | DriverLike): storage is StorageLike {
  return 'getMount' in storage
}

/**
 * Returns the driver that holds a storage's items, whatever the prefix of the storage and wherever the driver is mounted.
 *
 * A prefixed storage answers `getMount()` for the unprefixed root. It adds its prefix to what is mounted, though, so a probe
 * that is mounted and unmounted at once shows the prefix.
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

import { DRIVER_HANDSHAKE, type DriverHandshake } from '../../drivers/utils/driver-handshake.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { isStorage } from './locate.ts'
import { rawStorage } from './raw-storage.ts'
import type { ConditionalDriver } from './driver-contract.ts'
import type { DriverLike, StorageLike } from './storage-like.ts'

/** A driver with conditional writes, and the prefix that keys have when they reach it. */
export interface LocatedDriver {
  driver: ConditionalDriver
  prefix: string
}

/** A key of the probe; never stored. */
const PROBE = 'unsession-probe'

/**
 * Learn whether there is a driver with conditional writes below a storage, however it is mounted and prefixed. Costs no
 * request where there is one, and one `hasItem` where there is none.
 */
export async function findConditionalDriver(
  storage: StorageLike | DriverLike,
): Promise<LocatedDriver | undefined> {
  if (!isStorage(storage)) return isConditionalDriver(storage) ? { driver: storage, prefix: '' } : undefined
  let found: LocatedDriver | undefined
  let isAnswered = false
  const handshake: DriverHandshake = (driver, key) => {
    if (isConditionalDriver(driver)) found = { driver, prefix: key.slice(0, -PROBE.length) }
    isAnswered = true
    throw new Error('the driver is known')
  }
  try {
    await rawStorage(storage).has(PROBE, { [DRIVER_HANDSHAKE]: handshake })
  } catch (error) {
    if (!isAnswered) throw error
  }
  return found
}

/** What the store calls on a conditional driver, beyond what it needs of any driver. */
const METHODS = ['deleteItem', 'addToSets', 'getSets'] as const

/**
 * Returns whether a driver has conditional writes.
 *
 * @throws {UnsessionError} `INVALID_OPTION` for a driver that says so and lacks a method. Without the error it would be used like
 * one without conditional writes, which lose updates between processes
 */
export function isConditionalDriver(driver: unknown): driver is ConditionalDriver {
  if (typeof driver !== 'object' || driver === null) return false
  const given = driver as Partial<ConditionalDriver>
  if (given.flags?.conditional !== true) return false
  const missing = METHODS.filter((name) => typeof given[name] !== 'function')
  if (missing.length === 0) return true
  throw invalidOption(
    'storage',
    `has a driver with \`flags.conditional\` that lacks \`${missing.join('`, `')}\`; see docs/conditional-driver.md`,
  )
}

import { DRIVER_HANDSHAKE, type DriverHandshake } from '../../drivers/utils/driver-handshake.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { isStorage } from './locate.ts'
import { rawStorage } from './raw-storage.ts'
import type { ConditionalDriver } from './driver-contract.ts'
import type { DriverLike, StorageLike } from './storage-like.ts'

/** A driver with conditional writes, and the prefix of the storage's keys. */
export interface LocatedDriver {
  driver: ConditionalDriver
  prefix: string
}

/** Key of the handshake. It is never stored. */
const PROBE = 'unsession-probe'

/**
 * Returns the driver with conditional writes of a storage, if it has one. The driver may be mounted, and the storage may have a
 * prefix. If there is no such driver, this costs one `hasItem`. Otherwise it costs no request.
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
    throw new Error('the handshake is done')
  }
  try {
    await rawStorage(storage).has(PROBE, { [DRIVER_HANDSHAKE]: handshake })
  } catch (error) {
    if (!isAnswered) throw error
  }
  return found
}

/** Methods that a store calls only on a conditional driver. */
const METHODS = ['deleteItem', 'addToSets', 'getSets'] as const

/**
 * Returns whether a driver has conditional writes.
 *
 * @throws {UnsessionError} `INVALID_OPTION` if `flags.conditional` is set and a method is missing. Without the conditions, simultaneous
 * saves of two processes could lose changes
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

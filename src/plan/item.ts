import { DEFAULT_ATTRIBUTES } from '../../drivers/dynamodb/config/attributes.ts'
import { itemSize } from '../../drivers/dynamodb/model/item.ts'
import { putRequest } from '../../drivers/dynamodb/requests/write.ts'
import { formatEnvelope } from '../format/envelope.ts'
import type { Setup, Workload } from './workload.ts'

/** Size of a session's item, and the units to read or write it once. */
export interface ItemUnits {
  /** Size of the item in bytes. */
  bytes: number
  /** Size of its entry in the index `user-index` in bytes. The entry has only the keys. */
  entryBytes: number
  /** Read units of one read. */
  read: number
  /** Write units of one write. */
  write: number
}

/** Length of a session id of this package, in characters. */
const ID = 32
/** Length of the attribute `write_id`, a UUID, in characters. */
const WRITE_ID = 36
/** Length of a user's name in characters. This is an assumption. */
const USER = 12

const NOW = Date.UTC(2026, 0, 1)

/**
 * Returns the size of a session's item, and its read and write units.
 *
 * A read costs half a unit for each 4 KB begun, or a whole unit if it is strongly consistent. A write costs a unit for each KB
 * begun. Source: AWS's developer guide, "DynamoDB read and write operations".
 */
export function itemUnits(setup: Setup, { bound }: Pick<Workload, 'bound'>): ItemUnits {
  const bytes = itemBytes(setup, bound > 0)
  const { key, user } = DEFAULT_ATTRIBUTES
  return {
    bytes,
    entryBytes: itemSize({ [key]: { S: 'i'.repeat(ID) }, [user]: { S: 'u'.repeat(USER) } }),
    read: Math.ceil(bytes / 4096) * (setup.consistentRead ? 1 : 0.5),
    write: Math.ceil(bytes / 1024),
  }
}

/** Returns the size of the item in the driver's own request for a session of that size. */
function itemBytes({ sessionBytes, idleTimeout, maxAge }: Setup, isBound: boolean): number {
  const data = '0'.repeat(Math.max(0, Math.round(sessionBytes)))
  const owner = isBound ? { user: 'u'.repeat(USER) } : {}
  const value = formatEnvelope(
    {
      version: 10,
      createdAt: NOW,
      expiresAt: NOW,
      ...(idleTimeout !== undefined && { idleTimeout }),
      ...(maxAge !== undefined && { deadline: NOW }),
      ...owner,
      codec: 'json',
    },
    data,
  )
  const write = { ifVersion: 9, created: NOW, ttl: 60, ...owner }
  const table = { table: 'sessions', attributes: DEFAULT_ATTRIBUTES }
  const { Item = {} } = putRequest(table, 'i'.repeat(ID), value, write, NOW, 'w'.repeat(WRITE_ID))
  return itemSize(Item)
}

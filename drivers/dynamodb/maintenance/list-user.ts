import type { Connection } from '../client/connection.ts'
import { UnsessionError } from '../../utils/errors.ts'
import { USER_INDEX } from '../config/attributes.ts'
import { type Item, type ItemContext, parseItem } from '../model/item.ts'
import type { Reader } from '../operations/reader.ts'
import { MAX_BATCH_GET } from '../requests/read.ts'
import { scanRequest, userQuery } from './scan-requests.ts'
import { isMissingIndex } from '../client/sdk-failures.ts'

/** A live item of an owner. */
export interface OwnedItem {
  /** Key of the item, without the prefix `base`. */
  key: string
  /** Stored value. */
  value: string | Uint8Array
}

/** Connections that have warned about the missing index. */
const reported = new WeakSet<Connection>()

/**
 * Lists the live items written with this `user`: by the sparse index, or by a scan if the table has no index.
 *
 * The index is eventually consistent. An item written less than a second ago may be missing. Every item that is returned
 * was live and had this owner: if the index does not hold whole items (projection KEYS_ONLY), each record is read strongly.
 *
 * @param prefix - lists only keys with this prefix; the returned keys do not include it
 * @param liveAt - ms since the epoch: returns the items that were live then and still exist. Default: the current time
 */
export async function* userItems(
  connection: Connection,
  reader: Reader,
  user: string,
  prefix: string,
  liveAt?: number,
): AsyncGenerator<OwnedItem> {
  const { options } = connection
  const { attributes } = options
  for await (const { items, areWhole } of userPages(connection, user, prefix, liveAt)) {
    const listed = items.flatMap((item) => {
      const key = item[attributes.key]?.S
      return key?.startsWith(prefix)
        ? [{ key, item: areWhole || isWhole(item, options) ? item : undefined }]
        : []
    })
    // In groups of 100, so that at most 100 records are in memory.
    for (let at = 0; at < listed.length; at += MAX_BATCH_GET) {
      const group = listed.slice(at, at + MAX_BATCH_GET)
      const missing = group.filter(({ item }) => item === undefined).map(({ key }) => key)
      const records = await reader.readAll(missing, true)
      const now = liveAt ?? Date.now()
      for (const { key, item = records.get(key) } of group) {
        const value = item?.[attributes.user]?.S === user ? liveValue(item, options, now) : undefined
        if (value !== undefined) yield { key: key.slice(prefix.length), value }
      }
    }
  }
}

/** Returns whether an index entry has the attributes that are needed, so that its record need not be read. */
function isWhole(entry: Item, { attributes }: ItemContext): boolean {
  return entry[attributes.value] !== undefined && entry[attributes.expires] !== undefined
}

/** Returns the value of a live item. Returns `undefined` for an expired item, and for an unreadable one, which is skipped. */
function liveValue(item: Item, table: ItemContext, now: number): OwnedItem['value'] | undefined {
  try {
    return parseItem(item, table, now)?.value
  } catch (error) {
    if (error instanceof UnsessionError) return undefined
    throw error
  }
}

/** One page of the listing. */
interface Page {
  items: Item[]
  /** Whether the items have all attributes, because they come from the table itself. */
  areWhole: boolean
}

/** Yields the user's index entries page by page, or their items if the table has no index. */
async function* userPages(
  connection: Connection,
  user: string,
  prefix: string,
  liveAt: number | undefined,
): AsyncGenerator<Page> {
  const { options } = connection
  let startKey: Item | undefined
  try {
    do {
      const page = await connection.request('Query', userQuery(options, user, startKey))
      yield { items: page.Items ?? [], areWhole: false }
      startKey = page.LastEvaluatedKey
    } while (startKey !== undefined)
    return
  } catch (error) {
    if (!isMissingIndex(error)) throw error
  }
  reportScan(connection)
  startKey = undefined
  const scope = { prefix, user, values: true, consistent: false, segment: 0, segments: 1 }
  do {
    const input = scanRequest(options, { ...scope, liveAt: liveAt ?? Date.now() }, startKey)
    const page = await connection.request('Scan', input)
    yield { items: page.Items ?? [], areWhole: true }
    startKey = page.LastEvaluatedKey
  } while (startKey !== undefined)
}

function reportScan(connection: Connection): void {
  if (reported.has(connection)) return
  reported.add(connection)
  const { table } = connection.options
  console.warn(
    `[unsession] table \`${table}\` has no index \`${USER_INDEX}\`: listing or signing out a user reads the whole table. ` +
      `Add the index: \`npx unsession table create --table ${table}\``,
  )
}

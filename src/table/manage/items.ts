import type { Attributes } from '../../../drivers/dynamodb/config/attributes.ts'
import { Connection } from '../../../drivers/dynamodb/client/connection.ts'
import { type Item, itemSize } from '../../../drivers/dynamodb/model/item.ts'
import { toStoredKey } from '../../../drivers/dynamodb/model/keys.ts'
import { withTable } from './client.ts'
import { type TableOptions, resolveTable } from './options.ts'

/** An item as stored, expired or not. Times are in ms since the epoch. */
export interface ItemFacts {
  /** The stored key without the option `base`. */
  key: string
  /** Value attribute. `undefined` if it is neither text nor bytes. */
  value: string | Uint8Array | undefined
  /** Size in bytes, as DynamoDB counts it. */
  size: number
  version: number | undefined
  created: number | undefined
  updated: number | undefined
  /** Expiry. `undefined` for an item that never expires. */
  expires: number | undefined
  user: string | undefined
}

/** One page of a scan. */
export interface ItemPage {
  /** The items with the option `base`. */
  items: ItemFacts[]
  /** Number of items read, including those without the option `base`. */
  scanned: number
  /** Read units that this page consumed. */
  units: number
  /** Whether this is the table's last page. */
  last: boolean
}

/** Returns DynamoDB's count of items and bytes, up to six hours old. */
export async function countItems(options: TableOptions): Promise<{ items: number; bytes: number }> {
  const settings = resolveTable('describeTable', options)
  const { ItemCount = 0, TableSizeBytes = 0 } = await withTable(settings, (client) =>
    client.describeExisting(),
  )
  return { items: ItemCount, bytes: TableSizeBytes }
}

/** Default maximum of items in a page. */
const PAGE = 1000

/**
 * Reads one item strongly.
 *
 * @param key - without the option `base`
 * @returns `undefined` if there is no such item
 */
export async function readItem(key: string, options: TableOptions): Promise<ItemFacts | undefined> {
  const settings = resolveTable('describeTable', options)
  const { table, attributes, base } = settings
  const { sort } = attributes
  return withTable(settings, async (client) => {
    const Key = {
      [attributes.key]: { S: toStoredKey(base, key) },
      ...(sort && { [sort.name]: { S: sort.value } }),
    }
    const { Item } = await client.call('GetItem', { TableName: table, Key, ConsistentRead: true })
    return Item && toItemFacts(Item, attributes, base)
  })
}

/**
 * Reads a table page by page. DynamoDB orders items by a hash of their keys, so with random keys the first items are a
 * random sample.
 *
 * @param limit - maximum number of items to read
 * @param pageSize - maximum number of items in a page. DynamoDB also ends a page at 1 MB
 */
export async function* scanItems(
  options: TableOptions,
  limit: number,
  pageSize: number = PAGE,
): AsyncGenerator<ItemPage> {
  const settings = resolveTable('describeTable', options)
  const { table, attributes, base } = settings
  const connection = new Connection(settings)
  let left = limit
  let next: Item | undefined
  try {
    do {
      const page = await connection.request('Scan', {
        TableName: table,
        Limit: Math.min(left, pageSize),
        ReturnConsumedCapacity: 'TOTAL',
        ...(next && { ExclusiveStartKey: next }),
      })
      const { Items = [], ConsumedCapacity } = page
      next = page.LastEvaluatedKey
      left -= Items.length
      yield {
        items: Items.map((item) => toItemFacts(item, attributes, base)).filter((item) => item !== undefined),
        scanned: Items.length,
        units: ConsumedCapacity?.CapacityUnits ?? 0,
        last: next === undefined,
      }
    } while (next !== undefined && left > 0)
  } finally {
    await connection.dispose()
  }
}

/** Returns `undefined` for an item without the option `base`, or with another sort value. */
function toItemFacts(item: Item, attributes: Attributes, base: string): ItemFacts | undefined {
  const { sort } = attributes
  const key = item[attributes.key]?.S
  if (key === undefined || !key.startsWith(base)) return undefined
  if (sort && item[sort.name]?.S !== sort.value) return undefined
  const number = (name: string): number | undefined => {
    const text = item[name]?.N
    return text === undefined ? undefined : Number(text)
  }
  const instant = (name: string): number | undefined => {
    const seconds = number(name)
    return seconds === undefined ? undefined : seconds * 1000
  }
  return {
    key: key.slice(base.length),
    value: item[attributes.value]?.S ?? item[attributes.value]?.B,
    size: itemSize(item),
    version: number(attributes.version),
    created: instant(attributes.created),
    updated: instant(attributes.updated),
    expires: instant(attributes.expires),
    user: item[attributes.user]?.S,
  }
}

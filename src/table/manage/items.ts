import type { Attributes } from '../../../drivers/dynamodb/attributes.ts'
import { Connection } from '../../../drivers/dynamodb/connection.ts'
import { type Item, itemSize } from '../../../drivers/dynamodb/item.ts'
import { toStoredKey } from '../../../drivers/dynamodb/keys.ts'
import { withTable } from './client.ts'
import { type TableOptions, resolveTable } from './options.ts'

/** An item as it stands in the table, expired ones included. Instants are ms since the epoch. */
export interface ItemFacts {
  /** As stored, less the option `base`. */
  key: string
  /** `undefined` when it is neither text nor bytes. */
  value: string | Uint8Array | undefined
  /** Bytes of the item as DynamoDB counts them. */
  size: number
  version: number | undefined
  created: number | undefined
  updated: number | undefined
  /** `undefined` for an item that never expires. */
  expires: number | undefined
  user: string | undefined
}

/** A page of a scan. */
export interface ItemPage {
  /** Those below the option `base`. */
  items: ItemFacts[]
  /** Items read for it, others' included. */
  scanned: number
  /** Read units it has consumed. */
  units: number
  /** Whether it was the last one of the table. */
  last: boolean
}

/** What DynamoDB says of a table's size, up to six hours late. */
export async function countItems(options: TableOptions): Promise<{ items: number; bytes: number }> {
  const settings = resolveTable('describeTable', options)
  const { ItemCount = 0, TableSizeBytes = 0 } = await withTable(settings, (client) =>
    client.describeExisting(),
  )
  return { items: ItemCount, bytes: TableSizeBytes }
}

const PAGE = 1000

/**
 * One item, read strongly; `undefined` when there is none.
 *
 * @param key - without the option `base`
 */
export async function readItem(key: string, options: TableOptions): Promise<ItemFacts | undefined> {
  const settings = resolveTable('describeTable', options)
  const { table, attributes, base } = settings
  return withTable(settings, async (client) => {
    const Key = { [attributes.key]: { S: toStoredKey(base, key) } }
    const { Item } = await client.call('GetItem', { TableName: table, Key, ConsistentRead: true })
    return Item && toItemFacts(Item, attributes, base)
  })
}

/**
 * Go through a table page by page, in the order of a hash of the keys: where keys are random, the first items are a fair
 * sample of all.
 *
 * @param limit - items to read, at most
 * @param pageSize - items of a page, at most; DynamoDB itself ends one at 1 MB
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

/** `undefined` for an item that is not below `base`. */
function toItemFacts(item: Item, attributes: Attributes, base: string): ItemFacts | undefined {
  const key = item[attributes.key]?.S
  if (key === undefined || !key.startsWith(base)) return undefined
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

import type { Connection } from './connection.ts'
import { UnsessionError } from '../utils/errors.ts'
import { type Item, type ItemContext, parseItem } from './item.ts'
import { scanRequest, userQuery } from './scan-requests.ts'
import { isMissingIndex } from './failure.ts'

/** A live item of an owner. */
export interface OwnedItem {
  key: string
  value: string | Uint8Array
}

/**
 * Live items written with this `user`, page by page: by the sparse index, or by a scan where the table has none.
 *
 * An index is eventually consistent: what was written a moment ago may be missing, what was removed may still be listed.
 *
 * @param prefix - only keys that begin so; it is not part of the keys returned
 * @param liveAt - what was live then and is still there, ms since the epoch; by default what is live at each page
 */
export async function* userItems(
  connection: Connection,
  user: string,
  prefix: string,
  liveAt?: number,
): AsyncGenerator<OwnedItem> {
  const { options } = connection
  let isIndexed = true
  let startKey: Item | undefined
  do {
    const now = liveAt ?? Date.now()
    const page = await nextPage(connection, user, prefix, now, isIndexed, startKey)
    isIndexed = page.isIndexed
    for (const item of page.items) {
      const key = item[options.attributes.key]?.S
      if (key === undefined || !key.startsWith(prefix)) continue
      const value = liveValue(item, options, now)
      if (value !== undefined) yield { key: key.slice(prefix.length), value }
    }
    startKey = page.startKey
  } while (startKey !== undefined)
}

/** An item that cannot be read is left out, so that it does not hide the others. */
function liveValue(item: Item, table: ItemContext, now: number): OwnedItem['value'] | undefined {
  try {
    return parseItem(item, table, now)?.value
  } catch (error) {
    if (error instanceof UnsessionError) return undefined
    throw error
  }
}

interface Page {
  items: Item[]
  startKey: Item | undefined
  isIndexed: boolean
}

async function nextPage(
  connection: Connection,
  user: string,
  prefix: string,
  now: number,
  isIndexed: boolean,
  startKey: Item | undefined,
): Promise<Page> {
  const { options } = connection
  if (isIndexed) {
    try {
      const output = await connection.request('Query', userQuery(options, user, now, startKey))
      return { items: output.Items ?? [], startKey: output.LastEvaluatedKey, isIndexed }
    } catch (error) {
      if (!isMissingIndex(error)) throw error
    }
  }
  const scope = { prefix, user, liveAt: now, values: true, consistent: false, segment: 0, segments: 1 }
  const output = await connection.request('Scan', scanRequest(options, scope, startKey))
  return { items: output.Items ?? [], startKey: output.LastEvaluatedKey, isIndexed: false }
}

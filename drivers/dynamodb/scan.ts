import { batchWrite, inChunks } from './batch.ts'
import type { Connection } from './connection.ts'
import type { Item } from './item.ts'
import { MAX_BATCH_WRITE, deleteWrite, scanRequest } from './requests.ts'
import { toDriverError, tornAnswer } from './sdk-errors.ts'

/** Segments a table is scanned in, at once. */
const SEGMENTS = 4

/**
 * Go through all keys with a prefix, a page at a time, {@link SEGMENTS} segments at once. A segment's next page is asked
 * for when `onPage` is done with the one before, so memory is bounded by pages. After a failure no page is begun.
 *
 * @param liveAt - leave out what has expired at this instant, ms since the epoch
 */
async function scanKeys(
  connection: Connection,
  scope: { prefix: string; consistent: boolean; liveAt?: number },
  onPage: (keys: string[]) => void | Promise<void>,
): Promise<void> {
  const { options } = connection
  let failed = false
  const scanSegment = async (segment: number): Promise<void> => {
    let startKey: Item | undefined
    do {
      const input = scanRequest(options, { ...scope, segment, segments: SEGMENTS }, startKey)
      const page = await connection.request('Scan', input)
      if (page.Items === undefined)
        throw toDriverError(tornAnswer(), { operation: 'Scan', table: options.table })
      const keys = page.Items.flatMap((item) => item[options.attributes.key]?.S ?? [])
      if (keys.length > 0) await onPage(keys)
      startKey = page.LastEvaluatedKey
    } while (startKey !== undefined && !failed)
  }
  const segments = Array.from({ length: SEGMENTS }, async (_, segment) => {
    try {
      await scanSegment(segment)
    } catch (error) {
      failed = true
      throw error
    }
  })
  await Promise.all(segments)
}

/** Live keys with a prefix. */
export async function listKeys(
  connection: Connection,
  prefix: string,
  consistent: boolean,
): Promise<string[]> {
  const all: string[] = []
  await scanKeys(connection, { prefix, consistent, liveAt: Date.now() }, (keys) => {
    for (const key of keys) all.push(key)
  })
  return all
}

/** Delete everything with a prefix, expired items included. Reads strongly: what was written before is deleted. */
export async function clearKeys(connection: Connection, prefix: string): Promise<void> {
  const { options } = connection
  const clearPage = (keys: string[]): Promise<void> =>
    inChunks(
      connection,
      'BatchWriteItem',
      keys,
      MAX_BATCH_WRITE,
      (chunk, call) =>
        batchWrite(
          connection,
          chunk.map((key) => deleteWrite(options, key)),
          call,
        ),
      // The segments already run side by side.
      1,
    )
  await scanKeys(connection, { prefix, consistent: true }, clearPage)
}

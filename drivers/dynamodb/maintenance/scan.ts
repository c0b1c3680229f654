import { batchWrite, inChunks } from '../operations/batch.ts'
import type { Call } from '../client/call.ts'
import type { Connection } from '../client/connection.ts'
import type { Item } from '../model/item.ts'
import { MAX_BATCH_WRITE } from '../requests/read.ts'
import { type ScanScope, scanRequest } from './scan-requests.ts'
import { truncatedResponse } from '../client/sdk-failures.ts'
import { toDriverError } from '../client/to-error.ts'
import { deleteWrite } from '../requests/write.ts'

/** Number of segments that are scanned in parallel. */
const SEGMENTS = 4

/** Filters of a scan of all segments. */
type Scope = Omit<ScanScope, 'segment' | 'segments'>

/**
 * Scans all keys of a scope, {@link SEGMENTS} segments in parallel. A segment requests its next page after `onPage` is done
 * with the last one, so at most one page a segment is in memory. After a failure no further page is requested.
 *
 * @param onPage - called with the keys of each page
 */
async function scanKeys(
  connection: Connection,
  scope: Scope,
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
        throw toDriverError(truncatedResponse(), { operation: 'Scan', table: options.table })
      const keys = page.Items.flatMap((item) => item[options.attributes.key]?.S ?? [])
      await onPage(keys)
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

/** Returns the live keys with a prefix. */
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

/** Deletes all items with a prefix, expired ones included. Reads strongly, so that it finds every item written before. */
export async function clearKeys(connection: Connection, prefix: string): Promise<void> {
  await scanKeys(connection, { prefix, consistent: true }, (keys) => deleteKeys(connection, keys))
}

async function deleteKeys(connection: Connection, keys: string[]): Promise<void> {
  const { options } = connection
  const work = async (chunk: readonly string[], call: Call): Promise<void> => {
    const deletes = chunk.map((key) => deleteWrite(options, key))
    await batchWrite(connection, deletes, call)
  }
  // One chunk at a time, because the segments already run in parallel.
  await inChunks(connection, 'BatchWriteItem', keys, MAX_BATCH_WRITE, work, 1)
}

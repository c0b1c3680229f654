import { batchWrite, inChunks } from '../operations/batch.ts'
import type { Call } from '../client/call.ts'
import type { Connection } from '../client/connection.ts'
import type { Item } from '../model/item.ts'
import { MAX_BATCH_WRITE } from '../requests/read.ts'
import { type ScanScope, scanRequest } from './scan-requests.ts'
import { truncatedResponse } from '../client/sdk-failures.ts'
import { toDriverError } from '../client/to-error.ts'
import { deleteWrite } from '../requests/write.ts'

/** Segments a table is scanned in, at once. */
const SEGMENTS = 4

/** Which keys are gone through. */
type Scope = Omit<ScanScope, 'segment' | 'segments'>

/**
 * Go through all keys of a scope, a page at a time, {@link SEGMENTS} segments at once. A segment's next page is asked for
 * when `onPage` is done with the one before, so memory is bounded by pages. After a failure no page is begun.
 *
 * @param onPage - told the keys
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
  await scanKeys(connection, { prefix, consistent: true }, (keys) => deleteKeys(connection, keys))
}

async function deleteKeys(connection: Connection, keys: string[]): Promise<void> {
  const { options } = connection
  const work = async (chunk: readonly string[], call: Call): Promise<void> => {
    const deletes = chunk.map((key) => deleteWrite(options, key))
    await batchWrite(connection, deletes, call)
  }
  // One at a time: the segments already run side by side.
  await inChunks(connection, 'BatchWriteItem', keys, MAX_BATCH_WRITE, work, 1)
}

import { invalidOption } from '../utils/errors.ts'
import { batchWrite, inChunks } from './batch.ts'
import type { Call } from './call.ts'
import type { Connection } from './connection.ts'
import type { Item } from './item.ts'
import { MAX_BATCH_WRITE } from './requests.ts'
import { type ScanScope, scanRequest } from './scan-requests.ts'
import { tornAnswer } from './failure.ts'
import { toDriverError } from './sdk-errors.ts'
import { deleteWrite } from './write-requests.ts'

/** Segments a table is scanned in, at once. */
const SEGMENTS = 4

/** Which keys are gone through. */
type Scope = Omit<ScanScope, 'segment' | 'segments'>

/**
 * Go through all keys of a scope, a page at a time, {@link SEGMENTS} segments at once. A segment's next page is asked for
 * when `onPage` is done with the one before, so memory is bounded by pages. After a failure no page is begun.
 *
 * @param onPage - told the keys, and how many items were read to find them
 */
async function scanKeys(
  connection: Connection,
  scope: Scope,
  onPage: (keys: string[], scanned: number) => void | Promise<void>,
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
      await onPage(keys, page.ScannedCount ?? keys.length)
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

/** Options of a sweep. */
export interface SweepOptions {
  /** Seconds an item must have been expired for. Default 60: above any read lag and clock skew. */
  grace?: number
  /** Told after each page. */
  onProgress?: (progress: SweepResult) => void
  /** Ends the sweep; what was deleted stays deleted. */
  signal?: AbortSignal
}

/** What a sweep has done. */
export interface SweepResult {
  /** Items looked at. */
  scanned: number
  /** Expired items deleted. */
  deleted: number
}

/**
 * Delete what has expired. The deletes are not conditional, which is safe where an expired key is never written again, as
 * with session ids.
 */
export async function sweepKeys(
  connection: Connection,
  prefix: string,
  options: SweepOptions,
): Promise<SweepResult> {
  const { grace = 60, onProgress, signal } = options
  if (typeof grace !== 'number' || !(grace >= 0))
    throw invalidOption('grace', 'must be a number of seconds, 0 or more')
  signal?.throwIfAborted()
  const result: SweepResult = { scanned: 0, deleted: 0 }
  const expiredAt = Date.now() - grace * 1000
  await scanKeys(connection, { prefix, consistent: false, expiredAt }, async (keys, scanned) => {
    await deleteKeys(connection, keys, signal)
    result.scanned += scanned
    result.deleted += keys.length
    onProgress?.({ ...result })
    signal?.throwIfAborted()
  })
  return result
}

async function deleteKeys(connection: Connection, keys: string[], signal?: AbortSignal): Promise<void> {
  const { options } = connection
  const work = async (chunk: readonly string[], call: Call): Promise<void> => {
    signal?.throwIfAborted()
    const deletes = chunk.map((key) => deleteWrite(options, key))
    await batchWrite(connection, deletes, call)
  }
  // One at a time: the segments already run side by side.
  await inChunks(connection, 'BatchWriteItem', keys, MAX_BATCH_WRITE, work, 1)
}

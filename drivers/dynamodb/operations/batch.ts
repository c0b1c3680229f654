import { backoff } from '../../utils/backoff.ts'
import type { WriteRequest } from '@aws-sdk/client-dynamodb'
import type { Call } from '../client/call.ts'
import type { Connection, Operation } from '../client/connection.ts'
import { truncatedResponse } from '../client/sdk-failures.ts'
import type { Item } from '../model/item.ts'
import { MAX_BATCH_GET, MAX_BATCH_WRITE, batchGetRequest, batchWriteRequest } from '../requests/read.ts'
import { toDriverError } from '../client/to-error.ts'

/** Time limit for retries of unprocessed entries while DynamoDB processes none of them, ms. */
const NO_PROGRESS_LIMIT = 10_000

/** Chunks of a bulk operation in flight at once. */
const CONCURRENCY = 4

/**
 * Reads up to 100 keys in one BatchGetItem.
 *
 * @param onItem - called once for each processed key, with its item or `undefined` if there is none
 * @returns the keys that DynamoDB left unprocessed
 */
export async function batchGet(
  connection: Connection,
  keys: readonly string[],
  consistent: boolean,
  call: Call,
  onItem: (key: string, item: Item | undefined) => void,
): Promise<string[]> {
  const { attributes } = connection.options
  const output = await connection.send(
    'BatchGetItem',
    batchGetRequest(connection.options, keys, consistent),
    call,
  )
  // Only the keys are used, because some endpoints leave out `ConsistentRead` here.
  const unprocessed = new Set<string>()
  for (const key of Object.values(output.UnprocessedKeys ?? {}).flatMap(({ Keys }) => Keys ?? [])) {
    const name = key[attributes.key]?.S
    if (name !== undefined) unprocessed.add(name)
  }
  const found = new Map<string, Item>()
  if (output.Responses === undefined) throw truncatedResponse()
  for (const item of Object.values(output.Responses).flat()) {
    const name = item[attributes.key]?.S
    if (name !== undefined) found.set(name, item)
  }
  const left: string[] = []
  for (const key of keys) {
    if (unprocessed.has(key) && !found.has(key)) left.push(key)
    else onItem(key, found.get(key))
  }
  return left
}

/** Reads any number of distinct keys. @returns the items that exist, by key */
export async function batchGetAll(
  connection: Connection,
  keys: readonly string[],
  consistent: boolean,
): Promise<Map<string, Item>> {
  const found = new Map<string, Item>()
  await inChunks(connection, 'BatchGetItem', keys, MAX_BATCH_GET, (chunk, call) =>
    untilProcessed([...chunk], call, (pending) =>
      connection.call('BatchGetItem', undefined, (request) =>
        batchGet(connection, pending, consistent, request, (key, item) => {
          if (item !== undefined) found.set(key, item)
        }),
      ),
    ),
  )
  return found
}

/** Sends any number of puts of distinct keys. */
export async function batchWriteAll(connection: Connection, writes: readonly WriteRequest[]): Promise<void> {
  await inChunks(connection, 'BatchWriteItem', writes, MAX_BATCH_WRITE, (chunk, call) =>
    batchWrite(connection, chunk, call),
  )
}

/** Sends up to 25 puts and deletes in one BatchWriteItem, and unprocessed ones again. */
export async function batchWrite(
  connection: Connection,
  writes: readonly WriteRequest[],
  call: Call,
): Promise<void> {
  const { options } = connection
  await untilProcessed([...writes], call, async (pending) => {
    const output = await connection.request('BatchWriteItem', batchWriteRequest(options, pending))
    return Object.values(output.UnprocessedItems ?? {}).flat()
  })
}

/**
 * Sends entries until DynamoDB has processed all of them, with backoff from 50 ms to 1 s.
 *
 * @param round - sends the pending entries and returns the unprocessed ones
 * @throws a throttling error if DynamoDB has processed no entry for {@link NO_PROGRESS_LIMIT}
 */
async function untilProcessed<T>(
  pending: T[],
  call: Call,
  round: (pending: T[]) => Promise<T[]>,
): Promise<void> {
  let lastProgress = performance.now()
  for (let pushbacks = 0; ; pushbacks++) {
    const before = pending.length
    pending = await round(pending)
    if (pending.length === 0) return
    if (call.aborted) throw call.reason
    if (pending.length < before) {
      lastProgress = performance.now()
      pushbacks = 0
    }
    if (performance.now() - lastProgress > NO_PROGRESS_LIMIT) throw leftUnprocessed(pending.length)
    await pauseUnprocessed(call, pending.length, pushbacks)
  }
}

/**
 * Waits before unprocessed entries are sent again, with backoff from 50 ms to 1 s.
 *
 * @param entries - number of unprocessed entries
 * @param retries - retries since the last entry was processed
 * @throws the call's reason, if the call is ended first
 */
export async function pauseUnprocessed(call: Call, entries: number, retries: number): Promise<void> {
  call.note(leftUnprocessed(entries))
  await call.pause(backoff(retries, { first: 50, max: 1000 }))
  if (call.aborted) throw call.reason
}

/** Returns a throttling error. DynamoDB reports a throttled part of a batch as unprocessed entries, without an error. */
function leftUnprocessed(entries: number): Error {
  return Object.assign(new Error(`${entries} entries were left unprocessed`), { name: 'ThrottlingException' })
}

/**
 * Processes a list in chunks, several at a time. If one chunk fails, the calls of the others are ended.
 *
 * @param size - entries in a chunk
 * @param workers - chunks in flight at once
 */
export async function inChunks<T>(
  connection: Connection,
  operation: Operation,
  list: readonly T[],
  size: number,
  work: (chunk: readonly T[], call: Call) => Promise<void>,
  workers: number = CONCURRENCY,
): Promise<void> {
  const calls = new Set<Call>()
  let next = 0
  let failed = false
  const worker = async (): Promise<void> => {
    while (next < list.length && !failed) {
      const chunk = list.slice(next, (next += size))
      const call = connection.begin()
      calls.add(call)
      try {
        await work(chunk, call)
      } catch (error) {
        failed = true
        for (const other of calls) other.end(error)
        throw toDriverError(error, { operation, table: connection.options.table })
      } finally {
        calls.delete(call)
        connection.finish(call)
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, worker))
}

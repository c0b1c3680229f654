import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { BatchGetItemCommandInput, WriteRequest } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as awsErrors from './aws-errors.ts'
import * as faults from './faults.ts'
import { startProxy } from './proxy.ts'
import type { Proxy } from './proxy.ts'
import { anyEngine } from '../suites.ts'
import { createTestTable } from '../engines/tables.ts'
import type { TestTable } from '../engines/tables.ts'
import { nothingProcessed, unprocessed } from './unprocessed.ts'

let table: TestTable
let proxy: Proxy
/** Tries once. */
let single: DynamoDBClient
/** Tries as often as the SDK does by default. */
let retrying: DynamoDBClient

beforeAll(async () => {
  table = await createTestTable(anyEngine())
  proxy = await startProxy(table.options.endpoint)
  single = new DynamoDBClient({ ...table.options, endpoint: proxy.url, maxAttempts: 1 })
  retrying = new DynamoDBClient({ ...table.options, endpoint: proxy.url })
  await table.put(item('a'))
})
afterEach(() => proxy.reset())
afterAll(async () => {
  single.destroy()
  retrying.destroy()
  await proxy.stop()
  await table.drop()
})

const key = (name: string) => ({ session_key: { S: name } })
const item = (name: string) => ({ ...key(name), data: { S: 'x'.repeat(200) } })
const get = () => new GetItemCommand({ TableName: table.table, Key: key('a') })
const put = (name: string) => new PutItemCommand({ TableName: table.table, Item: item(name) })

describe('the SDK', () => {
  test('works through the proxy', async () => {
    expect((await single.send(get())).Item).toEqual(item('a'))
    expect(proxy.calls).toMatchObject([
      { operation: 'GetItem', body: { TableName: table.table }, status: 200 },
    ])
  })

  test.each([
    ['InternalServerError', awsErrors.internalServerError, 500],
    ['ServiceUnavailable', awsErrors.serviceUnavailable, 503],
    ['ProvisionedThroughputExceededException', awsErrors.provisionedThroughputExceeded, 400],
    ['ThrottlingException', awsErrors.throttling, 400],
    ['RequestLimitExceeded', awsErrors.requestLimitExceeded, 400],
    ['UnrecognizedClientException', awsErrors.unrecognizedClient, 400],
    ['ExpiredTokenException', awsErrors.expiredToken, 400],
    ['ResourceNotFoundException', awsErrors.resourceNotFound, 400],
    ['AccessDeniedException', awsErrors.accessDenied, 400],
    ['ValidationException', awsErrors.validation('wrong'), 400],
  ])('knows %s', async (name, fault, status) => {
    proxy.fault({ do: fault })
    await expect(single.send(get())).rejects.toMatchObject({
      name,
      message: expect.stringMatching(/\w/),
      $metadata: { httpStatusCode: status },
    })
  })

  test.each([
    ['resetBefore', faults.resetBefore],
    ['halfBody', faults.halfBody],
    ['truncatedBody', faults.truncatedBody],
    ['garbage', faults.garbage()],
    ['garbage from a load balancer', faults.garbage(502)],
  ])('rejects after %s', async (_name, fault) => {
    proxy.fault({ do: fault })
    await expect(single.send(get())).rejects.toThrow(/./)
  })

  test('retries a call that was carried out but not answered', async () => {
    proxy.fault({ times: 1, do: faults.resetAfter })
    await retrying.send(put('again'))
    expect(proxy.calls.map((call) => call.status)).toEqual([null, 200])
    expect(await table.get('again')).toEqual(item('again'))
  })

  test('retries throttled calls', async () => {
    proxy.fault({ times: 1, do: awsErrors.provisionedThroughputExceeded })
    expect((await retrying.send(get())).Item).toEqual(item('a'))
    expect(proxy.count('GetItem')).toBe(2)
  })
})

describe('batches', () => {
  test('are complete when the client retries unprocessed items', async () => {
    proxy.fault({ do: unprocessed({ seed: 3 }) })
    const names = Array.from({ length: 20 }, (_, n) => `batch-${n}`)
    let writes: Record<string, WriteRequest[]> | undefined = {
      [table.table]: names.map((name) => ({ PutRequest: { Item: item(name) } })),
    }
    while (writes && Object.keys(writes).length > 0) {
      const batch: BatchWriteItemCommand = new BatchWriteItemCommand({ RequestItems: writes })
      writes = (await single.send(batch)).UnprocessedItems
    }
    let reads: BatchGetItemCommandInput['RequestItems'] = {
      [table.table]: { ConsistentRead: true, Keys: names.map(key) },
    }
    const found: unknown[] = []
    while (reads && Object.keys(reads).length > 0) {
      const batch: BatchGetItemCommand = new BatchGetItemCommand({ RequestItems: reads })
      const { Responses, UnprocessedKeys } = await single.send(batch)
      found.push(...(Responses?.[table.table] ?? []))
      reads = UnprocessedKeys
    }
    expect(found).toHaveLength(names.length)
    expect(found).toEqual(expect.arrayContaining(names.map(item)))
    expect(proxy.count('BatchWriteItem')).toBeGreaterThan(1)
    expect(proxy.count('BatchGetItem')).toBeGreaterThan(1)
  })

  test('can make no progress at all', async () => {
    proxy.fault({ do: nothingProcessed })
    const RequestItems = { [table.table]: { Keys: [key('a')] } }
    const answer = await single.send(new BatchGetItemCommand({ RequestItems }))
    expect(answer).toMatchObject({ Responses: {}, UnprocessedKeys: RequestItems })
  })
})

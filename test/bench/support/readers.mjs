import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { startServer } from './children.mjs'
import { inTurn, median } from './measure.mjs'

const TABLE = 'sessions'
const KEY = 'session_key'
const VALUE = 'x'.repeat(400)
const MAX_READERS = 128
const WARM_UP_MS = 700
const SLICE_MS = 300

const dynalite = new URL('../../support/engines/engine.mjs', import.meta.url)
const lean = new URL('lean-endpoint.mjs', import.meta.url)
const delayProxy = new URL('delay-proxy.mjs', import.meta.url)

/**
 * Run something once for each endpoint: dynalite, and one that costs next to nothing and so does not limit the reader.
 *
 * @param delay - ms of network to put before it
 * @param measure - given the endpoint's name, and `compare(readers, pairs)`
 */
export async function* withEndpoints(entries, delay, measure) {
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  for (const [name, file, args] of [
    ['dynalite', dynalite, ['dynalite', '{}']],
    ['lean endpoint', lean, []],
  ]) {
    const server = await startServer(file, args)
    const proxy = delay > 0 ? await startServer(delayProxy, [server.port, delay].map(String)) : undefined
    const { endpoint } = proxy ?? server
    const options = {
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    }
    const client = new DynamoDBClient(options)
    const documents = DynamoDBDocumentClient.from(client)
    const driver = dynamodb({ table: TABLE, ...options })
    await fill(client)

    const ours = (key) => driver.getItem(key)
    const reference = async (key) => {
      const { Item } = await documents.send(new GetCommand({ TableName: TABLE, Key: { [KEY]: key } }))
      return Item?.data
    }
    yield* measure(name, async (readers, pairs) => {
      for (const read of [ours, reference]) await readFor(WARM_UP_MS, read, readers)
      return inTurn(
        pairs,
        () => readFor(SLICE_MS, ours, readers),
        () => readFor(SLICE_MS, reference, readers),
      )
    })
    await driver.dispose()
    client.destroy()
    await proxy?.stop()
    await server.stop()
  }
}

/**
 * Let readers read for a while, each its own key over and over.
 *
 * @returns ms: `time` and `cpu` that went by for each read, `p50` of how long a read took
 */
async function readFor(ms, read, readers) {
  const latencies = []
  const cpuBefore = process.cpuUsage()
  const begin = performance.now()
  await Promise.all(
    keys(readers).map(async (key) => {
      for (let at = performance.now(); at - begin < ms;) {
        const value = await read(key)
        if (value !== VALUE) throw new Error(`read something else than was written to ${key}`)
        const now = performance.now()
        latencies.push(now - at)
        at = now
      }
    }),
  )
  const elapsed = performance.now() - begin
  const { user, system } = process.cpuUsage(cpuBefore)
  const reads = latencies.length
  return { time: elapsed / reads, cpu: (user + system) / 1000 / reads, p50: median(latencies) }
}

async function fill(client) {
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: KEY, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: KEY, AttributeType: 'S' }],
    }),
  )
  const puts = keys(MAX_READERS).map((key) => ({
    PutRequest: { Item: { [KEY]: { S: key }, data: { S: VALUE } } },
  }))
  while (puts.length > 0) {
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: puts.splice(0, 25) } }))
  }
}

function keys(count) {
  return Array.from({ length: count }, (_, index) => `reader-${index}`)
}

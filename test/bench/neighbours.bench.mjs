import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTurn, median, rowOf } from './support/measure.mjs'

const TABLE = 'sessions'
const KEY = 'session_key'
const NETWORK_MS = 3
const READS_PER_SECOND = 100
const SECONDS = 2
const BAR = 1.5

const TROUBLES = [
  { name: 'one key is throttled, 5 reads a second of it', key: 'throttled', every: 200 },
  { name: '4 requests hang', key: 'hung', every: 5, times: 4 },
]

/** Measures reads while requests for other keys fail or hang: with read coalescing, compared with `batch: false`. */
export async function* measure(entries) {
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  const endpoint = await startEndpoint()
  const options = {
    table: TABLE,
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  }
  try {
    for (const trouble of TROUBLES) {
      const run = async (batch) => {
        const driver = dynamodb({ ...options, ...batch })
        const p50 = await readBeside(driver, trouble)
        await driver.dispose()
        return p50
      }
      const pairs = await inTurn(
        3,
        () => run({}),
        () => run({ batch: false }),
      )
      yield rowOf(
        { name: `${trouble.name}: p50 of the others`, unit: 'ms', atMost: BAR },
        pairs,
        (p50) => p50,
      )
    }
  } finally {
    await endpoint.stop()
  }
}

/** Reads healthy keys in parallel with faulty ones. @returns the median duration of a healthy read, in ms */
async function readBeside(driver, { key, every, times = Infinity }) {
  await driver.getItem('first')
  const troubled = []
  const taken = []
  const reads = []
  const begin = performance.now()
  for (let at = 0; at < SECONDS * 1000; at = performance.now() - begin) {
    while (troubled.length < times && troubled.length * every <= at)
      troubled.push(driver.getItem(`${key}-${times === Infinity ? 0 : troubled.length}`).catch(() => {}))
    while ((reads.length * 1000) / READS_PER_SECOND <= at) {
      const sent = performance.now()
      reads.push(
        driver
          .getItem(`key-${reads.length}`)
          .catch(() => {})
          .then(() => taken.push(performance.now() - sent)),
      )
    }
    await sleep(2)
  }
  await Promise.all([...reads, ...troubled])
  return median(taken)
}

/** Starts an endpoint with one throttled key, which batches leave unprocessed, and keys for which it never answers. */
async function startEndpoint() {
  const isThrottled = (key) => key.startsWith('throttled')
  const itemOf = (key) => ({ [KEY]: { S: key }, data: { S: 'x' } })
  const operations = {
    GetItem({ Key }) {
      const key = Key[KEY].S
      if (!isThrottled(key)) return { Item: itemOf(key) }
      return {
        __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
        message: '',
      }
    },
    BatchGetItem({ RequestItems }) {
      const keys = RequestItems[TABLE].Keys.map((key) => key[KEY].S)
      const left = keys.filter(isThrottled).map((key) => ({ [KEY]: { S: key } }))
      return {
        Responses: { [TABLE]: keys.filter((key) => !isThrottled(key)).map(itemOf) },
        UnprocessedKeys: left.length > 0 ? { [TABLE]: { Keys: left } } : {},
      }
    },
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (body.includes('"hung-')) return
    const answer = operations[request.headers['x-amz-target'].split('.')[1]](JSON.parse(body))
    await sleep(NETWORK_MS)
    response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(answer))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}

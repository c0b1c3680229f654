import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BatchWriteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { startServer } from './support/children.mjs'
import { DATA } from './support/session-data.mjs'
import { createTables } from './support/session-tables.mjs'
import { timesLessRow } from './support/times-less.mjs'

const ROUNDS = 3
const OURS = { table: 'sessions', key: 'session_key', expires: 'expire_date', expired: 20_000, live: 2000 }
/** connect-dynamodb deletes items one by one, so its table is smaller, in the same proportion. Figures are per item. */
const CONNECT = { table: 'express-sessions', key: 'id', expires: 'expires', expired: 2000, live: 200 }
const MANY = 1_000_000
/** Items to delete before memory growth is measured. */
const WARM = 50_000
const MAX_GROWTH_MB = 60
const CAPACITY = 500
const CAPACITY_ITEMS = 5000

const script = (name) => new URL(`support/${name}.mjs`, import.meta.url)
const child = fileURLToPath(script('sweep-child'))

/**
 * Measures sweeps: the time and CPU compared with `reap` of connect-dynamodb, on dynalite; the memory that a large table
 * takes; and the capacity used under a limit, as counted by the endpoint.
 */
export async function* measure(entries) {
  const sweep = async (what, endpoint, options = {}, first = 0) => {
    const args = ['--expose-gc', child, what, endpoint, entries.table, JSON.stringify(options), String(first)]
    return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
  }
  yield* comparedWithConnect(sweep)
  yield* memory(sweep)
  yield* capacity(sweep)
}

async function* comparedWithConnect(sweep) {
  const ours = []
  const reference = []
  for (let round = 0; round < ROUNDS; round++) {
    const dynalite = await startServer(script('sweep-dynalite'), [])
    await createTables(dynalite.endpoint, { sessions: 'session_key', 'express-sessions': 'id' })
    const perItem = async (what, items) => {
      await fill(dynalite.endpoint, items)
      const { cpu: before } = await dynalite.ask()
      const { ms, cpu } = await sweep(what, dynalite.endpoint)
      const { cpu: after } = await dynalite.ask()
      await checkSwept(dynalite.endpoint, items)
      return { cpu: (cpu + after - before) / items.expired, us: (ms * 1000) / items.expired }
    }
    ours.push(await perItem('ours', OURS))
    reference.push(await perItem('connect', CONNECT))
    await dynalite.stop()
  }
  const row = (name, atLeast, pick) =>
    timesLessRow({ name, unit: 'us/item', atLeast }, ours.map(pick), reference.map(pick))
  yield row("CPU of both sides, compared with connect-dynamodb's reap (of 2,000)", 8, ({ cpu }) => cpu)
  yield row("time, compared with connect-dynamodb's reap (of 2,000)", 6, ({ us }) => us)
}

/** Stores sessions with the same data. Some expired an hour ago, the others expire in an hour. */
async function fill(endpoint, { table, key, expires, expired, live }) {
  const client = clientOf(endpoint)
  const now = Math.floor(Date.now() / 1000)
  const item = (index) => ({
    [key]: { S: `sess:${String(index).padStart(32, '0')}` },
    data: { S: JSON.stringify(DATA) },
    [expires]: { N: String(index < expired ? now - 3600 : now + 3600) },
  })
  for (let at = 0; at < expired + live; at += 25) {
    const writes = Array.from({ length: 25 }, (_, index) => ({ PutRequest: { Item: item(at + index) } }))
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: writes } }))
  }
  client.destroy()
}

async function checkSwept(endpoint, { table, expires, live }) {
  const client = clientOf(endpoint)
  let counted = 0
  let start
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: start }))
    counted += page.Items.filter((item) => Number(item[expires].N) * 1000 > Date.now()).length
    if (page.Items.length > counted) throw new Error('an expired item was left')
    start = page.LastEvaluatedKey
  } while (start)
  if (counted !== live) throw new Error(`${live - counted} live items were lost`)
  client.destroy()
}

function clientOf(endpoint) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
}

/**
 * Measures the growth of the process while a large table is swept. The runtime allocates its young generation once: even a
 * loop of plain BatchWriteItem calls with the SDK grows by 64 MB. Growth is therefore measured a second time, after the
 * first part of the table.
 */
async function* memory(sweep) {
  for (const [first, name] of [
    [WARM, `after the first ${WARM.toLocaleString('en')}`],
    [0, 'from the start of the process, for the record'],
  ]) {
    const server = await startServer(script('sweep-endpoint'), [String(MANY)])
    const { growth, result } = await sweep('ours', server.endpoint, {}, first)
    const { left } = await server.ask()
    await server.stop()
    if (left > 0 || result.deleted !== MANY) throw new Error(`${left} items were left`)
    yield {
      name: `peak memory growth, ${MANY.toLocaleString('en')} items deleted, ${name}`,
      unit: 'MB',
      ours: growth,
      reference: MAX_GROWTH_MB,
      ratio: growth / MAX_GROWTH_MB,
      bar: first > 0 ? `< ${MAX_GROWTH_MB} MB` : '-',
      met: first === 0 || growth < MAX_GROWTH_MB,
    }
  }
}

async function* capacity(sweep) {
  const server = await startServer(script('sweep-endpoint'), [String(CAPACITY_ITEMS)])
  const { result } = await sweep('ours', server.endpoint, { maxCapacity: CAPACITY })
  const { uses } = await server.ask()
  await server.stop()
  if (result.deleted !== CAPACITY_ITEMS) throw new Error('not all were deleted')
  const total = uses.reduce((sum, [, units]) => sum + units, 0)
  const mean = (total / (uses.at(-1)[0] - uses[0][0])) * 1000
  const busiest = Math.max(...uses.map(([at]) => unitsBetween(uses, at, at + 1000)))
  const name = `units a second with maxCapacity ${CAPACITY}`
  const row = { unit: 'units/s', reference: CAPACITY }
  yield {
    ...row,
    name,
    ours: mean,
    ratio: mean / CAPACITY,
    bar: '0.9 to 1',
    met: mean >= 0.9 * CAPACITY && mean <= CAPACITY,
  }
  yield {
    ...row,
    name: `${name}, the busiest second`,
    ours: busiest,
    ratio: busiest / CAPACITY,
    bar: '<= 1',
    met: busiest <= CAPACITY,
  }
}

function unitsBetween(uses, from, to) {
  return uses.filter(([at]) => at >= from && at < to).reduce((sum, [, units]) => sum + units, 0)
}

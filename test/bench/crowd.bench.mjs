import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMostRow } from './support/at-most.mjs'

const KB = 1000
const MB = 1e6
const WRITE_MS = 5

/** Measures high load and faults: many writers of one session, large sessions, tiers that hang, and silent endpoints. */
export async function* measure(entries) {
  const { createSessionStore } = await import(entries[''])
  const { useSession } = await import(entries.h3)
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  yield* updates(createSessionStore, useSession)
  yield await memory(createSessionStore)
  yield* brokenTiers(createSessionStore)
  yield await silentEndpoint(dynamodb)
}

/** Measures 10,000 parallel updates of one session. */
async function* updates(createSessionStore, useSession) {
  const CALLS = 10_000
  let writes = 0
  const storage = memoryDriver({ onWrite: () => writes++, writeMs: WRITE_MS })
  const store = createSessionStore({ storage })
  const config = { store, password: 'a password of at least 32 characters', cookie: { secure: false } }
  const cookies = []
  const open = (cookie) => {
    const headers = new Headers(cookie ? { cookie } : {})
    const res = { headers: new Headers(), errHeaders: new Headers() }
    return useSession({ req: { headers }, res, headers, context: {} }, config)
  }
  const first = await open()
  await first.update({ n: 0 })
  cookies.push(`h3=${first.token}`)
  const sessions = await Promise.all(Array.from({ length: CALLS }, () => open(cookies[0])))
  writes = 0
  const before = heap()
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().heapUsed)), 20)
  const results = await Promise.allSettled(
    sessions.map((session) => session.update(({ n }) => ({ n: n + 1 }))),
  )
  clearInterval(timer)
  const failed = results.filter(({ status }) => status === 'rejected').length
  const lost = CALLS - (await store.load(first.id, { consistent: true })).data.n
  yield atMostRow(
    '10,000 parallel updates of one session: failed or lost',
    'calls',
    failed + Math.abs(lost),
    0,
  )
  yield atMostRow('10,000 parallel updates of one session: writes', 'writes', writes, CALLS / 100)
  yield atMostRow('10,000 parallel updates of one session: heap', 'MB', Math.max(0, peak - before) / MB, 200)
  await store.dispose()
}

/** Measures the memory of sessions of 400 kB, each read once, with the default cache. */
async function memory(createSessionStore) {
  const COUNT = 1000
  const value = (id) =>
    JSON.stringify({
      v: 1,
      c: 1,
      e: 8e15,
      l: 3,
      d: { id, rows: Array.from({ length: 4000 }, (_, n) => ({ n, text: 'x'.repeat(75) })) },
    })
  const storage = memoryDriver({ read: value })
  const store = createSessionStore({ storage })
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  for (let index = 0; index < COUNT; index++) await store.load(`session-${index}`)
  globalThis.gc?.()
  const kept = process.memoryUsage().rss - before
  await store.dispose()
  return atMostRow(
    `resident memory after ${COUNT} sessions of ${Math.round(value('x').length / KB)} kB, default cache`,
    'MB',
    kept / MB,
    200,
  )
}

/** Measures a cache tier that never answers, one that refuses connections, and one that is full. */
async function* brokenTiers(createSessionStore) {
  const dead = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  }
  const full = async () => {
    throw new Error("OOM command not allowed when used memory > 'maxmemory'")
  }
  const hang = () => new Promise(() => {})
  const tiers = [
    ['hangs', { read: hang, write: hang }],
    ['is dead', { read: dead, write: dead }],
    ['is full', { write: full }],
  ]
  const hooks = { 'cache:error': () => {} }
  const visit = (driver) =>
    visitAll(createSessionStore({ storage: memoryDriver({}), cache: { storage: driver }, hooks }))
  const healthy = { ...memoryDriver({}), flags: { ttl: true } }
  // The first run loads the code.
  await visit(healthy)
  const healthyTime = await visit(healthy)
  for (const [state, { read, write }] of tiers) {
    const driver = { ...healthy, setItem: write, setItemRaw: write }
    if (read) Object.assign(driver, { getItem: read, getItemRaw: read, hasItem: read, removeItem: read })
    const added = Math.max(0, (await visit(driver)) - healthyTime)
    // The circuit breaker's deadline is 100 ms. The rest allows for a busy machine.
    yield atMostRow(
      `cache tier that ${state}: added to 50 sign-ins and reads, all together`,
      'ms',
      added,
      120,
    )
  }
}

/** Creates and reads 50 sessions, one after the other. @returns the duration, in ms */
async function visitAll(store) {
  const start = performance.now()
  for (let index = 0; index < 50; index++) {
    await store.create({ id: `session-${index}`, data: {} })
    await store.load(`session-${index}`)
  }
  const time = performance.now() - start
  await store.dispose()
  return time
}

/** Measures 5,000 writes to an endpoint that accepts connections and never answers. */
async function silentEndpoint(dynamodb) {
  const server = createServer(() => {})
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const driver = dynamodb({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  await driver.setItem('first', 'x').catch(() => {})
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await Promise.all(
    Array.from({ length: 5000 }, (_, index) => driver.setItem(`key-${index}`, 'x').catch(() => {})),
  )
  delay.disable()
  await driver.dispose()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return atMostRow('5,000 writes at a silent endpoint: longest event-loop stall', 'ms', delay.max / 1e6)
}

function memoryDriver({ read, onWrite, writeMs = 0 }) {
  const items = new Map()
  const get = async (key) => items.get(key) ?? (read ? read(key) : null)
  const set = async (key, value) => {
    onWrite?.()
    if (writeMs > 0) await sleep(writeMs)
    items.set(key, value)
  }
  return {
    name: 'bench-memory',
    hasItem: async (key) => (await get(key)) !== null,
    getItem: get,
    getItemRaw: get,
    setItem: set,
    setItemRaw: set,
    removeItem: async (key) => void items.delete(key),
    getKeys: async () => [...items.keys()],
  }
}

function heap() {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

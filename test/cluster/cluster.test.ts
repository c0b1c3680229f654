import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jsonAnswer } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

const SERVERS = 3
const CLIENTS = 8
const STEPS = 30
/** Time for which a server caches a record, in seconds. */
const TTL = 1
/** Maximum delay of an eventually consistent read, in ms. */
const LAG = 300

interface Answer {
  id: string
  data: Record<string, unknown>
  isNew: boolean
}

/** Waits until every server sees earlier changes. The servers run in other processes, so their clocks cannot be set. */
const settled = (): Promise<void> => sleep(TTL * 1000 + LAG)

/** A client that keeps its cookie and can send requests to every server. */
class Client {
  cookie: string | undefined

  async send(url: string, method = 'GET', cookie = this.cookie): Promise<Answer> {
    const response = await fetch(url, { method, headers: cookie === undefined ? {} : { cookie } })
    if (response.status !== 200)
      throw new Error(`${method} ${url} was answered ${response.status}: ${await response.text()}`)
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) this.cookie = set.includes('Max-Age=0') ? undefined : set.split(';')[0]
    return (await response.json()) as Answer
  }
}

describe('three servers over one table with delayed eventually consistent reads', () => {
  let table: TestTable
  let proxy: Proxy
  let servers: ChildProcess[]
  let urls: string[]
  let stale = 0

  beforeAll(async () => {
    table = await createTestTable(anyEngine(), { userIndex: true })
    proxy = await startProxy(anyEngine().endpoint)
    const former = new Map<string, { at: number; answer: object }[]>()
    proxy.fault({
      match: ({ operation, body }) => operation === 'GetItem' && !body.ConsistentRead,
      async do(exchange) {
        const key = JSON.stringify(exchange.call.body.Key)
        const now = performance.now()
        const answer = JSON.parse((await exchange.forward()).body.toString()) as object
        const recent = (former.get(key) ?? []).filter(({ at }) => now - at < LAG)
        former.set(key, [...recent, { at: now, answer }])
        const [oldest] = recent
        if (oldest && JSON.stringify(oldest.answer) !== JSON.stringify(answer)) stale++
        exchange.reply(jsonAnswer(200, oldest?.answer ?? answer))
      },
    })
    const options = JSON.stringify({ ...table.options, endpoint: proxy.url, ttl: TTL })
    const entry = fileURLToPath(new URL('server.mjs', import.meta.url))
    const env = { ...process.env, NODE_NO_WARNINGS: '1' }
    servers = Array.from({ length: SERVERS }, () => fork(entry, [options], { execArgv: [], env }))
    urls = await Promise.all(servers.map(async (server) => String((await once(server, 'message'))[0])))
  })
  afterAll(async () => {
    await Promise.all(
      servers.map(async (server) => {
        const ended = once(server, 'exit')
        server.disconnect()
        await ended
      }),
    )
    await proxy.stop()
    await table.drop()
  })

  const anywhere = (path: string): string => new URL(path, urls[Math.floor(Math.random() * urls.length)]).href

  it('store no record for clients that only read, and adopt no id from a cookie', async () => {
    const before = await table.count()
    for (const cookie of [undefined, 'h3=made-up', `h3=${'a'.repeat(32)}.1.${'b'.repeat(43)}`]) {
      const client = new Client()
      expect(await client.send(anywhere('/'), 'GET', cookie)).toMatchObject({ isNew: true, data: {} })
      expect(client.cookie).toBeUndefined()
    }
    expect(await table.count()).toBe(before)
  })

  it('show each client its own writes, lose no update, and never restore a destroyed session', async () => {
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => live(index)))
    expect(stale, 'reads that really were stale').toBeGreaterThan(0)
  }, 120_000)

  async function live(index: number): Promise<void> {
    const client = new Client()
    const keys: string[] = []
    let count = 0
    for (let step = 0; step < STEPS; step++) {
      const what = Math.random()
      if (what < 0.35 || step === 0) {
        const key = `k${index}-${step}`
        await client.send(anywhere(`/set/${key}`), 'POST')
        keys.push(key)
      } else if (what < 0.5) {
        await client.send(anywhere('/increment'), 'POST')
        count++
      } else if (what < 0.65) {
        // Parallel requests with one cookie. Each response sets another version, and the client keeps the last to arrive.
        const { cookie } = client
        await Promise.all(
          Array.from({ length: 3 }, () => client.send(anywhere('/increment'), 'POST', cookie)),
        )
        count += 3
        await settled()
      } else if (what < 0.75) {
        await client.send(anywhere('/login'), 'POST')
      }
      const { data } = await client.send(anywhere('/'))
      expect(data['count'] ?? 0).toBe(count)
      expect(
        Object.keys(data)
          .filter((key) => key !== 'count')
          .toSorted(),
      ).toEqual(keys.toSorted())
    }
    const dead = client.cookie
    const home = anywhere('/')
    await client.send(new URL('/logout', home).href, 'POST')
    expect(client.cookie).toBeUndefined()
    expect(await client.send(home, 'GET', dead)).toMatchObject({ isNew: true, data: {} })
    await settled()
    for (const url of urls) {
      expect(await client.send(url, 'GET', dead)).toMatchObject({ isNew: true, data: {} })
      expect(await client.send(new URL('/increment', url).href, 'POST', dead)).toMatchObject({
        data: { count: 1 },
      })
    }
  }
})

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createStorage } from 'unstorage'
import redis from 'unstorage/drivers/redis'
import { createStorage as createStorage2 } from 'unstorage2'
import redis2 from 'unstorage2/drivers/redis'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { type SessionStoreOptions, createSessionStore } from '../../src/index.ts'
import { testSessionStore } from '../../src/testing/conformance.ts'
import { reportLeftOut } from '../support/left-out.ts'
import { describeEngines } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { freePort } from '../support/engines/ports.ts'

const harness = { describe, it, setDate: (ms: number) => vi.setSystemTime(ms) }
type Storage = SessionStoreOptions['storage']

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterAll(() => void vi.useRealTimers())

describeEngines('the conformance suite', (engine) => {
  for (const userIndex of [true, false]) {
    let table: TestTable
    let storage: Storage & { dispose?: () => unknown }
    beforeAll(async () => {
      table = await createTestTable(engine, { userIndex })
      const driver = dynamodb({ ...table.options, base: 'app' })
      storage = userIndex ? createStorage({ driver }) : driver
    })
    afterAll(async () => {
      await storage.dispose?.()
      await table.drop()
    })
    testSessionStore(harness, {
      name: userIndex
        ? 'a table with the index, through a storage'
        : 'a table without it, on the bare driver',
      createStore: (options) => createSessionStore({ storage, ...options }),
    })
  }
})

const hasRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0
if (!hasRedis) {
  reportLeftOut({
    suite: 'redis',
    why: 'there is no `redis-server`',
    install: 'apt-get install redis-server',
  })
}

describe.runIf(hasRedis)('the conformance suite', () => {
  let server: ChildProcess
  const storages: { dispose(): Promise<void> }[] = []
  let port: number
  beforeAll(async () => {
    port = await freePort()
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const chunk of server.stdout ?? []) {
      if (String(chunk).includes('Ready to accept connections')) break
    }
  })
  afterAll(async () => {
    await Promise.all(storages.map((storage) => storage.dispose()))
    const ended = once(server, 'exit')
    server.kill()
    await ended
  })

  const create: Record<string, () => Storage & { dispose(): Promise<void> }> = {
    'redis (unstorage 1)': () =>
      createStorage({ driver: redis({ url: `redis://127.0.0.1:${port}`, base: 'a' }) }),
    'redis (unstorage 2)': () =>
      createStorage2({ driver: redis2({ url: `redis://127.0.0.1:${port}`, base: 'b' }) }),
  }
  for (const [name, createRedis] of Object.entries(create)) {
    let storage: ReturnType<typeof createRedis> | undefined
    testSessionStore(harness, {
      name,
      // redis expires by a clock of its own, which stands still for none of its clients.
      clearsExpired: false,
      createStore: (options) => {
        if (storage === undefined) storages.push((storage = createRedis()))
        return createSessionStore({ storage, ...options })
      },
    })
  }
})

import { inspect } from 'node:util'
import { createStorage, prefixStorage } from 'unstorage'
import type { Driver } from 'unstorage'
import fs from 'unstorage/drivers/fs'
import lru from 'unstorage/drivers/lru-cache'
import memory from 'unstorage/drivers/memory'
import redis from 'unstorage/drivers/redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../../drivers/dynamodb.ts'
import { createSessionStore } from '../../../src/index.ts'
import type { SessionStore, SessionStoreOptions } from '../../../src/index.ts'
import { DEADLINE_MS, REST_MS } from '../../../src/store/cache/circuit-breaker.ts'
import { type TestDriver, conditionalDriver } from '../../support/stores/conditional-driver.ts'
import { expiringMemory } from '../../support/stores/expiring-memory.ts'
import { type RedisServer, hasRedis, startRedis } from '../../support/engines/redis.ts'

const START = 1_800_000_000_000
const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterAll(() => void vi.useRealTimers())
beforeEach(() => void at(0))

describe.runIf(hasRedis)('a cache on a Redis', () => {
  let server: RedisServer
  let tier: Driver
  let store: SessionStore
  let driver: TestDriver
  let errors: unknown[]

  async function start(...options: string[]): Promise<void> {
    server = await startRedis(...options)
    tier = redis({ url: server.url, base: 'cache' })
    driver = conditionalDriver()
    errors = []
    store = createSessionStore({
      storage: driver,
      cache: { storage: tier },
      hooks: { 'cache:error': ({ error }) => errors.push(error) },
    })
    // The first call connects.
    await tier.getItem('warm', {})
    await store.create({ id: 'warm', data: {} })
    expect(errors).toEqual([])
    driver.calls.length = 0
    await store.load('warm')
    expect(driver.calls).toEqual([])
  }
  afterEach(async () => {
    server.signal('SIGCONT')
    await tier.dispose?.()
    await server.stop()
  })

  /** One request after the other, as visitors send them. */
  async function visit(id: string): Promise<number> {
    const began = performance.now()
    const record = await store.create({ id, data: { secret: 'of-a-visitor' } })
    for (let round = 0; round < 5; round++) await store.load(id)
    await store.save(record)
    await store.destroy(id)
    return performance.now() - began
  }

  it.each([
    ['killed', (): Promise<void> => server.stop()],
    ['stopped', async (): Promise<void> => server.signal('SIGSTOP')],
  ])('that is %s delays one request by 100 ms, and is then not used', async (_, fail) => {
    await start()
    const redisCalls = vi.spyOn(tier, 'getItem')
    await fail()
    await visit('a')
    expect(errors).toMatchObject([{ name: 'UnsessionError' }])
    expect(errors).toHaveLength(1)
    const failed = redisCalls.mock.calls.length
    expect(failed).toBeLessThanOrEqual(2)
    for (const id of ['b', 'c', 'd']) await visit(id)
    expect(redisCalls).toHaveBeenCalledTimes(failed)
    // After some seconds it is tried again, by a probe that no request waits for.
    at(REST_MS / 1000)
    for (const id of ['e', 'f']) await visit(id)
    expect(redisCalls).toHaveBeenCalledTimes(failed + 1)
  })

  it('that works again is used again, without outdated entries', async () => {
    await start()
    const record = await store.create({ id: 'a', data: { n: 1 } })
    server.signal('SIGSTOP')
    await store.save({ ...record, data: { n: 2 } })
    expect(errors).toMatchObject([{ code: 'TIMEOUT' }])
    server.signal('SIGCONT')
    at(REST_MS / 1000)
    // A request starts the probe, which ends some time later.
    await vi.waitFor(async () => {
      await visit(`new-${driver.calls.length}`)
      driver.calls.length = 0
      await store.load('warm')
      await store.load('warm')
      expect(driver.calls).toEqual(['read'])
    })
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
  })

  it('that is full fails no request, and its error contains neither id nor data', async () => {
    await start('--maxmemory-policy', 'noeviction')
    const client = (
      tier as unknown as { getInstance(): { config(...args: string[]): Promise<unknown> } }
    ).getInstance()
    await client.config('SET', 'maxmemory', '1')
    await visit('the-id-of-a-session')
    expect(errors).toHaveLength(1)
    expect(errors).toMatchObject([{ code: 'UNAVAILABLE', cause: { name: 'ReplyError', code: 'OOM' } }])
    const printed = inspect(errors, { depth: Infinity, showHidden: true })
    expect(printed).not.toContain('the-id-of-a-session')
    expect(printed).not.toContain('of-a-visitor')
  })
})

it('a failing cache is reported on the console when there is no hook, without ids and data', async () => {
  const said = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const tier = expiringMemory()
  const fail = (): never => {
    throw Object.assign(new Error('set the-id of-a-visitor'), { command: ['the-id', 'of-a-visitor'] })
  }
  Object.assign(tier, { getItemRaw: fail, setItemRaw: fail, removeItem: fail })
  const store = createSessionStore({ storage: conditionalDriver(), cache: { storage: tier } })
  await store.create({ id: 'the-id', data: { secret: 'of-a-visitor' } })
  await store.destroy('the-id')
  expect(said).toHaveBeenCalledTimes(1)
  expect(inspect(said.mock.calls, { depth: Infinity })).not.toMatch(/the-id|of-a-visitor/)
  said.mockRestore()
})

it('a response that waits in the event loop at the deadline counts', async () => {
  const tier = expiringMemory()
  const errors: unknown[] = []
  const hooks = { 'cache:error': (event: unknown) => errors.push(event) }
  const store = createSessionStore({ storage: conditionalDriver(), cache: { storage: tier }, hooks })
  Object.assign(tier, {
    getItemRaw: () => new Promise((resolve) => setTimeout(resolve, DEADLINE_MS / 2, null)),
  })
  const loading = store.load('a')
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  for (const end = performance.now() + DEADLINE_MS * 2; performance.now() < end;);
  await loading
  expect(errors).toEqual([])
})

describe('the storage of a cache', () => {
  const create = (options: Partial<SessionStoreOptions>): unknown =>
    createSessionStore({ storage: memory() as never, ...options })

  it('is not the storage of the sessions, through any mount or prefix', () => {
    const driver = expiringMemory() as never as SessionStoreOptions['storage']
    const root = createStorage()
    root.mount('somewhere', driver as never)
    const same = [
      [driver, driver],
      [driver, createStorage({ driver: driver as never })],
      [createStorage({ driver: driver as never }), driver],
      [driver, prefixStorage(root, 'somewhere')],
      [prefixStorage(root, 'somewhere:a'), prefixStorage(root, 'somewhere:b')],
    ] as const
    for (const [storage, tier] of same) {
      const refused = (): unknown => create({ storage, cache: { storage: tier } })
      expect(refused).toThrow('option `cache.storage` must not be the storage of the sessions')
    }
    expect(() =>
      create({ storage: root, cache: { storage: prefixStorage(root, 'somewhere') } }),
    ).not.toThrow()
  })

  it.each<[string, () => Driver, boolean]>([
    ['memory', () => memory(), false],
    ['fs', () => fs({ base: '/tmp/unsession-not-used' }), false],
    ['a driver without a name', () => ({ ...memory(), name: undefined }) as never, false],
    ['redis', () => redis({ url: 'redis://127.0.0.1:1', lazyConnect: true }), true],
    ['lru-cache', () => lru({ max: 10 }), true],
    ['dynamodb', () => dynamodb({ table: 'cache' }), true],
    ['a driver that says that it expires entries', () => expiringMemory(), true],
  ])('must expire entries by itself: %s', (_, make, isAccepted) => {
    const result = expect(() => create({ cache: { storage: createStorage({ driver: make() }) } }))
    if (isAccepted) result.not.toThrow()
    else result.toThrow('option `cache.storage` must expire entries by itself')
  })

  it('is shared only by stores with the same sessions', async () => {
    const storage = expiringMemory() as never
    const open = (options: { table?: string; base?: string; region?: string }, prefix = ''): SessionStore => {
      const driver = Object.assign(conditionalDriver(), {
        name: 'dynamodb',
        location: dynamodb({ region: 'eu-west-1', ...options }).location,
      })
      return createSessionStore({
        storage: prefixStorage(createStorage({ driver }), prefix),
        cache: { storage },
      })
    }
    await open({ table: 'one', base: 'a' }).create({ id: 'x', data: { n: 1 } })
    for (const other of [
      open({ table: 'two', base: 'a' }),
      open({ table: 'one', base: 'b' }),
      open({ table: 'one', base: 'a', region: 'eu-west-2' }),
      open({ table: 'one', base: 'a' }, 'prefix'),
    ])
      expect(await other.load('x')).toBeNull()
    expect(await open({ table: 'one', base: 'a' }).load('x')).toMatchObject({ data: { n: 1 } })
  })
})

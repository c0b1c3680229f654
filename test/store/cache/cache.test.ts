import fc from 'fast-check'
import { createStorage } from 'unstorage'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessionStore } from '../../../src/index.ts'
import type { SessionHooks, SessionStore, SessionStoreOptions } from '../../../src/index.ts'
import { expiringMemory } from '../../support/stores/expiring-memory.ts'
import { type TestDriver, conditionalDriver } from '../../support/stores/conditional-driver.ts'

const START = 1_800_000_000_000
const STRONG = { minVersion: Number.MAX_SAFE_INTEGER }

let driver: TestDriver
let store: SessionStore

const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)
const open = (options: Partial<SessionStoreOptions> = {}): SessionStore =>
  createSessionStore({ storage: driver, cache: { ttl: 10, max: 100 }, ...options })
/** Calls since the last look. */
const calls = (): string[] => driver.calls.splice(0)

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  at(0)
  driver = conditionalDriver()
  store = open()
})

describe('an entry', () => {
  it('is returned without a request, to each caller with its own copy of the data', async () => {
    await store.create({ id: 'a', data: { list: [1] } })
    calls()
    const first = await store.load<{ list: number[] }>('a')
    first?.data.list.push(2)
    const second = await store.load<{ list: number[] }>('a')
    expect(second?.data).toEqual({ list: [1] })
    expect(calls()).toEqual([])
  })

  it('is returned without a promise, if it would answer the load', async () => {
    expect(store.loadCached?.('a')).toBeUndefined()
    await store.create({ id: 'a', data: { list: [1] } })
    calls()
    const first = store.loadCached?.<{ list: number[] }>('a', { minVersion: 1 })
    first?.data.list.push(2)
    expect(store.loadCached?.('a')?.data).toEqual({ list: [1] })
    expect(store.stats()).toMatchObject({ loads: 2, hits: 2, misses: 0 })
    expect(store.loadCached?.('a', { minVersion: 2 })).toBeUndefined()
    expect(store.loadCached?.('a', { consistent: true })).toBeUndefined()
    at(10)
    expect(store.loadCached?.('a')).toBeUndefined()
    await store.load('a')
    expect(store.loadCached?.('a')).toBeDefined()
    await store.destroy('a')
    expect(store.loadCached?.('a')).toBeUndefined()
    expect(calls()).toEqual(['read', 'delete'])
  })

  it('is not looked up in a tier outside of this process without a promise', async () => {
    const shared = open({ cache: { ttl: 10, storage: expiringMemory() } })
    await shared.create({ id: 'a', data: {} })
    expect(await shared.load('a')).not.toBeNull()
    expect(shared.loadCached?.('a')).toBeUndefined()
  })

  it('that is returned without a promise is kept for outages', async () => {
    const steady = open({ staleIfError: 60 })
    await steady.create({ id: 'a', data: { n: 1 } })
    at(9)
    expect(steady.loadCached?.('a')).toBeDefined()
    at(65)
    driver.failNext('read', 'before')
    expect((await steady.load('a'))?.data).toEqual({ n: 1 })
  })

  it('is valid for the ttl to the millisecond, and a hit does not extend it', async () => {
    await store.create({ id: 'a', data: {} })
    calls()
    for (const second of [5, 9, 9.999]) {
      at(second)
      await store.load('a')
    }
    expect(calls()).toEqual([])
    at(10)
    await store.load('a')
    expect(calls()).toEqual(['read'])
  })

  it('counts its age from the start of the read, not from the response', async () => {
    await open({ cache: false }).create({ id: 'a', data: {} })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    await new Promise(setImmediate)
    at(9)
    release()
    await loading
    at(10)
    calls()
    await store.load('a')
    expect(calls()).toEqual(['read'])
  })

  it('is not valid longer than its session', async () => {
    await store.create({ id: 'a', data: {}, idleTimeout: 5 })
    at(4.999)
    expect(await store.load('a')).not.toBeNull()
    at(5)
    expect(await store.load('a')).toBeNull()
  })

  it('is not extended by a clock that goes back', async () => {
    await store.create({ id: 'a', data: { n: 1 } })
    at(8)
    await store.load('a')
    at(1)
    calls()
    await store.load('a')
    expect(calls()).toEqual(['read'])
  })

  it('is not made by a read that was in flight when the clock went back', async () => {
    await open({ cache: false }).create({ id: 'a', data: {} })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    await new Promise(setImmediate)
    at(-100)
    release()
    await loading
    at(0)
    calls()
    await store.load('a')
    expect(calls()).toEqual(['read'])
  })

  it('is not used when it is older than the token', async () => {
    const elsewhere = open()
    const record = await store.create({ id: 'a', data: { n: 1 } })
    await elsewhere.save({ ...record, data: { n: 2 } })
    expect((await store.load('a'))?.version).toBe(1)
    expect((await store.load('a', { minVersion: 2 }))?.data).toEqual({ n: 2 })
    calls()
    expect((await store.load('a'))?.version).toBe(2)
    expect(calls()).toEqual([])
  })

  it('is removed when there are more than max, least recently used first', async () => {
    store = open({ cache: { max: 2 } })
    for (const id of ['a', 'b']) await store.create({ id, data: {} })
    await store.load('a')
    await store.create({ id: 'c', data: {} })
    expect(store.stats().entries).toBe(2)
    calls()
    await store.load('a')
    await store.load('c')
    expect(calls()).toEqual([])
    await store.load('b')
    expect(calls()).toEqual(['read'])
  })
})

describe('concurrent loads', () => {
  it('share one read', async () => {
    await open({ cache: false }).create({ id: 'a', data: { n: 1 } })
    calls()
    const records = await Promise.all(Array.from({ length: 20 }, () => store.load('a')))
    expect(calls()).toEqual(['read'])
    expect(new Set(records.map((record) => record?.data)).size).toBe(20)
  })

  it('do not share a read that began too early for one of them', async () => {
    const elsewhere = open({ cache: false })
    const record = await elsewhere.create({ id: 'a', data: { n: 1 } })
    const release = driver.holdNext('read')
    const early = store.load('a')
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    await elsewhere.save({ ...record, data: { n: 2 } })
    const late = store.load('a', { minVersion: 2 })
    release()
    expect((await early)?.version).toBe(1)
    expect((await late)?.version).toBe(2)
  })

  it('share a failure, which is not cached', async () => {
    await open({ cache: false }).create({ id: 'a', data: {} })
    driver.failNext('read', 'before')
    const results = await Promise.allSettled([store.load('a'), store.load('a')])
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
    expect(await store.load('a')).not.toBeNull()
  })
})

describe('an unknown id', () => {
  it('is cached for the ttl, after a strongly consistent read', async () => {
    expect(await store.load('nobody')).toBeNull()
    expect(calls()).toEqual(['read', 'strong read'])
    at(9.999)
    expect(await store.load('nobody')).toBeNull()
    expect(calls()).toEqual([])
    at(10)
    await store.load('nobody')
    expect(calls()).toEqual(['read', 'strong read'])
  })

  it('is cached in a bounded number', async () => {
    store = open({ cache: { max: 2 } })
    for (const id of ['x', 'y', 'z']) await store.load(id)
    calls()
    await store.load('z')
    expect(calls()).toEqual([])
    await store.load('x')
    expect(calls()).toEqual(['read', 'strong read'])
  })

  it('is found as soon as it is created, even while a read that misses is in flight', async () => {
    const release = driver.holdNext('strong read')
    const missing = store.load('a')
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    await store.create({ id: 'a', data: {} })
    release()
    await missing
    expect(await store.load('a')).not.toBeNull()
  })

  it('never reaches the storage when it is malformed', async () => {
    await store.load('a:b')
    await store.load('x'.repeat(200))
    expect(calls()).toEqual([])
  })
})

describe('a destroyed session', () => {
  beforeEach(async () => {
    driver = conditionalDriver({ lag: 1 })
    store = open()
    await store.create({ id: 'a', data: {} })
  })

  it('is not returned after an eventually consistent read', async () => {
    await store.destroy('a')
    calls()
    expect(await store.load('a')).toBeNull()
    expect(calls()).toEqual([])
  })

  it.each([1, 100])('is not returned after a read whose response is %i s late', async (seconds) => {
    store = open()
    const release = driver.holdNext('read')
    const loading = store.load('a')
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    await store.destroy('a')
    at(seconds)
    release()
    expect(await loading).toBeNull()
    expect(store.stats().entries).toBe(0)
  })

  it('is not returned after a save that succeeded before', async () => {
    const record = await store.load('a', STRONG)
    const release = driver.holdNext('write')
    const saving = record && store.save(record)
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    await store.destroy('a')
    at(100)
    release()
    await saving
    expect(store.stats().entries).toBe(0)
  })

  it('is cached as missing when a save or a rotation finds it missing', async () => {
    const record = await store.load('a', STRONG)
    await open({ cache: false }).destroy('a')
    if (record) await expect(store.save(record)).rejects.toMatchObject({ code: 'SESSION_GONE' })
    calls()
    expect(await store.load('a')).toBeNull()
    expect(calls()).toEqual([])
  })

  it('is not listed by the instance that destroyed it', async () => {
    await store.destroy('a')
    for await (const session of store.list()) expect(session).toBeUndefined()
  })
})

describe('a late response', () => {
  it('does not replace a record that was saved while it was in flight', async () => {
    const record = await open({ cache: false }).create({ id: 'a', data: { n: 1 } })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
    await store.save({ ...record, data: { n: 2 } })
    release()
    await loading
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
  })
})

describe('a late response among others', () => {
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
  }

  it('does not undo an expiry that a touch has extended in the meantime', async () => {
    const record = await open({ cache: false }).create({ id: 'a', data: {}, idleTimeout: 5 })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    await turns()
    at(3)
    const touched = await store.touch(record)
    release()
    await loading
    expect((await store.load('a'))?.expiresAt).toBe(touched?.expiresAt)
  })

  it('does not replace a newer record that was saved and has left the cache', async () => {
    store = open({ cache: { max: 1 } })
    const record = await open({ cache: false }).create({ id: 'a', data: { n: 1 } })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    await turns()
    await store.save({ ...record, data: { n: 2 } })
    await store.create({ id: 'b', data: {} })
    release()
    await loading
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
  })

  it('is not shared with callers that come after a save', async () => {
    store = open({ cache: { max: 1 } })
    const record = await open({ cache: false }).create({ id: 'a', data: { n: 1 } })
    const release = driver.holdNext('read')
    const loading = store.load('a')
    await turns()
    await store.save({ ...record, data: { n: 2 } })
    await store.create({ id: 'b', data: {} })
    const later = store.load('a')
    release()
    await loading
    expect((await later)?.data).toEqual({ n: 2 })
  })

  it('does not put a destroyed session back into a slow tier', async () => {
    const tier = expiringMemory()
    const setItemRaw = tier.setItemRaw
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    tier.setItemRaw = async (key: string, value: unknown, options: object) => {
      await held
      await setItemRaw?.(key, value, options)
    }
    store = open({ cache: { storage: tier } })
    const creating = store.create({ id: 'a', data: {} })
    await turns()
    await store.destroy('a')
    release()
    await creating
    expect(await tier.getKeys('', {})).toEqual([])
  })
})

describe('after a failure with an unknown outcome', () => {
  it.each(['before', 'after'] as const)(
    'of a save, the store is asked again (%s its effect)',
    async (when) => {
      const record = await store.create({ id: 'a', data: { n: 1 } })
      driver.failNext('write', when)
      await expect(store.save({ ...record, data: { n: 2 } })).rejects.toThrow('no answer')
      expect((await store.load('a'))?.data).toEqual({ n: when === 'after' ? 2 : 1 })
    },
  )

  it.each(['before', 'after'] as const)(
    'of an end, the store is asked again (%s its effect)',
    async (when) => {
      await store.create({ id: 'a', data: {} })
      driver.failNext('delete', when)
      await expect(store.destroy('a')).rejects.toThrow('no answer')
      expect((await store.load('a')) === null).toBe(when === 'after')
    },
  )

  it('of a rotation, the session has only its new id, also in the cache', async () => {
    const record = await store.create({ id: 'a', data: {} })
    driver.failNext('write', 'after', 1)
    expect(await store.rotate(record, 'b')).toMatchObject({ id: 'b' })
    expect(await store.load('a')).toBeNull()
    expect(await store.load('b')).toMatchObject({ id: 'b', data: {} })
  })
})

describe('a conflict', () => {
  it('brings the current record into the cache', async () => {
    const record = await store.create({ id: 'a', data: { n: 1 } })
    await open().save({ ...record, data: { n: 2 } })
    await expect(store.save(record)).rejects.toMatchObject({ code: 'CONFLICT' })
    calls()
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
    expect(calls()).toEqual([])
  })
})

describe('a cache on a storage of its own', () => {
  it.each([
    ['a storage', () => createStorage({ driver: expiringMemory() })],
    ['a driver', () => expiringMemory()],
  ])('is shared by instances: %s', async (_, make) => {
    const storage = make()
    const options = { cache: { storage } }
    await open(options).create({ id: 'a', data: { n: 1 } })
    calls()
    expect((await open(options).load('a'))?.data).toEqual({ n: 1 })
    expect(calls()).toEqual([])
    at(10)
    await open(options).load('a')
    expect(calls()).toEqual(['read'])
  })

  it('does not trust an entry from the future, made by a clock that is ahead', async () => {
    const options = { cache: { storage: createStorage({ driver: expiringMemory() }) } }
    at(5)
    await open(options).create({ id: 'a', data: {} })
    at(0)
    calls()
    await open(options).load('a')
    expect(calls()).toEqual(['read'])
  })

  it('does not return a session that this instance has destroyed', async () => {
    const storage = createStorage({ driver: expiringMemory() })
    store = open({ cache: { storage } })
    await store.create({ id: 'a', data: {} })
    const [key = ''] = await storage.getKeys()
    const entry = await storage.getItemRaw<Uint8Array>(key)
    await store.destroy('a')
    await storage.setItemRaw(key, entry)
    expect(await store.load('a')).toBeNull()
  })

  it('fails no request when the storage fails', async () => {
    const broken = expiringMemory()
    const fail = (): never => {
      throw new Error('down')
    }
    Object.assign(broken, { getItemRaw: fail, setItemRaw: fail, removeItem: fail })
    const errors: unknown[] = []
    store = open({ cache: { storage: broken }, hooks: { 'cache:error': (event) => errors.push(event) } })
    const record = await store.create({ id: 'a', data: { n: 1 } })
    await store.save(record)
    expect(await store.load('a')).not.toBeNull()
    expect(await store.destroy('a')).toBe(true)
    expect(errors).toHaveLength(1)
    expect(JSON.stringify(errors)).not.toContain('"a"')
  })

  it('ignores invalid entries', async () => {
    const storage = createStorage({ driver: expiringMemory() })
    store = open({ cache: { storage } })
    await open({ cache: false }).create({ id: 'a', data: { n: 1 } })
    await store.load('a')
    const [key = ''] = await storage.getKeys()
    for (const garbage of ['text', Buffer.alloc(0), Buffer.alloc(8), Buffer.alloc(50, 1)]) {
      await storage.setItemRaw(key, garbage)
      expect((await store.load('a'))?.data).toEqual({ n: 1 })
    }
  })
})

describe('hooks and counters', () => {
  it('count each load once, as a hit or a miss', async () => {
    const heard: string[] = []
    const names = ['loaded', 'expired', 'corrupt', 'cache:hit', 'cache:miss'] as const
    const hooks: SessionHooks = Object.fromEntries(names.map((name) => [name, () => heard.push(name)]))
    store = open({ hooks })
    await open().create({ id: 'a', data: {}, idleTimeout: 29.5 })
    await store.load('a')
    await store.load('a')
    at(29.75)
    await store.load('a')
    expect(heard).toEqual(['cache:miss', 'loaded', 'cache:hit', 'cache:miss', 'expired'])
    expect(store.stats()).toEqual({ loads: 3, hits: 1, misses: 2, entries: 0, saves: 0, conflicts: 0 })
  })
})

it('a client that waits for each response sees its own writes, on any instance', async () => {
  const step = fc.record({
    instance: fc.nat({ max: 2 }),
    action: fc.constantFrom('load', 'load', 'save', 'touch', 'destroy'),
    seconds: fc.constantFrom(0, 0, 1, 6, 11),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat({ max: 3 }), async (steps, lag) => {
      let seconds = 0
      at(0)
      driver = conditionalDriver({ lag })
      const stores = [open(), open(), open()]
      let record = await open().create({ id: 'a', data: { n: 0 }, idleTimeout: 20 })
      let end = 20
      const endedBy = new Map<number, number>()
      for (const { instance, action, seconds: wait } of steps) {
        const one = stores[instance] as SessionStore
        seconds += wait
        at(seconds)
        const over = seconds >= end
        if (action === 'load') {
          const seen = await one.load<{ n: number }>('a', { minVersion: record.version })
          const endedAt = endedBy.get(instance) ?? -Infinity
          if (over || seconds < endedAt + 10) expect(seen).toBeNull()
          else if (endedBy.size === 0) {
            expect(seen?.version).toBe(record.version)
            expect(seen?.data).toEqual(record.original)
          }
        } else if (action === 'destroy') {
          expect(await one.destroy('a')).toBe(!over && endedBy.size === 0)
          endedBy.set(instance, seconds)
        } else if (action === 'touch') {
          const touched = await one.touch(record)
          expect(touched === null).toBe(over || endedBy.size > 0)
          if (touched) [record, end] = [touched, seconds + 20]
        } else if (over || endedBy.size > 0) {
          await expect(one.save(record)).rejects.toMatchObject({ code: 'SESSION_GONE' })
        } else {
          record = await one.save({ ...record, data: { n: record.original.n + 1 } })
          end = seconds + 20
        }
      }
    }),
    { numRuns: 300 },
  )
})

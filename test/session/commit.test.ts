import { AsyncLocalStorage } from 'node:async_hooks'
import { createStorage } from 'unstorage'
import { describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { commit } from '../../src/session/changes/commit.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import type { SessionPatch } from '../../src/core/patch.ts'
import type { SessionValues, SessionRecord, SessionStore } from '../../src/core/types.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable } from '../support/engines/tables.ts'

/** Count one up, from the session as this store knows it. */
async function countUp(store: SessionStore, id: string): Promise<SessionRecord> {
  const record = await store.load(id)
  if (!record) throw new Error('there is no session')
  return change(store, record, ({ n = 0 }: { n?: number }) => ({ n: n + 1 }))
}

function change(
  store: SessionStore,
  record: SessionRecord,
  patch: SessionPatch<SessionValues>,
  deadline?: number,
): Promise<SessionRecord> {
  return commit(store, { record, mine: record.original, patch, applyPending: (current) => current }, deadline)
}

describe('writers of one session', () => {
  it.each([{ cache: {} }, { cache: false as const }])(
    'in one process need no second attempt: %o',
    async ({ cache }) => {
      const store = createSessionStore({ storage: createStorage(), cache, maxRetries: 0 })
      await store.create({ id: 'a', data: {} })
      await Promise.all(Array.from({ length: 50 }, () => countUp(store, 'a')))
      expect((await store.load('a'))?.data).toEqual({ n: 50 })
      expect(store.stats().conflicts).toBe(0)
    },
  )

  it('in two processes succeed too, also ten of them', async () => {
    const table = await createTestTable(anyEngine())
    const stores = [0, 1].map(() => createSessionStore({ storage: dynamodb(table.options) }))
    await stores[0]?.create({ id: 'a', data: {} })
    await Promise.all(Array.from({ length: 5 }, () => stores.map((store) => countUp(store, 'a'))).flat())
    expect((await stores[0]?.load('a', { minVersion: 11 }))?.data).toEqual({ n: 10 })
    await Promise.all(stores.map((store) => store.dispose()))
    await table.drop()
  })

  it('are written together while another write is in flight, each with the result of its own change', async () => {
    const driver = conditionalDriver()
    const store = createSessionStore({ storage: driver })
    await store.create({ id: 'a', data: {} })
    driver.calls.length = 0
    const seen = await Promise.all(Array.from({ length: 1000 }, () => countUp(store, 'a')))
    expect(seen.map(({ original }) => original['n'])).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1))
    expect(driver.calls.filter((call) => call === 'write').length).toBeLessThanOrEqual(10)
    const [first, ...others] = seen
    // A record of an earlier change stands for the session as it is stored.
    const renewed = await store
      .rotate({ ...first!, data: { ...first!.data, x: 1 } }, 'b')
      .catch((error) => error)
    expect(renewed).toMatchObject({ id: 'b', data: { n: 1000, x: 1 } })
    expect(others.at(-1)?.version).toBeLessThan(10)
  })

  it('continue from the stored record, whatever version they had read', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    const seen = await Promise.all(Array.from({ length: 20 }, () => countUp(store, 'a')))
    await Promise.all(seen.map((record) => change(store, record, { x: 1 })))
    expect((await store.load('a'))?.data).toEqual({ n: 20, x: 1 })
  })

  it('fail alone when their change throws or cannot be stored', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    const record = await store.load('a')
    const thrown = new Error('the app failed')
    const results = await Promise.allSettled([
      countUp(store, 'a'),
      countUp(store, 'a'),
      change(store, record!, () => {
        throw thrown
      }),
      change(store, record!, { big: 1n }),
      change(store, record!, { x: 1 }),
      countUp(store, 'a'),
    ])
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(results[2]).toMatchObject({ reason: thrown })
    expect(results[3]).toMatchObject({ reason: { code: 'INVALID_VALUE' } })
    expect((await store.load('a'))?.data).toEqual({ n: 3, x: 1 })
  })

  it('fail together when their write fails, and later writers continue', async () => {
    const store = new MemoryStore()
    await store.create({ id: 'a', data: {} })
    let saves = 0
    store.before = (call) => {
      if (call === 'save' && saves++ === 1) throw new Error('no answer')
    }
    const first = [1, 2, 3].map(() => countUp(store, 'a'))
    expect((await Promise.allSettled(first)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ])
    await countUp(store, 'a')
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
  })

  it('fail at their deadline when the storage does not respond, and change nothing after it', async () => {
    const store = new MemoryStore()
    await store.create({ id: 'a', data: {} })
    let goOn = (): void => {}
    let saves = 0
    store.before = (call) =>
      call === 'save' && saves++ === 0 ? new Promise<void>((resolve) => (goOn = resolve)) : undefined
    const record = await store.load('a')
    const stuck = change(store, record!, { first: 1 }, 20)
    const late = change(store, record!, { late: 1 }, 20)
    const patient = change(store, record!, { patient: 1 })
    for (const each of [stuck, late])
      await expect(each).rejects.toMatchObject({ code: 'TIMEOUT', status: 503 })
    goOn()
    expect((await patient).original).toEqual({ first: 1, patient: 1 })
    expect((await store.load('a'))?.data).toEqual({ first: 1, patient: 1 })
  })

  it('write in a request that waits for the write, since Workers end the I/O of a request with its response', async () => {
    const store = new MemoryStore()
    await store.create({ id: 'a', data: {} })
    const requests = new AsyncLocalStorage<string>()
    const ended = new Set<string>()
    const writers: (string | undefined)[] = []
    store.before = (call) => {
      if (call !== 'save') return
      const writer = requests.getStore()
      expect(ended).not.toContain(writer)
      writers.push(writer)
    }
    await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        requests.run(name, async () => {
          await countUp(store, 'a')
          ended.add(name)
        }),
      ),
    )
    expect(writers).toEqual(['one', 'two'])
    expect((await store.load('a'))?.data).toEqual({ n: 3 })
  })

  it('work where a timer is a number, as in Workers', async () => {
    const { setTimeout } = globalThis
    vi.stubGlobal('setTimeout', (...args: Parameters<typeof setTimeout>) => Number(setTimeout(...args)))
    try {
      const store = createSessionStore({ storage: createStorage() })
      await store.create({ id: 'a', data: {} })
      expect((await countUp(store, 'a')).data).toEqual({ n: 1 })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('of different sessions do not wait for each other', async () => {
    const store = new MemoryStore()
    for (const id of ['a', 'b']) await store.create({ id, data: {} })
    store.before = (call, id) => (call === 'save' && id === 'a' ? new Promise(() => {}) : undefined)
    void countUp(store, 'a')
    await countUp(store, 'b')
    expect((await store.load('b'))?.data).toEqual({ n: 1 })
  })

  it('each get their own error', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    const record = await store.load('a')
    if (!record) throw new Error('there is no session')
    await store.destroy('a')
    const change = { record, mine: record.original, applyPending: (current: typeof record) => current }
    const results = await Promise.allSettled([1, 2, 3].map(() => commit(store, change)))
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_GONE' } })
  })
})

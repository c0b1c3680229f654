import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { commit } from '../../src/session/commit.ts'
import { createSessionStore } from '../../src/session/create-store.ts'
import type { SessionStore } from '../../src/session/types.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable } from '../support/tables.ts'

/** Count one up, from the session as this store knows it. */
async function countUp(store: SessionStore, id: string): Promise<void> {
  const record = await store.load(id)
  if (!record) throw new Error('there is no session')
  const patch = ({ n = 0 }: { n?: number }): object => ({ n: n + 1 })
  await commit(store, { record, mine: record.original, patch, dress: (current) => current })
}

describe('writers of one session', () => {
  it.each([{ cache: {} }, { cache: false as const }])(
    'in one process need no second attempt: %o',
    async ({ cache }) => {
      const store = createSessionStore({ storage: createStorage(), cache, maxRetries: 0 })
      await store.create({ id: 'a', data: {} })
      await Promise.all(Array.from({ length: 50 }, () => countUp(store, 'a')))
      expect((await store.load('a'))?.data).toEqual({ n: 50 })
      expect(store.stats()).toMatchObject({ saves: 50, conflicts: 0 })
    },
  )

  it('in two processes get through as well, a crowd of ten included', async () => {
    const table = await createTestTable(anyEngine())
    const stores = [0, 1].map(() => createSessionStore({ storage: dynamodb(table.options) }))
    await stores[0]?.create({ id: 'a', data: {} })
    await Promise.all(Array.from({ length: 5 }, () => stores.map((store) => countUp(store, 'a'))).flat())
    expect((await stores[0]?.load('a', { minVersion: 11 }))?.data).toEqual({ n: 10 })
    await Promise.all(stores.map((store) => store.dispose()))
    await table.drop()
  })

  it('go on when those before do not: each waits a second, all of them together', async () => {
    const store = new MemoryStore({ maxRetries: 5 })
    await store.create({ id: 'a', data: {} })
    let saves = 0
    store.before = (call) => (call === 'save' && saves++ === 0 ? new Promise(() => {}) : undefined)
    const stuck = countUp(store, 'a')
    const begun = performance.now()
    await Promise.all([1, 2, 3].map(() => countUp(store, 'a')))
    expect(performance.now() - begun).toBeLessThan(2500)
    expect((await store.load('a'))?.data).toEqual({ n: 3 })
    expect(await Promise.race([stuck, 'stuck'])).toBe('stuck')
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
    const change = { record, mine: record.original, dress: (current: typeof record) => current }
    const results = await Promise.allSettled([1, 2, 3].map(() => commit(store, change)))
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_GONE' } })
  })
})

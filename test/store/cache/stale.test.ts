import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import dynamodb from '../../../drivers/dynamodb.ts'
import { createSessionStore } from '../../../src/store/create-store.ts'
import type { SessionStore } from '../../../src/core/types.ts'
import { resetBefore, stalledHeaders } from '../../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { anyEngine } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'

describe('staleIfError', () => {
  let table: TestTable
  let proxy: Proxy
  let now: number
  beforeEach(async () => {
    now = Date.now()
    table = await createTestTable(anyEngine())
    proxy = await startProxy(table.options.endpoint)
  })
  afterEach(async () => {
    await proxy.stop()
    await table.drop()
  })

  const options = { idleTimeout: 3600, staleIfError: 300, cache: { ttl: 10 } } as const

  function storeWith(more: object = {}, request = 300): SessionStore {
    const storage = dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request } })
    return createSessionStore({ storage, ...options, now: () => now, ...more })
  }
  const outage = (): void => proxy.fault({ do: resetBefore })

  it.each([{ cache: { ttl: 10 } }, { cache: false }])(
    'reads a session as it was last seen, for so long: %o',
    async (more) => {
      const stale: unknown[] = []
      const store = storeWith({ ...more, hooks: { stale: (event: object) => stale.push(event) } })
      await store.create({ id: 'a', data: { cart: ['tea'] } })
      expect((await store.load('a'))?.data).toEqual({ cart: ['tea'] })
      outage()
      now += 299_999
      expect((await store.load('a'))?.data).toEqual({ cart: ['tea'] })
      expect(stale).toEqual([{ keyHash: expect.any(String), version: 1, expiresAt: expect.any(Number) }])
      now += 1
      await expect(store.load('a')).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
    },
  )

  it('is off by default', async () => {
    const store = storeWith({ staleIfError: undefined })
    await store.create({ id: 'a', data: {} })
    outage()
    now += 10_000
    await expect(store.load('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('works as before when the outage is over', async () => {
    const [store, other] = [storeWith(), storeWith()]
    await store.create({ id: 'a', data: { n: 1 } })
    const record = await other.load('a')
    outage()
    now += 20_000
    expect((await store.load('a'))?.data).toEqual({ n: 1 })
    proxy.reset()
    if (record) await other.save(Object.assign(record, { data: { n: 2 } }))
    expect((await store.load('a'))?.data).toEqual({ n: 2 })
  })

  it('shows no client an older version than it has seen', async () => {
    const store = storeWith()
    await store.create({ id: 'a', data: {} })
    outage()
    now += 20_000
    await expect(store.load('a', { minVersion: 2 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await store.load('a', { minVersion: 1 }))?.version).toBe(1)
  })

  it('never shows an expired session', async () => {
    const store = storeWith({ idleTimeout: 60 })
    await store.create({ id: 'a', data: {} })
    outage()
    now += 59_999
    expect(await store.load('a')).not.toBeNull()
    now += 1
    await expect(store.load('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('fails writes, and continues to read', async () => {
    const store = storeWith()
    const record = await store.create({ id: 'a', data: {} })
    outage()
    now += 20_000
    await expect(store.save(record)).rejects.toMatchObject({ status: 503 })
    await expect(store.create({ id: 'b', data: {} })).rejects.toMatchObject({ status: 503 })
    expect((await store.load('a'))?.version).toBe(1)
  })

  it('does not undo a sign-out, not even one that failed', async () => {
    const store = storeWith()
    await store.create({ id: 'a', data: {} })
    await store.create({ id: 'b', data: {} })
    await store.destroy('a')
    outage()
    now += 20_000
    await expect(store.destroy('b')).rejects.toMatchObject({ status: 503 })
    for (const id of ['a', 'b']) await expect(store.load(id)).rejects.toMatchObject({ status: 503 })
  })

  it.each<[string, (store: SessionStore) => Promise<unknown>]>([
    ['its sign-out', (store) => store.destroy('a')],
    ['a sign-out everywhere', (store) => store.destroyAll({ user: 'ada' })],
  ])('nor by a read that was under way: %s', async (_, signOut) => {
    const [store, other] = [storeWith({ cache: false }, 10_000), storeWith({ cache: false }, 10_000)]
    await other.create({ id: 'a', data: {}, user: 'ada' })
    let letGo = (): void => {}
    const held = new Promise<void>((resolve) => (letGo = resolve))
    proxy.fault({
      match: 'GetItem',
      times: 1,
      do: async (exchange) => {
        const answer = await exchange.forward()
        await held
        exchange.reply(answer)
      },
    })
    const late = store.load('a')
    await proxy.arrived(1, 'GetItem')
    await signOut(store)
    letGo()
    await late
    outage()
    await expect(store.load('a')).rejects.toMatchObject({ status: 503 })
  })

  it('shows no old session after a rotation or a sign-out everywhere', async () => {
    const store = storeWith()
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    await store.rotate(record, 'b')
    outage()
    now += 20_000
    await expect(store.load('a')).rejects.toMatchObject({ status: 503 })
    expect(await store.load('b')).not.toBeNull()
    await expect(store.destroyAll({ user: 'ada' })).rejects.toMatchObject({ status: 503 })
    await expect(store.load('b')).rejects.toMatchObject({ status: 503 })
  })

  it('a storage that does not respond counts as unavailable, a wrong table does not', async () => {
    const store = storeWith()
    await store.create({ id: 'a', data: {} })
    now += 20_000
    proxy.fault({ do: stalledHeaders })
    expect(await store.load('a')).not.toBeNull()
    proxy.reset()
    await table.drop()
    await expect(store.load('a')).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    table = await createTestTable(anyEngine())
  })

  it.each([-1, Number.NaN, Infinity, '10'])('refuses %o', (staleIfError) => {
    expect(() => storeWith({ staleIfError })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

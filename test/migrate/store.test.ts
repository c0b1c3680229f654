import { createStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { django, expressSession } from '../../src/migrate/index.ts'
import { Browser } from '../support/browser.ts'
import { describeEngines } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { DJANGO } from './django-fixtures.ts'
import { OLD_STORES, startOldApp } from './support/old-app.mjs'

const HOUR = 3_600_000
const DATA = {
  user: { id: 7, name: 'Größe ☃', admin: false, tags: ['a', null, 1.5] },
  views: 3,
  v: 1,
  big: 'x'.repeat(20_000),
}

describeEngines('a table of', (engine) => {
  describe.each(Object.entries(OLD_STORES))('%s', (_, { base, newStore }) => {
    const attributes = { key: 'id', value: 'sess', expires: 'expires' }
    let table: TestTable
    let store: SessionStore
    beforeAll(async () => {
      table = await createTestTable(engine, { key: 'id' })
      const driver = dynamodb({ ...table.options, base, attributes })
      store = createSessionStore({ storage: createStorage({ driver }), legacy: expressSession() })
    })
    afterAll(() => table.drop())

    /** A session of the old app. @returns its id, as the old app's cookie has it */
    async function oldSession(maxAge: number | null = HOUR): Promise<string> {
      const app = await startOldApp(await newStore(table.client, table.table), { secret: 'cat', maxAge })
      const browser = new Browser(app.fetch)
      // express-session answers before it has saved; the end of the body comes after.
      await browser.json('/sign-in', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(DATA),
      })
      expect(await browser.json('/read')).toMatchObject(DATA)
      await app.stop()
      const [, id = ''] = /^s:([^.]+)\./.exec(decodeURIComponent(browser.cookie.split('=')[1] ?? '')) ?? []
      return id
    }

    it("is read in place, and written in this package's format by the next save", async () => {
      const id = await oldSession()
      const found = await store.load<typeof DATA>(id)
      expect(found).toMatchObject({ id, version: 0, data: DATA })
      expect(Math.abs((found?.expiresAt ?? 0) - Date.now() - HOUR)).toBeLessThan(10_000)
      if (!found) return
      found.data.views++
      const saved = await store.save(found)
      expect(saved).toMatchObject({ version: 1, createdAt: found.createdAt })
      const item = await table.get(base + id)
      expect(JSON.parse(item?.['sess']?.S ?? '')).toMatchObject({ v: 1, d: { ...DATA, views: 4 } })
      expect(await store.load(id, { minVersion: 1 })).toMatchObject({ version: 1, data: { views: 4 } })
      await expect(store.save(found)).rejects.toMatchObject({ code: 'CONFLICT' })
    })

    it('is listed, touched, rotated and destroyed like any other session', async () => {
      const ids = [await oldSession(), await oldSession(null), await oldSession()]
      const [touched = '', rotated = '', ended = ''] = ids
      const listed = []
      for await (const { id } of store.list()) listed.push(id)
      expect(listed).toEqual(expect.arrayContaining(ids))

      const record = await store.load(touched)
      expect(record && (await store.touch(record))).toMatchObject({ version: 1, data: DATA })
      const other = await store.load(rotated)
      expect(other && (await store.rotate(other, `new-${rotated}`))).toMatchObject({ data: DATA })
      expect(await store.load(rotated)).toBeNull()
      expect(await store.destroy(ended)).toBe(true)
      expect(await store.load(ended)).toBeNull()
      await expect(store.create({ id: await oldSession(), data: {} })).rejects.toMatchObject({
        code: 'SESSION_EXISTS',
      })
    })

    it('expires with its item, regardless of the value', async () => {
      const id = await oldSession()
      const key = base + id
      const item = await table.get(key)
      const soon = Math.floor(Date.now() / 1000) + 7200
      await table.put({ ...item, expires: { N: String(soon + 0.25) } })
      const renewed = await store.load(id, { minVersion: 1 })
      expect(Math.abs((renewed?.expiresAt ?? 0) - soon * 1000)).toBeLessThanOrEqual(1000)
      await table.put({ ...item, expires: { N: String(Math.floor(Date.now() / 1000) - 1) } })
      const fresh = createSessionStore({
        storage: dynamodb({ ...table.options, base, attributes }),
        legacy: expressSession(),
      })
      expect(await fresh.load(id)).toBeNull()
      if (renewed) await expect(fresh.save(renewed)).rejects.toMatchObject({ code: 'SESSION_GONE' })
    })
  })

  describe('django-dynamodb2-sessions', () => {
    let table: TestTable
    beforeAll(async () => {
      table = await createTestTable(engine)
    })
    afterAll(() => table.drop())

    it.each(['small', 'compressed', 'old'] as const)('is read and saved: %s', async (which) => {
      const { value, data } = DJANGO[which]
      const now = Math.floor(Date.now() / 1000)
      const id = `${which}key`.padEnd(32, '0')
      const times = { expire_date: { N: String(now + 60) }, created: { N: String(now - 1000) } }
      await table.put({ session_key: { S: id }, data: { S: value }, ...times })
      const storage = dynamodb(table.options)
      const store = createSessionStore({ storage, legacy: django({ secret: DJANGO.secret }) })
      const found = await store.load(id)
      expect(found).toMatchObject({ version: 0, data, createdAt: (now - 1000) * 1000 })
      expect(found && (await store.save(found))).toMatchObject({ version: 1, data })
      expect(JSON.parse((await table.get(id))?.['data']?.S ?? '')).toMatchObject({ v: 1, d: data })
    })

    it('is not read with another secret, and is not changed', async () => {
      const id = 'anotherkey'.padEnd(32, '0')
      await table.put({ session_key: { S: id }, data: { S: DJANGO.small.value } })
      const corrupt = vi.fn<() => void>()
      const storage = dynamodb(table.options)
      const store = createSessionStore({ storage, legacy: django({ secret: 'other' }), hooks: { corrupt } })
      expect(await store.load(id)).toBeNull()
      expect(corrupt).toHaveBeenCalledOnce()
      expect((await table.get(id))?.['data']?.S).toBe(DJANGO.small.value)
    })
  })
})

describe('a storage without time to live', () => {
  const start = 1_900_000_000_000
  let now = start
  const storage = createStorage({ driver: memory() })
  const open = (options: { maxAge?: number } = {}): SessionStore =>
    createSessionStore({ storage, legacy: expressSession(), now: () => now, cache: false, ...options })
  const put = (id: string, cookie: object): Promise<void> =>
    storage.setItem(id, JSON.stringify({ cookie, n: 1 }))

  it("uses the value's expiry, to the millisecond", async () => {
    await put('a', { expires: new Date(start + 60_000).toISOString() })
    now = start + 59_999
    const found = await open().load('a')
    expect(found).toMatchObject({ version: 0, data: { n: 1 }, expiresAt: start + 60_000 })
    now = start + 60_000
    expect(await open().load('a')).toBeNull()
    if (found) await expect(open().save(found)).rejects.toMatchObject({ code: 'SESSION_GONE' })
  })

  it("uses the store's lifetime if the value has no expiry", async () => {
    now = start
    await put('b', { expires: null })
    expect(await open({ maxAge: 60 }).load('b')).toMatchObject({
      expiresAt: start + 60_000,
      deadline: start + 60_000,
    })
  })

  it('saves, touches and destroys a legacy session under its lock', async () => {
    now = start
    await put('c', { expires: null })
    const found = await open().load('c')
    if (!found) return expect.unreachable()
    expect(await open().save(found)).toMatchObject({ version: 1, data: { n: 1 } })
    await expect(open().save(found)).rejects.toMatchObject({ code: 'CONFLICT' })
    await put('d', { expires: null })
    expect(await open().destroy('d', { ifVersion: 0 })).toBe(true)
    await put('e', { expires: null })
    await expect(open().destroy('e', { ifVersion: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(open().create({ id: 'e', data: {} })).rejects.toMatchObject({ code: 'SESSION_EXISTS' })
  })

  it('treats the content of an old session as data, even if it looks like a session', async () => {
    now = start
    const forged = { v: 0, c: 1, e: start + 60_000, u: 'admin', d: { role: 'admin' } }
    await storage.setItem('h', JSON.stringify({ cookie: { expires: null }, ...forged }))
    const found = await open().load('h')
    expect([found?.version, found?.user, found?.data]).toEqual([0, undefined, forged])
  })

  it('fails if the format throws, and treats data of unlimited depth as no session', async () => {
    await storage.setItem('f', 'text')
    const read = (): never => {
      throw new Error('the format is broken')
    }
    const broken = createSessionStore({ storage, legacy: { name: 'broken', read } })
    await expect(broken.load('f')).rejects.toThrow('the format is broken')
    await storage.setItemRaw('g', `{"cookie":{},"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
    expect(await open().load('g')).toBeNull()
  })
})

it('refuses an object that is not a format', () => {
  for (const legacy of [expressSession, {}, null, [1]])
    expect(() =>
      createSessionStore({ storage: createStorage({ driver: memory() }), legacy: legacy as never }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

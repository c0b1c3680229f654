import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { clearSession, type SessionConfig, useSession } from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { fromDjango, fromExpressSession } from '../../src/migrate/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Fetch, type Handler, type Platform, platforms, stopServers } from '../support/h3-platforms.ts'
import { describeEngines } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { DJANGO } from './django-fixtures.ts'
import { OLD_STORES, type OldApp, type OldStore, startOldApp } from './support/old-app.mjs'

const password = 'the password of the new app, long enough'
const DATA = { user: { id: 7, name: 'Größe ☃' }, cart: [{ sku: 'a', count: 2 }], none: null }

/** The new app: one instance of it. */
function startNewApp(platform: Platform, config: Omit<SessionConfig, 'password'>): Promise<Fetch> {
  const all = { ...config, password }
  const plain = { store: config.store, password }
  return platform.serve({
    routes: {
      '/read': async (event) => {
        const { id, isNew, data } = await useSession(event, all)
        return { id: isNew ? null : id, data }
      },
      '/renew': async (event) => ({ id: (await (await useSession(event, all)).regenerate()).id }),
      // As behind a middleware that is the only one to know of the old app.
      '/leave': async (event) => {
        await useSession(event, all)
        await (await useSession(event, plain)).clear()
        return {}
      },
      '/sign-out': async (event) => {
        await clearSession(event, all)
        return {}
      },
    },
  })
}

const nodes = platforms.filter(({ isNode }) => isNode)
const oldStores: [string, OldStore][] = Object.entries(OLD_STORES)
const SIGNED_OUT = { id: null, data: {} }

describeEngines('moving', (engine) => {
  let fresh: TestTable
  let store: SessionStore
  beforeAll(async () => {
    fresh = await createTestTable(engine)
  })
  beforeEach(() => {
    store = createSessionStore({ storage: dynamodb(fresh.options) })
  })
  afterEach(stopServers)
  afterAll(() => fresh.drop())

  describe.each(oldStores)('from %s', (_, { base, newStore }) => {
    const secret = 'keyboard cat'
    const attributes = { key: 'id', value: 'sess', expires: 'expires' }
    let table: TestTable
    let storage: DynamoDBDriver
    let old: OldApp
    beforeAll(async () => {
      table = await createTestTable(engine, { key: 'id' })
      storage = dynamodb({ ...table.options, base, attributes })
      old = await startOldApp(await newStore(table.client, table.table), { secret })
    })
    afterAll(async () => {
      await old.stop()
      await table.drop()
    })

    /** A browser with the cookies of a user who has signed in to the old app. It can be sent to either app. */
    async function signedIn(fetch: Fetch): Promise<Browser> {
      const browser = new Browser(old.fetch)
      const headers = { 'content-type': 'application/json' }
      await browser.json('/sign-in', { method: 'POST', headers, body: JSON.stringify(DATA) })
      return at(fetch, browser)
    }

    const at = (fetch: Fetch, browser: Browser): Browser => {
      const other = new Browser(fetch)
      for (const [name, cookie] of browser.jar) other.jar.set(name, cookie)
      return other
    }
    const ids = async (): Promise<string[]> => storage.getKeys()
    const adopt = () => fromExpressSession({ storage, secret })

    it.each(nodes)('signs no user out, and does not need the old app: $name', async (platform) => {
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const browser = await signedIn(fetch)
      const { id, data } = await browser.json('/read')
      const { lastModified: _, ...rest } = data
      expect(rest).toEqual(DATA)
      expect([...browser.jar.keys()].toSorted()).toEqual(['connect.sid', 'h3'])
      browser.jar.delete('connect.sid')
      expect(await browser.json('/read')).toEqual({ id, data })
      const item = await fresh.get(id)
      expect(item?.['version']?.N).toBe('1')
      expect(JSON.parse(item?.['data']?.S ?? '')).toMatchObject({ v: 1, d: data })
    })

    it('creates one session for parallel requests on two instances', async () => {
      const second = createSessionStore({ storage: dynamodb(fresh.options) })
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const one = await startNewApp(platform, { store, adopt: adopt() })
      const two = await startNewApp(platform, { store: second, adopt: adopt() })
      const browser = await signedIn(one)
      const found = await Promise.all(
        [one, two, one, two, one, two].map((app) => at(app, browser).json('/read')),
      )
      expect(new Set(found.map(({ id }) => id)).size).toBe(1)
      expect(found[0].data).toMatchObject(DATA)
    })

    it.each(nodes)('works with the old app again, until the user signs out: $name', async (platform) => {
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const browser = await signedIn(fetch)
      const thief = browser.clone()
      const moved = await browser.json('/read')
      expect(await at(old.fetch, browser).json('/read')).toMatchObject(DATA)
      expect((await at(fetch, thief).json('/read')).id).toBe(moved.id)

      const before = await ids()
      await browser.json('/leave')
      expect(await ids()).toHaveLength(before.length - 1)
      expect(await at(old.fetch, browser).json('/read')).toEqual({})
      expect(await browser.json('/read')).toEqual(SIGNED_OUT)
      expect(await thief.json('/read')).toEqual(SIGNED_OUT)
    })

    it.each(nodes)('destroys a session whose first request signs out: $name', async (platform) => {
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const browser = await signedIn(fetch)
      await browser.json('/sign-out')
      expect(await browser.json('/read')).toEqual(SIGNED_OUT)
      expect(await at(old.fetch, browser).json('/read')).toEqual({})
    })

    it('opens no session by the old cookie after the session got another id or was destroyed elsewhere', async () => {
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const browser = await signedIn(fetch)
      const twin = browser.clone()
      const { id } = await browser.json('/read')
      expect(await browser.json('/renew')).not.toEqual({ id })
      expect((await browser.json('/read')).data).toMatchObject(DATA)
      expect(await twin.json('/read')).toEqual(SIGNED_OUT)

      const other = await signedIn(fetch)
      await at(old.fetch, other).json('/sign-out', { method: 'POST' })
      expect(await other.json('/read')).toEqual(SIGNED_OUT)
    })

    it('finds the live session among several cookies of the old name, and sign-out destroys all', async () => {
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const people = [await signedIn(fetch), await signedIn(fetch), await signedIn(fetch)]
      const [ended = '', first = '', second = ''] = people.map(({ cookie }) => cookie)
      await at(old.fetch, people[0]!).json('/sign-out', { method: 'POST' })
      const read = async (...cookies: string[]): Promise<{ id: string | null; data: unknown }> =>
        (await fetch('/read', { headers: { cookie: cookies.join('; ') } })).json()
      const found = await read('connect.sid=junk', ended, first)
      expect(found.data).toMatchObject(DATA)
      expect((await read(first, second)).id).toBe(found.id)
      const before = await ids()
      await fetch('/sign-out', { headers: { cookie: ['connect.sid=junk', first, second].join('; ') } })
      expect(await ids()).toHaveLength(before.length - 2)
      for (const cookie of [first, second]) expect(await read(cookie)).toEqual(SIGNED_OUT)
    })

    it('gives the same answer to a bad signature, an unknown id and an expired session', async () => {
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const fetch = await startNewApp(platform, { store, adopt: adopt() })
      const browser = await signedIn(fetch)
      const cookie = decodeURIComponent(browser.jar.get('connect.sid')?.value ?? '')
      const [id = ''] = /[^:]+(?=\.)/.exec(cookie) ?? []
      const key = base + id
      const item = await table.get(key)
      const answers = async (value: string): Promise<unknown> => {
        const headers = { cookie: `connect.sid=${encodeURIComponent(value)}` }
        const response = await fetch('/read', { headers })
        expect(cookiesOf(response)).toEqual([])
        return response.json()
      }
      const before = await fresh.count()
      expect(await answers(cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).toEqual(SIGNED_OUT)
      await storage.removeItem(id)
      expect(await answers(cookie)).toEqual(SIGNED_OUT)
      await table.put({ ...item, expires: { N: String(Math.floor(Date.now() / 1000) - 1) } })
      expect(await answers(cookie)).toEqual(SIGNED_OUT)
      expect(await fresh.count()).toBe(before)
    })

    it('converts data and owner, accepts old secrets, and rejects sessions that `convert` rejects', async () => {
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const accepting = fromExpressSession({
        storage,
        secret: ['a newer secret', secret],
        convert: ({ user }) => ({ data: { user }, user: 'user-7' }),
      })
      const browser = await signedIn(await startNewApp(platform, { store, adopt: accepting }))
      const { id, data } = await browser.json('/read')
      expect(data).toEqual({ user: DATA.user })
      const listed = []
      for await (const session of store.list({ user: 'user-7' })) listed.push(session.id)
      expect(listed).toContain(id)
      const refusing = fromExpressSession({ storage, secret, convert: () => null })
      const other = await signedIn(await startNewApp(platform, { store, adopt: refusing }))
      expect(await other.json('/read')).toEqual(SIGNED_OUT)
    })

    it('works within the old table, too', async () => {
      const [platform] = nodes
      if (!platform) return expect.unreachable()
      const within = createSessionStore({ storage })
      const browser = await signedIn(await startNewApp(platform, { store: within, adopt: adopt() }))
      const { id, data } = await browser.json('/read')
      expect(data).toMatchObject(DATA)
      const key = base + id
      expect((await table.get(key))?.['version']?.N).toBe('1')
      expect(await at(old.fetch, browser).json('/read')).toMatchObject(DATA)
      await browser.json('/sign-out')
      expect(await at(old.fetch, browser).json('/read')).toEqual({})
    })
  })

  describe.each(nodes)('from Django: $name', (platform) => {
    let table: TestTable
    beforeAll(async () => {
      table = await createTestTable(engine)
    })
    afterAll(() => table.drop())

    const put = async (key: string, value: string): Promise<string> => {
      const expires = Math.floor(Date.now() / 1000) + 60
      const times = { expire_date: { N: String(expires) }, created: { N: String(expires - 1000) } }
      await table.put({ session_key: { S: key }, data: { S: value }, ...times })
      return `sessionid=${key}`
    }
    const start = (): Promise<Fetch> => {
      const { secret } = DJANGO
      const adopt = fromDjango({ storage: dynamodb(table.options), secret })
      return startNewApp(platform, { store, adopt })
    }

    it.each(['small', 'compressed', 'old'] as const)('signs no user out: %s', async (which) => {
      const { value, data } = DJANGO[which]
      const cookie = await put(`${which}${platform.version}0123456789`.padEnd(32, 'x'), value)
      const fetch = await start()
      const response = await fetch('/read', { headers: { cookie } })
      const moved = await response.json()
      expect(moved.data).toEqual(data)
      const [{ name, value: token } = {}] = cookiesOf(response)
      const both = `${cookie}; ${name}=${token}`
      expect(await (await fetch('/read', { headers: { cookie: both } })).json()).toEqual(moved)
      await fetch('/sign-out', { headers: { cookie: both } })
      expect(await table.get(cookie.slice('sessionid='.length))).toBeUndefined()
      for (const again of [cookie, both])
        expect(await (await fetch('/read', { headers: { cookie: again } })).json()).toEqual(SIGNED_OUT)
    })

    it('rejects values signed with another secret, and calls its hooks', async () => {
      const cookie = await put(`another${platform.version}0123456789`.padEnd(32, 'x'), DJANGO.small.value)
      const told: string[] = []
      const hooks = { loaded: () => told.push('loaded'), corrupt: () => told.push('corrupt') }
      const storage = dynamodb(table.options)
      for (const secret of ['another secret', DJANGO.secret]) {
        const fetch = await startNewApp(platform, { store, adopt: fromDjango({ storage, secret, hooks }) })
        const { data } = await (await fetch('/read', { headers: { cookie } })).json()
        expect(data).toEqual(secret === DJANGO.secret ? DJANGO.small.data : {})
      }
      expect(told).toEqual(['corrupt', 'loaded'])
    })

    it('does not treat a failure of the old table as a sign-out', async () => {
      const cookie = await put(`failing${platform.version}0123456789`.padEnd(32, 'x'), DJANGO.small.value)
      const broken = dynamodb({ ...table.options, table: 'no-such-table' })
      const adopt = fromDjango({ storage: broken, secret: DJANGO.secret })
      const outcome: Handler = (event) =>
        useSession(event, { store, password, adopt }).then(
          () => 'no session',
          ({ code }) => code,
        )
      const failing = await platform.serve({ routes: { '/read': outcome } })
      expect(await (await failing('/read', { headers: { cookie } })).text()).toBe('TABLE_NOT_FOUND')
      const fetch = await start()
      expect((await (await fetch('/read', { headers: { cookie } })).json()).data).toEqual(DJANGO.small.data)
    })

    it('neither opens nor destroys a session of this package by its bare id', async () => {
      const id = 'aknownidofoursession'
      const ours = createSessionStore({ storage: dynamodb(table.options), cache: false })
      await ours.create({ id, data: { secret: true } })
      const fetch = await start()
      const headers = { cookie: `sessionid=${id}` }
      expect(await (await fetch('/read', { headers })).json()).toEqual(SIGNED_OUT)
      expect((await fetch('/sign-out', { headers })).status).toBe(200)
      expect(await ours.load(id)).not.toBeNull()
    })
  })
})

import { promisify } from 'node:util'
import session from 'express-session'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { createExpressStore, type ExpressStoreOptions } from '../../src/express/index.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { internalServerError } from '../support/proxy/aws-errors.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeEngines } from '../support/suites.ts'
import { appWith, SECRET, serve, stopApps } from './express-app.ts'

type Data = Record<string, unknown>

/** The methods of a store, with promises for their callbacks. */
function methodsOf(store: session.Store) {
  const [get, set, destroy] = [store.get.bind(store), store.set.bind(store), store.destroy.bind(store)]
  return {
    get: promisify(get) as (id: string) => Promise<session.SessionData | undefined>,
    set: promisify(set) as unknown as (id: string, data: object) => Promise<void>,
    destroy: promisify(destroy) as (id: string) => Promise<void>,
    touch: promisify(store.touch!.bind(store)) as unknown as (id: string, data: object) => Promise<void>,
    all: promisify(store.all!.bind(store)) as () => Promise<Record<string, session.SessionData>>,
    length: promisify(store.length!.bind(store)) as () => Promise<number>,
    clear: promisify(store.clear!.bind(store)) as () => Promise<void>,
  }
}

const MINUTE = 60_000
const cookie = { originalMaxAge: 10 * MINUTE, secure: true, sameSite: 'lax', path: '/' }

describe('createExpressStore', () => {
  const store = { load: async () => null } as unknown as SessionStore

  it.each<[string, () => unknown, RegExp]>([
    ['no module', () => createExpressStore({} as typeof session, { store }), /`session` must be the module/],
    ['no options', () => createExpressStore(session, undefined!), /`store` must be a store/],
    ['no store', () => createExpressStore(session, {} as ExpressStoreOptions), /`store` must be a store/],
    ['a misspelt option', () => createExpressStore(session, { store, usr: 1 } as never), /`usr`.*`user`/],
    [
      'a user that is no function',
      () => createExpressStore(session, { store, user: 'a' } as never),
      /`user`/,
    ],
  ])('refuses %s', (_, create, message) => {
    expect(create).toThrow(message)
  })

  it('is a store of express-session', () => {
    expect(createExpressStore(session, { store })).toBeInstanceOf(session.Store)
  })
})

describeEngines('a store for express-session', (engine) => {
  let table: TestTable
  let proxy: Proxy
  const opened: SessionStore[] = []
  beforeAll(async () => {
    table = await createTestTable(engine, { userIndex: true })
    proxy = await startProxy(engine.endpoint)
    vi.stubEnv('AWS_MAX_ATTEMPTS', '2')
  })
  beforeEach(() => proxy.reset())
  afterEach(async () => {
    vi.useRealTimers()
    await stopApps()
    for (const store of opened.splice(0)) await store.dispose()
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await proxy.stop()
    await table.drop()
  })

  /** A session store as one instance of an app has it. */
  function newSessions(options: Partial<Parameters<typeof createSessionStore>[0]> = {}): SessionStore {
    const storage = dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 5000 } })
    const sessions = createSessionStore({ storage, ...options })
    opened.push(sessions)
    return sessions
  }

  const newStore = (sessions = newSessions(), options: Partial<ExpressStoreOptions> = {}): session.Store =>
    createExpressStore(session, { store: sessions, ...options })

  const writes = (): number =>
    proxy.calls.filter(({ operation }) => /Put|Update|Delete|Write/.test(operation)).length

  let count = 0
  const newId = (): string => `express-${engine.name.replaceAll(/\W/g, '')}-${++count}`

  describe('by its methods', () => {
    it('returns what was stored, with the attributes of the cookie', async () => {
      const { get, set } = methodsOf(newStore())
      const id = newId()
      const data = { user: 'Größe ☃', list: [1, { a: null }], at: new Date(0), none: undefined }
      await set(id, { ...data, cookie })
      const found = await get(id)
      expect(found).toEqual({
        user: 'Größe ☃',
        list: [1, { a: null }],
        at: '1970-01-01T00:00:00.000Z',
        cookie: expect.anything(),
      })
      expect(found?.cookie).toMatchObject(cookie)
      const { expires } = found!.cookie
      expect(Math.abs(Number(expires) - Date.now() - 10 * MINUTE)).toBeLessThan(5000)
    })

    it('returns undefined for an unknown session, and for a text that is no id without a request', async () => {
      const { get, destroy } = methodsOf(newStore())
      expect(await get(newId())).toBeUndefined()
      await destroy(newId())
      proxy.reset()
      for (const id of ['', 'a/b', 'ä', '__proto__.x', 'x'.repeat(129), `claim_${'a'.repeat(43)}`]) {
        expect(await get(id)).toBeUndefined()
        await destroy(id)
      }
      expect(proxy.count()).toBe(0)
    })

    it('opens no session of other software in the same table', async () => {
      const sessions = newSessions()
      const { get } = methodsOf(newStore(sessions))
      const { id } = await sessions.create({ id: newId(), data: { user: 'ada' } })
      expect(await get(id)).toBeUndefined()
    })

    it('reads the latest state, also after a write of another instance', async () => {
      const [one, two] = [methodsOf(newStore()), methodsOf(newStore())]
      const id = newId()
      await one.set(id, { count: 1, cookie })
      expect(await two.get(id)).toMatchObject({ count: 1 })
      await one.set(id, { count: 2, cookie })
      expect(await two.get(id)).toMatchObject({ count: 2 })
      await one.destroy(id)
      expect(await two.get(id)).toBeUndefined()
    })

    it('keeps the changes of two callers to different keys, and the later one to the same key', async () => {
      const { get, set } = methodsOf(newStore())
      const id = newId()
      await set(id, { cookie, both: 0 })
      const [a, b] = [(await get(id)) as unknown as Data, (await get(id)) as unknown as Data]
      Object.assign(a, { a: 1, both: 'a' })
      Object.assign(b, { b: 1, both: 'b' })
      await set(id, a)
      await set(id, b)
      expect(await get(id)).toMatchObject({ a: 1, b: 1, both: 'b' })
      // The object of the first caller lacks `b`, which it has never seen. That is no removal.
      delete a['a']
      await set(id, a)
      const { cookie: _, ...data } = (await get(id))!
      expect(data).toEqual({ b: 1, both: 'b' })
    })

    it('replaces a session by an object that was not read from the store', async () => {
      const { get, set } = methodsOf(newStore())
      const id = newId()
      await set(id, { cookie, a: 1 })
      await set(id, { cookie, b: 1 })
      const { cookie: _, ...data } = (await get(id))!
      expect(data).toEqual({ b: 1 })
    })

    it('asks for the value of a key that two callers changed', async () => {
      const store = newStore(newSessions(), {
        onConflict: (_, { mine, theirs }) => Number(mine) + Number(theirs),
      })
      const { get, set } = methodsOf(store)
      const id = newId()
      await set(id, { cookie, count: 0 })
      const both = await Promise.all([get(id), get(id)])
      await Promise.all(both.map((each, index) => set(id, Object.assign(each!, { count: index + 1 }))))
      expect(await get(id)).toMatchObject({ count: 3 })
    })

    it('stores two calls for one new session in order', async () => {
      const { get, set } = methodsOf(newStore())
      const id = newId()
      const data: Data = { cookie, count: 1 }
      const first = set(id, data)
      data['count'] = 2
      await Promise.all([first, set(id, data)])
      expect(await get(id)).toMatchObject({ count: 2 })
    })

    it('does not store a session again that was destroyed in the meantime', async () => {
      const { get, set, touch, destroy } = methodsOf(newStore())
      const id = newId()
      await set(id, { cookie, count: 1 })
      const stale = await get(id)
      await destroy(id)
      await expect(set(id, stale!)).rejects.toMatchObject({ code: 'SESSION_GONE', status: 409 })
      await touch(id, stale!)
      expect(await get(id)).toBeUndefined()
    })

    it('touches nothing that is not stored, and destroys a session whose cookie has expired', async () => {
      const { get, set, touch } = methodsOf(newStore())
      const id = newId()
      await touch(id, { cookie })
      expect(await get(id)).toBeUndefined()
      await set(id, { cookie })
      await set(id, { cookie: { expires: new Date(0) } })
      expect(await get(id)).toBeUndefined()
      await set(id, { cookie })
      await touch(id, { cookie: { originalMaxAge: -1 } })
      expect(await get(id)).toBeUndefined()
    })

    it('lists, counts and clears the sessions of express-session only', async () => {
      const own = await createTestTable(engine)
      const sessions = createSessionStore({ storage: dynamodb(own.options) })
      const { set, all, length, clear } = methodsOf(newStore(sessions))
      const other = await sessions.create({ id: 'other', data: {} })
      expect([await all(), await length()]).toEqual([{}, 0])
      await Promise.all(Array.from({ length: 60 }, (_, index) => set(`s${index}`, { cookie, index })))
      const found = await all()
      expect(Object.keys(found)).toHaveLength(60)
      expect(found['s7']).toMatchObject({ index: 7, cookie: { secure: true, expires: expect.any(Date) } })
      expect(await length()).toBe(60)
      await clear()
      expect(await length()).toBe(0)
      expect(await sessions.load(other.id)).not.toBeNull()
      await own.drop()
    })

    it.each<[string, (methods: ReturnType<typeof methodsOf>, id: string) => Promise<unknown>]>([
      ['get', ({ get }, id) => get(id)],
      ['set of a new session', ({ set }) => set(newId(), { cookie })],
      ['set', ({ set }, id) => set(id, { cookie })],
      ['touch', ({ touch }, id) => touch(id, { cookie })],
      ['destroy', ({ destroy }, id) => destroy(id)],
      ['all', ({ all }) => all()],
      ['length', ({ length }) => length()],
      ['clear', ({ clear }) => clear()],
    ])('passes an outage to the callback of %s', async (_, call) => {
      const methods = methodsOf(newStore())
      const id = newId()
      await methods.set(id, { cookie, count: 1 })
      proxy.fault({ do: internalServerError })
      await expect(call(methods, id)).rejects.toMatchObject({ code: 'UNAVAILABLE', status: 503 })
      proxy.reset()
      expect(await methods.get(id)).toMatchObject({ count: 1 })
    })
  })

  describe('by its lifetimes', () => {
    it('ends a session after maxAge of its cookie without use, to the millisecond', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const { get, set, touch } = methodsOf(newStore())
      const id = newId()
      const start = Date.now()
      await set(id, { cookie })
      vi.setSystemTime(start + 9 * MINUTE)
      const found = await get(id)
      await touch(id, found!)
      expect((await get(id))?.cookie.expires).toEqual(new Date(start + 19 * MINUTE))
      vi.setSystemTime(start + 19 * MINUTE - 1)
      expect(await get(id)).toBeDefined()
      vi.setSystemTime(start + 19 * MINUTE)
      expect(await get(id)).toBeUndefined()
    })

    it('ends a session at maxAge of the store, although it is in use', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const { get, set, touch } = methodsOf(newStore(newSessions({ maxAge: 15 * 60 })))
      const id = newId()
      const start = Date.now()
      await set(id, { cookie })
      vi.setSystemTime(start + 9 * MINUTE)
      await touch(id, (await get(id))!)
      vi.setSystemTime(start + 15 * MINUTE - 1)
      expect(await get(id)).toBeDefined()
      vi.setSystemTime(start + 15 * MINUTE)
      expect(await get(id)).toBeUndefined()
    })

    it('gives a session whose cookie ends with the browser the lifetime of the store', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const { get, set } = methodsOf(newStore(newSessions({ idleTimeout: 60 })))
      const id = newId()
      const start = Date.now()
      await set(id, { cookie: { originalMaxAge: null, expires: null } })
      vi.setSystemTime(start + MINUTE - 1)
      expect((await get(id))?.cookie).toMatchObject({ originalMaxAge: null, expires: null })
      vi.setSystemTime(start + MINUTE)
      expect(await get(id)).toBeUndefined()
    })

    it('writes for a touch only if the end must move, or the lifetime has changed', async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const { get, set, touch } = methodsOf(newStore())
      const id = newId()
      await set(id, { cookie })
      const found = await get(id)
      proxy.reset()
      await touch(id, found!)
      await touch(id, { ...found, cookie: { ...found!.cookie, originalMaxAge: 10 * MINUTE - 1 } })
      expect(writes()).toBe(0)
      vi.setSystemTime(Date.now() + 6 * MINUTE)
      await touch(id, found!)
      expect(writes()).toBe(1)
      await touch(id, Object.assign(found!, { cookie: { ...cookie, originalMaxAge: 60 * MINUTE } }))
      expect(writes()).toBe(2)
      const longer = await get(id)
      expect(longer?.cookie).toMatchObject({
        originalMaxAge: 60 * MINUTE,
        expires: new Date(Date.now() + 60 * MINUTE),
      })
    })
  })

  describe('with users', () => {
    const user = ({ user }: Data): string | undefined => (typeof user === 'string' ? user : undefined)

    it('lists the sessions of a user, and signs a user out everywhere', async () => {
      const sessions = newSessions()
      const store = newStore(sessions, { user })
      const fetch = await serve(appWith(store))
      const [one, two, other] = [new Browser(fetch), new Browser(fetch), new Browser(fetch)]
      const ids = [await one.json('/sign-in/ada', POST), await two.json('/sign-in/ada', POST)].map(
        ({ id }) => id,
      )
      await other.json('/sign-in/bob', POST)
      const listed = []
      for await (const { id } of sessions.list({ user: 'ada' })) listed.push(id)
      expect(listed.toSorted()).toEqual(ids.toSorted())
      expect(await sessions.destroyAll({ user: 'ada' })).toBe(2)
      expect((await one.json('/')).data).toEqual({})
      expect((await two.json('/')).data).toEqual({})
      expect((await other.json('/')).data).toEqual({ user: 'bob' })
    })
  })

  const POST = { method: 'POST' }

  describe('in an app', () => {
    it('keeps a session from sign-in to sign-out, with a new id at sign-in', async () => {
      const fetch = await serve(appWith(newStore()))
      const browser = new Browser(fetch)
      await browser.json('/set/note/tea', POST)
      const before = browser.clone()
      const { id } = await browser.json('/sign-in/ada', POST)
      expect(await browser.json('/')).toEqual({ id, data: { user: 'ada' } })
      expect((await before.json('/')).data).toEqual({})
      const copy = browser.clone()
      await browser.json('/sign-out', POST)
      expect((await copy.json('/')).data).toEqual({})
    })

    it('stores nothing for a visitor without data, and writes nothing for a request that only reads', async () => {
      const browser = new Browser(await serve(appWith(newStore())))
      await browser.json('/')
      expect(browser.jar.size).toBe(0)
      expect(proxy.count()).toBe(0)
      await browser.json('/set/note/tea', POST)
      proxy.reset()
      await browser.json('/')
      expect(writes()).toBe(0)
    })

    it('loses no change of parallel requests on two instances', async () => {
      const fetches = await Promise.all([newStore(), newStore()].map((store) => serve(appWith(store))))
      const browser = new Browser(fetches[0]!)
      await browser.json('/set/note/tea', POST)
      const headers = { cookie: browser.cookie }
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const response = await fetches[index % 2]!(`/set/k${index}/${index}`, { ...POST, headers })
          // express-session sends the headers first, and the end of the body when it has stored the session.
          return response.json()
        }),
      )
      const { data } = await browser.json('/')
      expect(Object.keys(data)).toHaveLength(21)
    })

    it('answers 503 during an outage, and starts no other session', async () => {
      const browser = new Browser(await serve(appWith(newStore())))
      await browser.json('/sign-in/ada', POST)
      const before = browser.cookie
      proxy.fault({ do: internalServerError })
      for (const path of ['/', '/set/note/tea']) {
        const response = await browser.fetch(path, path === '/' ? {} : POST)
        expect([response.status, cookiesOf(response)]).toEqual([503, []])
      }
      proxy.reset()
      expect(browser.cookie).toBe(before)
      expect((await browser.json('/')).data).toEqual({ user: 'ada' })
    })

    it('keeps the lifetime that the app gives one session, and the attributes of a renewed cookie', async () => {
      const attributes = { maxAge: MINUTE, sameSite: 'strict', path: '/', httpOnly: true } as const
      const store = newStore()
      const browser = new Browser(await serve(appWith(store, { rolling: true, cookie: attributes })))
      const { id } = await browser.json('/sign-in/ada', POST)
      await browser.json(`/remember/${60 * MINUTE}`, POST)
      const { cookie } = (await methodsOf(store).get(id))!
      expect(cookie.originalMaxAge).toBe(60 * MINUTE)
      const [renewed] = cookiesOf(await browser.fetch('/'))
      expect(renewed?.attributes).toMatchObject({ samesite: 'Strict', path: '/', httponly: true })
      const left = Date.parse(String(renewed?.attributes['expires'])) - Date.now()
      expect(left).toBeGreaterThan(59 * MINUTE)
    })

    it('reports a save of a session that was destroyed, after the whole response', async () => {
      const store = newStore()
      const app = appWith(store)
      let isLoaded = (): void => {}
      const loaded = new Promise<void>((resolve) => (isLoaded = resolve))
      let release = (): void => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      app.get('/slow', (req, res) => {
        isLoaded()
        void released.then(() => {
          req.session.note = 'late'
          res.json({ is: 'whole' })
        })
      })
      const errors: unknown[] = []
      const report: import('express').ErrorRequestHandler = (error, _, __, next) => {
        errors.push(error.code)
        next(error)
      }
      app.use(report)
      const browser = new Browser(await serve(app))
      const { id } = await browser.json('/sign-in/ada', POST)
      const slow = browser.json('/slow')
      await loaded
      await browser.json('/sign-out', POST)
      release()
      expect(await slow).toEqual({ is: 'whole' })
      await vi.waitFor(() => expect(errors).toEqual(['SESSION_GONE']))
      expect(await methodsOf(store).get(id)).toBeUndefined()
    })

    it('reads sessions again with `reload`, and by id with `load`', async () => {
      const store = newStore()
      const app = appWith(store)
      app.get('/reload', (req, res, next) => {
        store.set(req.session.id, { user: 'bob', cookie: req.session.cookie }, () => {
          req.session.reload((error) => (error ? next(error) : res.json({ user: req.session.user })))
        })
      })
      const browser = new Browser(await serve(app))
      const { id } = await browser.json('/sign-in/ada', POST)
      expect(await browser.json('/reload')).toEqual({ user: 'bob' })
      const loaded = await promisify(store.load.bind(store))(id)
      expect(loaded).toBeInstanceOf(session.Session)
      expect(loaded).toMatchObject({ user: 'bob' })
    })

    it('opens no session for a cookie that another secret has signed', async () => {
      const store = newStore()
      const browser = new Browser(await serve(appWith(store, { secret: ['new', SECRET] })))
      await browser.json('/sign-in/ada', POST)
      const other = new Browser(await serve(appWith(store, { secret: 'other' })))
      for (const [name, value] of browser.jar) other.jar.set(name, value)
      expect((await other.json('/')).data).toEqual({})
    })
  })
})

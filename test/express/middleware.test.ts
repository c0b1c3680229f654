import type { IncomingMessage, RequestListener } from 'node:http'
import connectDynamoDB from 'connect-dynamodb'
import type { Express, RequestHandler } from 'express'
import session from 'express-session'
import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import {
  createExpressStore,
  sessionMiddleware,
  type SessionConfig,
  useSession,
} from '../../src/express/index.ts'
import * as sessionsOfH3 from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { expressSession, fromExpressSession } from '../../src/migrate/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { platforms, stopServers } from '../support/h3-platforms.ts'
import { internalServerError } from '../support/proxy/aws-errors.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeEngines } from '../support/suites.ts'
import { appWith, newApp, SECRET, serve, stopApps } from './express-app.ts'

const password = 'a password of at least 32 characters'
const POST = { method: 'POST' }
const MINUTE = 60_000

/** The routes of the app of the tests, behind a middleware that sets `req.session`. */
function routesOf(middleware: RequestHandler): Express {
  const app = newApp()
  app.use(middleware)
  app.get('/', (req, res) => {
    const { cookie: _, ...data } = req.session
    res.json({ id: req.sessionID, data })
  })
  app.get('/nothing', (_req, res) => void res.json({}))
  app.post('/set/:key/:value', (req, res) => {
    Object.assign(req.session, { [req.params.key]: req.params.value })
    res.json({})
  })
  app.post('/sign-in/:user', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.user = req.params.user
      req.session.save((failure) => (failure ? next(failure) : res.json({ id: req.sessionID })))
    })
  })
  app.post('/remember/:ms', (req, res) => {
    req.session.cookie.maxAge = Number(req.params.ms)
    res.json({})
  })
  app.post('/sign-out', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.json({ session: typeof req.session })))
  })
  app.post('/reload', (req, res) => {
    req.session.note = 'unsaved'
    req.session.reload((error) => res.json({ code: error?.code, note: req.session.note ?? null }))
  })
  return app
}

describe('sessionMiddleware', () => {
  it('refuses an invalid configuration before any request', () => {
    const store = { load: async () => null } as unknown as SessionStore
    expect(() => sessionMiddleware({ store, password: 'short' })).toThrow(/`password`/)
    expect(() => sessionMiddleware({ password } as SessionConfig)).toThrow(/`store`/)
  })

  it('is needed before useSession', async () => {
    await expect(useSession({})).rejects.toThrow(/must be a request that has passed sessionMiddleware/)
  })
})

describeEngines('sessions of Express', (engine) => {
  let table: TestTable
  let proxy: Proxy
  let store: SessionStore
  let config: SessionConfig
  beforeAll(async () => {
    table = await createTestTable(engine, { userIndex: true })
    proxy = await startProxy(engine.endpoint)
    vi.stubEnv('AWS_MAX_ATTEMPTS', '2')
  })
  beforeEach(() => {
    proxy.reset()
    const storage = dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 5000 } })
    store = createSessionStore({ storage, idleTimeout: 30 * 60 })
    config = { store, password }
  })
  afterEach(async () => {
    vi.useRealTimers()
    await stopApps()
    await stopServers()
    await store.dispose()
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await proxy.stop()
    await table.drop()
  })

  const start = (options: Partial<SessionConfig> = {}) =>
    serve(routesOf(sessionMiddleware({ ...config, ...options })))

  it('keep a session from sign-in to sign-out, by the methods of express-session', async () => {
    const browser = new Browser(await start())
    expect((await browser.json('/')).data).toEqual({})
    expect([browser.jar.size, await browser.json('/nothing'), proxy.count()]).toEqual([0, {}, 0])
    await browser.json('/set/note/tea', POST)
    const before = browser.clone()
    const { id } = await browser.json('/sign-in/ada', POST)
    expect(await browser.json('/')).toEqual({ id, data: { user: 'ada' } })
    expect((await before.json('/')).data).toEqual({})
    const copy = browser.clone()
    expect(await browser.json('/sign-out', POST)).toEqual({ session: 'undefined' })
    expect(browser.jar.size).toBe(0)
    expect((await copy.json('/')).data).toEqual({})
  })

  it('store direct changes before the first byte of the response', async () => {
    const browser = new Browser(await start())
    const response = await browser.fetch('/set/note/tea', POST)
    // The headers have arrived, and the body was not read yet.
    const [cookie] = cookiesOf(response)
    const { id, version } = (await import('../../src/index.ts')).verifyToken('h3', cookie?.value, password)!
    expect(await store.load(id, { consistent: true })).toMatchObject({ version, data: { note: 'tea' } })
    expect(cookie?.attributes).toMatchObject({ httponly: true, secure: true, samesite: 'Lax' })
    expect(response.headers.get('cache-control')).toBe('no-store')
    await response.json()
  })

  it('answer 503 if changes cannot be stored, or the session cannot be read', async () => {
    const browser = new Browser(await start())
    await browser.json('/sign-in/ada', POST)
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    proxy.fault({ match: ['PutItem', 'UpdateItem'], do: internalServerError })
    const response = await browser.fetch('/set/note/tea', POST)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    await response.text()
    expect(logged).toHaveBeenCalledOnce()
    logged.mockRestore()
    proxy.fault({ do: internalServerError })
    const other = createSessionStore({ storage: dynamodb({ ...table.options, endpoint: proxy.url }) })
    const away = new Browser(await start({ store: other }))
    for (const [name, value] of browser.jar) away.jar.set(name, value)
    const read = await away.fetch('/')
    expect([read.status, read.headers.get('retry-after'), cookiesOf(read)]).toEqual([503, '5', []])
    proxy.reset()
    expect((await browser.json('/')).data).toEqual({ user: 'ada' })
  })

  it('give one session its own lifetime with cookie.maxAge and cookie.expires', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const app = routesOf(sessionMiddleware(config))
    app.post('/until/:instant', (req, res) => {
      req.session.cookie.expires = new Date(Number(req.params.instant))
      res.json({ maxAge: req.session.cookie.maxAge, originalMaxAge: req.session.cookie.originalMaxAge })
    })
    const browser = new Browser(await serve(app))
    const { id } = await browser.json('/sign-in/ada', POST)
    await browser.json(`/remember/${600 * MINUTE}`, POST)
    expect(await store.load(id, { consistent: true })).toMatchObject({
      idleTimeout: 36_000,
      lifetimeFrom: 'session',
    })
    const end = Date.now() + 5 * MINUTE
    expect(await browser.json(`/until/${end}`, POST)).toEqual({
      maxAge: 5 * MINUTE,
      originalMaxAge: 5 * MINUTE,
    })
    vi.setSystemTime(end - 1)
    expect((await browser.json('/')).data).toEqual({ user: 'ada' })
    vi.setSystemTime(end)
    expect((await browser.json('/')).data).toEqual({})
  })

  it('read the session again with `reload`, which fails if the session was destroyed', async () => {
    const browser = new Browser(await start())
    const { id } = await browser.json('/set/note/tea', POST).then(() => browser.json('/'))
    expect(await browser.json('/reload', POST)).toEqual({ note: 'tea' })
    const other = createSessionStore({ storage: dynamodb(table.options) })
    await other.destroy(id)
    expect(await browser.json('/reload', POST)).toEqual({ code: 'SESSION_GONE', note: null })
  })

  it('keep values whose names are those of methods, and refuse to replace the session', async () => {
    const app = routesOf(sessionMiddleware(config))
    app.post('/replace', (req, res) => {
      try {
        Object.assign(req, { session: null })
      } catch (error) {
        res.json({ message: String(error) })
      }
    })
    const browser = new Browser(await serve(app))
    await browser.json('/set/id/mine', POST)
    await browser.json('/set/cookie/jar', POST)
    const { id } = await browser.json('/')
    expect((await store.load(id))?.data).toEqual({ id: 'mine', cookie: 'jar' })
    await browser.json('/set/note/tea', POST)
    expect((await store.load(id, { consistent: true }))?.data).toEqual({
      id: 'mine',
      cookie: 'jar',
      note: 'tea',
    })
    expect((await browser.json('/replace', POST)).message).toMatch(/req\.session\.destroy\(\)/)
  })

  it('lose no change of parallel requests', async () => {
    const browser = new Browser(await start())
    await browser.json('/set/note/tea', POST)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => browser.clone().json(`/set/k${index}/1`, POST)),
    )
    expect(Object.keys((await browser.json('/')).data)).toHaveLength(21)
  })

  it('are bound to a user by the session of useSession', async () => {
    const app = routesOf(sessionMiddleware(config))
    const signIn: RequestHandler = (req, res, next) => {
      void useSession<{ user?: string }>(req).then(async (current) => {
        current.bind('ada')
        await current.update({ user: 'ada' })
        res.json({ id: current.id, same: current.data === (req.session as object) })
      }, next)
    }
    app.post('/bind', signIn)
    const [one, two] = [new Browser(await serve(app)), new Browser(await start())]
    await one.json('/set/note/tea', POST)
    const { id } = await one.json('/')
    const bound = await one.json('/bind', POST)
    expect(bound.same).toBe(true)
    expect(bound.id).not.toBe(id)
    await two.json('/set/note/tea', POST)
    expect(await store.destroyAll({ user: 'ada' })).toBe(1)
    expect((await one.json('/')).data).toEqual({})
    expect((await two.json('/')).data).toEqual({ note: 'tea' })
  })

  it('leave a session alone that another middleware has set', async () => {
    const app = newApp()
    const stored = createExpressStore(session, { store })
    app.use(session({ store: stored, secret: SECRET, resave: false, saveUninitialized: false }))
    app.use(sessionMiddleware(config))
    app.get('/', (req, res) => {
      req.session.count = (req.session.count ?? 0) + 1
      res.json({ count: req.session.count })
    })
    const browser = new Browser(await serve(app))
    expect([await browser.json('/'), await browser.json('/')]).toEqual([{ count: 1 }, { count: 2 }])
    expect([...browser.jar.keys()]).toEqual(['connect.sid'])
  })

  describe.each(platforms.filter(({ isNode }) => isNode))('shared with $name', (platform) => {
    /** The routes that have moved already. */
    const startMoved = () =>
      platform.serve({
        routes: {
          '/moved': async (event) => {
            const { id, data } = await sessionsOfH3.useSession(event, config)
            return { id, data }
          },
          '/moved/count': async (event) =>
            (
              await sessionsOfH3.updateSession<{ count?: number }>(event, config, ({ count = 0 }) => ({
                count: count + 1,
              }))
            ).data,
          '/moved/new-id': async (event) => ({
            id: (await (await sessionsOfH3.useSession(event, config)).regenerate()).id,
          }),
          '/moved/sign-out': async (event) => {
            await sessionsOfH3.clearSession(event, config)
            return {}
          },
        },
      })

    it('are one session for routes of both, whichever app starts, renews or ends it', async () => {
      const [old, moved] = [await start({ store: newStore() }), await startMoved()]
      const browser = new Browser((path, init) =>
        path.startsWith('/moved') ? moved(path, init) : old(path, init),
      )
      await browser.json('/moved/count')
      await browser.json('/set/note/tea', POST)
      expect(await browser.json('/moved/count')).toEqual({ count: 2, note: 'tea' })
      const { id, data } = await browser.json('/')
      expect([id, data]).toEqual([(await browser.json('/moved')).id, { count: 2, note: 'tea' }])
      const renewed = await browser.json('/moved/new-id')
      expect(renewed.id).not.toBe(id)
      expect((await browser.json('/')).id).toBe(renewed.id)
      const signedIn = await browser.json('/sign-in/ada', POST)
      expect(await browser.json('/moved')).toEqual({ id: signedIn.id, data: { user: 'ada' } })
      expect([...browser.jar.keys()]).toEqual(['h3'])
      const copy = browser.clone()
      await browser.json('/moved/sign-out')
      expect((await copy.json('/')).data).toEqual({})
    })

    const newStore = (): SessionStore =>
      createSessionStore({ storage: dynamodb(table.options), idleTimeout: 30 * 60, cache: false })
  })

  it.each<[string, (handler: (event: sessionsOfH3.H3EventLike) => unknown) => RequestHandler]>([
    ['h3 1', (handler) => h3v1.toNodeListener(h3v1.createApp().use(h3v1.eventHandler(handler)))],
    ['h3 2', (handler) => h3.toNodeHandler(new h3.H3().all('/**', handler)) as unknown as RequestHandler],
  ])('are the same object in an app of %s that is mounted in Express', async (_, mount) => {
    const app = newApp()
    app.use(sessionMiddleware(config))
    app.use((req, _res, next) => {
      req.session.note = 'from Express'
      next()
    })
    app.use(mount(async (event) => (await sessionsOfH3.updateSession(event, config, { count: 1 })).data))
    const browser = new Browser(await serve(app))
    expect(await browser.json('/')).toEqual({ note: 'from Express', count: 1 })
    expect(await browser.json('/')).toEqual({ note: 'from Express', count: 1 })
    expect([...browser.jar.keys()]).toEqual(['h3'])
  })

  it('work with a plain server of Node', async () => {
    const middleware = sessionMiddleware(config)
    const listener: RequestListener = (req: IncomingMessage & { session?: { count?: number } }, res) => {
      middleware(req, res, () => {
        const { session = {} } = req
        session.count = (session.count ?? 0) + 1
        res.end(JSON.stringify({ count: session.count }))
      })
    }
    const browser = new Browser(await serve(listener))
    expect([await browser.json('/'), await browser.json('/')]).toEqual([{ count: 1 }, { count: 2 }])
  })

  describe('that another store has kept before', () => {
    let old: TestTable
    beforeAll(async () => {
      old = await createTestTable(engine, { key: 'id' })
    })
    afterAll(() => old.drop())
    const attributes = { key: 'id', value: 'sess', expires: 'expires' }
    const oldStorage = () => dynamodb({ ...old.options, base: 'sess:', attributes })
    const connect = () =>
      new (connectDynamoDB(session))({
        client: old.client,
        table: old.table,
        initialized: true,
      }) as session.Store

    it('stay signed in when sessionMiddleware takes the place of connect-dynamodb', async () => {
      const before = new Browser(await serve(appWith(connect())))
      await before.json('/sign-in/ada', POST)
      const browser = new Browser(
        await start({ adopt: fromExpressSession({ storage: oldStorage(), secret: SECRET }) }),
      )
      for (const [name, value] of before.jar) browser.jar.set(name, value)
      const { id, data } = await browser.json('/')
      expect(data).toEqual({ user: 'ada' })
      browser.jar.delete('connect.sid')
      expect((await browser.json('/')).id).toBe(id)
    })

    it('stay signed in when createExpressStore takes the place of connect-dynamodb, on its table', async () => {
      const before = new Browser(await serve(appWith(connect())))
      await before.json('/sign-in/ada', POST)
      const inPlace = createSessionStore({
        storage: oldStorage(),
        legacy: expressSession({ keepCookie: true }),
      })
      const browser = new Browser(await serve(appWith(createExpressStore(session, { store: inPlace }))))
      for (const [name, value] of before.jar) browser.jar.set(name, value)
      const { id } = await before.json('/')
      expect(await browser.json('/')).toEqual({ id, data: { user: 'ada' } })
      await browser.json('/set/note/tea', POST)
      expect(await browser.json('/')).toEqual({ id, data: { user: 'ada', note: 'tea' } })
      expect(await inPlace.load(id)).toMatchObject({ idleTimeout: expect.closeTo(3600, 0) })
    })

    it('stay signed in when sessionMiddleware takes the place of createExpressStore, and are signed out once', async () => {
      const stored = createExpressStore(session, { store, user: ({ user }) => user as string })
      const before = new Browser(await serve(appWith(stored)))
      const { id } = await before.json('/sign-in/ada', POST)
      const storage = dynamodb(table.options)
      const browser = new Browser(await start({ adopt: fromExpressSession({ storage, secret: SECRET }) }))
      for (const [name, value] of before.jar) browser.jar.set(name, value)
      const adopted = await browser.json('/')
      expect([adopted.data, adopted.id === id]).toEqual([{ user: 'ada' }, false])
      expect(await store.load(adopted.id)).toMatchObject({ user: 'ada' })
      await browser.json('/sign-out', POST)
      expect((await before.json('/')).data).toEqual({})
    })

    it('are not opened by a cookie of express-session if they are of this package', async () => {
      const record = await store.create({ id: 'a-session-of-h3', data: { user: 'ada' } })
      const { createHmac } = await import('node:crypto')
      const mac = createHmac('sha256', SECRET).update(record.id).digest('base64').replace(/=+$/, '')
      const storage = dynamodb(table.options)
      const fetch = await start({ adopt: fromExpressSession({ storage, secret: SECRET }) })
      const headers = { cookie: `connect.sid=${encodeURIComponent(`s:${record.id}.${mac}`)}` }
      expect(await (await fetch('/', { headers })).json()).toMatchObject({ data: {} })
    })
  })
})

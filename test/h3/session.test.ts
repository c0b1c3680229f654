import { UnsessionError } from '../../drivers/utils/errors.ts'
import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  clearSession,
  getSession,
  type SessionConfig,
  type H3EventLike,
  updateSession,
  useSession,
} from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import { signToken } from '../../src/core/token.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Handler, platforms, stopServers } from '../support/h3-platforms.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'
const START = Date.UTC(2030, 0, 1)

interface Data {
  n?: number
  cart?: string[]
  other?: string
}

describe.each(platforms)('$name', (platform) => {
  let store: MemoryStore

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    store = new MemoryStore()
    vi.spyOn(console, 'error').mockReturnValue() // h3 1 logs every error that is not its own
  })

  afterEach(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    await stopServers()
  })

  /** Returns a browser on an app with the usual routes and the given ones. */
  async function browse(
    routes: Record<string, Handler> = {},
    options: Partial<SessionConfig> = {},
  ): Promise<Browser> {
    const config = { store, password, ...options }
    const fetch = await platform.serve({
      routes: {
        '/read': async (event) => (await useSession(event, config)).toJSON(),
        '/add': async (event) => {
          const session = await useSession<Data>(event, config)
          await session.update(({ n = 0 }) => ({ n: n + 1 }))
          return { id: session.id, version: session.version, n: session.data.n }
        },
        '/renew': async (event) => (await useSession(event, config)).regenerate(),
        '/out': async (event) => {
          await clearSession(event, config)
          return 'bye'
        },
        ...routes,
      },
    })
    return new Browser(fetch)
  }

  const use = (event: H3EventLike, options: Partial<SessionConfig> = {}) =>
    useSession<Data>(event, { store, password, ...options })

  describe('a session that is never written to', () => {
    it('has no record and no cookie', async () => {
      const browser = await browse()
      const response = await browser.fetch('/read')
      expect(await response.json()).toEqual({ id: expect.stringMatching(/^[\w-]{32}$/), data: {} })
      expect(cookiesOf(response)).toEqual([])
      expect(response.headers.get('vary')).toBe('Cookie')
      expect(response.headers.get('cache-control')).toBeNull()
      expect(store.calls).toEqual([])
    })

    it('is stored with saveUninitialized', async () => {
      const browser = await browse({}, { saveUninitialized: true })
      const { id } = await browser.json('/read')
      expect(await browser.json('/read')).toEqual({ id, data: {} })
      expect(store.calls).toEqual(['create', 'load'])
    })
  })

  describe('writing', () => {
    it('starts a session: one record, one cookie', async () => {
      const browser = await browse()
      const response = await browser.fetch('/add')
      expect(await response.json()).toEqual({ id: [...store.rows.keys()][0], version: 1, n: 1 })
      expect(response.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^h3=[\w-]{32}\.1\.[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      ])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('vary')).toBe('Cookie')
      expect(store.calls).toEqual(['create'])
    })

    it('continues it at the next request', async () => {
      const browser = await browse()
      const { id } = await browser.json('/add')
      expect(await browser.json('/read')).toEqual({ id, data: { n: 1 } })
      expect(await browser.json('/add')).toEqual({ id, version: 2, n: 2 })
      expect(store.calls).toEqual(['create', 'load', 'load', 'save'])
    })

    it('stores direct changes with save, and nothing when nothing changed', async () => {
      const browser = await browse({
        '/push': async (event) => {
          const session = await use(event)
          session.data.cart ??= []
          session.data.cart.push('x')
          return (await session.save()).version
        },
        '/nothing': async (event) => {
          const session = await use(event)
          session.data.cart?.slice()
          return (await session.save()).version
        },
      })
      expect(await browser.json('/push')).toBe(1)
      expect(await browser.json('/push')).toBe(2)
      expect(await browser.json('/nothing')).toBe(2)
      expect((await browser.json('/read')).data).toEqual({ cart: ['x', 'x'] })
    })

    it('serialises updates that run at the same time', async () => {
      const browser = await browse({
        '/both': async (event) => {
          const session = await use(event)
          await Promise.all([
            session.update(({ n = 0 }) => ({ n: n + 1 })),
            session.update(({ n = 0 }) => ({ n: n + 1 })),
            session.update({ other: 'x' }),
          ])
          return session.data
        },
      })
      for (const n of [2, 4]) {
        const response = await browser.fetch('/both')
        expect(await response.json()).toEqual({ n, other: 'x' })
        expect(cookiesOf(response).map(({ name }) => name)).toEqual(['h3'])
      }
      expect((await browser.json('/read')).data).toEqual({ n: 4, other: 'x' })
    })

    it('loads the session once for several useSession calls', async () => {
      const browser = await browse({
        '/many': async (event) => {
          const [a, b, c] = await Promise.all([
            use(event),
            getSession(event, { store, password }),
            use(event),
          ])
          await updateSession<Data>(event, { store, password }, { n: 7 })
          return a === b && b === c && (await use(event)).data.n
        },
      })
      await browser.fetch('/add')
      store.calls.length = 0
      expect(await browser.json('/many')).toBe(7)
      expect(store.calls).toEqual(['load', 'save'])
    })

    it('keeps sessions of different names apart', async () => {
      const browser = await browse({
        '/two': async (event) => {
          const [user, admin] = await Promise.all([use(event), use(event, { name: 'admin' })])
          await user.update({ n: 1 })
          await admin.update({ n: 2 })
          return user.id !== admin.id
        },
        '/admin': async (event) => (await use(event, { name: 'admin' })).data,
        '/swap': async (event) => (await use(event, { name: 'other' })).data,
      })
      const response = await browser.fetch('/two')
      expect(await response.json()).toBe(true)
      expect(cookiesOf(response).map(({ name }) => name)).toEqual(['h3', 'admin'])
      expect((await browser.json('/read')).data).toEqual({ n: 1 })
      expect(await browser.json('/admin')).toEqual({ n: 2 })
      const swapped = { headers: { cookie: `other=${browser.jar.get('admin')?.value}` } }
      expect(await browser.json('/swap', swapped)).toEqual({})
    })

    it('has all properties, and no token in its JSON', async () => {
      let seen: Record<string, unknown> = {}
      const browser = await browse({
        '/about': async (event) => {
          const session = await use(event, { idleTimeout: 60 })
          const { isNew, createdAt, expiresAt, version, token } = session
          seen = { isNew, createdAt, expiresAt, version, token }
          return (await session.update({ n: 1 })) && session
        },
      })
      const body = await browser.json('/about')
      expect(Object.keys(body)).toEqual(['id', 'data'])
      expect(seen).toEqual({
        isNew: true,
        createdAt: START,
        expiresAt: undefined,
        version: 0,
        token: undefined,
      })
      const token = browser.jar.get('h3')?.value
      vi.setSystemTime(START + 1000)
      await browser.fetch('/about')
      expect(seen).toEqual({ isNew: false, createdAt: START, expiresAt: START + 60_000, version: 1, token })
    })
  })

  describe('regenerate', () => {
    it('changes the id, keeps the data and invalidates the old id', async () => {
      const browser = await browse()
      const { id } = await browser.json('/add')
      const old = browser.clone()
      const renewed = await browser.json('/renew')
      expect(renewed).toEqual({ id: expect.not.stringMatching(id), data: { n: 1 } })
      expect([...store.rows.keys()]).toEqual([renewed.id])
      expect((await browser.json('/read')).data).toEqual({ n: 1 })
      expect(await old.json('/read')).toEqual({ id: expect.not.stringMatching(id), data: {} })
    })

    it('sends nothing to the storage before the session is stored', async () => {
      const browser = await browse()
      expect(cookiesOf(await browser.fetch('/renew'))).toEqual([])
      expect(store.calls).toEqual([])
    })
  })

  describe('clear', () => {
    it('destroys record and cookie, without reading', async () => {
      const browser = await browse()
      await browser.fetch('/add')
      const old = browser.clone()
      store.calls.length = 0
      const response = await browser.fetch('/out')
      expect(response.headers.getSetCookie()).toEqual([
        'h3=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      ])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(store.calls).toEqual(['destroy'])
      expect(store.rows.size).toBe(0)
      expect((await old.json('/read')).data).toEqual({})
    })

    it('is followed by another, empty session', async () => {
      const browser = await browse({
        '/switch': async (event) => {
          const session = await use(event)
          const before = session.id
          await session.clear()
          const { data, isNew, version } = session
          const after = { ...data, isNew, version }
          await session.update({ other: 'new' })
          return { before, after, id: session.id }
        },
      })
      const { id } = await browser.json('/add')
      const response = await browser.fetch('/switch')
      const body = await response.json()
      expect(body).toEqual({
        before: id,
        after: { isNew: true, version: 0 },
        id: expect.not.stringMatching(id),
      })
      expect(cookiesOf(response)).toHaveLength(1)
      expect(await browser.json('/read')).toEqual({ id: body.id, data: { other: 'new' } })
      expect([...store.rows.keys()]).toEqual([body.id])
    })

    it('sends nothing to a client without a cookie', async () => {
      const browser = await browse()
      expect(cookiesOf(await browser.fetch('/out'))).toEqual([])
      expect(store.calls).toEqual([])
    })

    it('removes a cookie without a session', async () => {
      const browser = await browse()
      expect(cookiesOf(await browser.fetch('/out', { headers: { cookie: 'h3=junk' } }))).toHaveLength(1)
      expect(store.calls).toEqual([])
    })

    it('withdraws the cookie of a session that was started in the same request', async () => {
      const browser = await browse({
        '/brief': async (event) => {
          const session = await use(event)
          await session.update({ n: 1 })
          await session.clear()
          return 'gone'
        },
      })
      const cookies = cookiesOf(await browser.fetch('/brief'))
      expect(cookies.map(({ attributes }) => attributes['max-age'])).toEqual(['0'])
      expect(store.rows.size).toBe(0)
    })
  })

  describe('the cookie that a client sends', () => {
    it.each(['junk', 'a.1.b', `${'x'.repeat(32)}.1.${'y'.repeat(43)}`, '', '%00', '"quoted"'])(
      'never reaches the store as %j',
      async (value) => {
        const browser = await browse()
        const response = await browser.fetch('/read', { headers: { cookie: `h3=${value}` } })
        expect((await response.json()).data).toEqual({})
        expect(cookiesOf(response)).toEqual([])
        expect(store.calls).toEqual([])
      },
    )

    it('is never used as an id, and a cookie without a session stays until the next write', async () => {
      const browser = await browse()
      const id = 'an-id-that-the-store-does-not-know'
      const cookie = `h3=${signToken('h3', id, 3, password)}`
      const read = await browser.fetch('/read', { headers: { cookie } })
      expect((await read.json()).id).not.toBe(id)
      expect(cookiesOf(read)).toEqual([])
      const write = await browser.fetch('/add', { headers: { cookie } })
      expect((await write.json()).id).not.toBe(id)
      expect(cookiesOf(write)).toHaveLength(1)
      expect(store.rows.has(id)).toBe(false)
    })

    it('finds the session among other cookies', async () => {
      const browser = await browse()
      const { id } = await browser.json('/add')
      const cookie = `xh3=1; h33=2;h3.1=x;\t${browser.cookie} ; ah3=second`
      expect((await browser.json('/read', { headers: { cookie } })).id).toBe(id)
    })

    it('verifies with every password, signs with the first', async () => {
      const next = 'another password of 32 characters!'
      const before = await browse()
      const { id } = await before.json('/add')
      const during = await browse({}, { password: [next, password] })
      during.jar.set('h3', before.jar.get('h3')!)
      expect(await during.json('/add')).toEqual({ id, version: 2, n: 2 })
      const after = await browse({}, { password: next })
      after.jar.set('h3', during.jar.get('h3')!)
      expect((await after.json('/read')).id).toBe(id)
      after.jar.set('h3', before.jar.get('h3')!)
      expect((await after.json('/read')).data).toEqual({})
    })
  })

  describe('response headers', () => {
    it('are sent with an error too', async () => {
      const browser = await browse({
        '/fail': async (event) => {
          await (await use(event)).update({ n: 1 })
          throw platform.error(401)
        },
        '/refuse': async (event) => {
          await use(event)
          throw platform.error(403)
        },
      })
      const response = await browser.fetch('/fail')
      expect(response.status).toBe(401)
      expect(cookiesOf(response)).toHaveLength(1)
      expect(response.headers.get('cache-control')).toBe('no-store')
      const refused = await browser.fetch('/refuse')
      expect(refused.status).toBe(403)
      expect(refused.headers.get('vary')).toBe('Cookie')
      expect((await browser.json('/read')).data).toEqual({ n: 1 })
    })

    it('leave other cookies alone, and replace an earlier one of the same name', async () => {
      const browser = await browse({
        '/cookies': async (event) => {
          platform.setCookie(event, 'a', '1')
          platform.setCookie(event, 'h3', 'stale')
          platform.setCookie(event, 'h3x', '2')
          await (await use(event)).update({ n: 1 })
          await (await use(event)).update({ n: 2 })
          platform.setCookie(event, 'b', '3')
          return 'ok'
        },
      })
      const cookies = cookiesOf(await browser.fetch('/cookies'))
      expect(cookies.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'h3', 'h3x'])
      expect((await browser.json('/read')).data).toEqual({ n: 2 })
    })

    it('keep the handler’s own cache-control, and extend its vary', async () => {
      const browser = await browse({
        '/before': async (event) => {
          platform.setHeader(event, 'cache-control', 'private, max-age=5')
          platform.setHeader(event, 'vary', 'Accept, cookie')
          await (await use(event)).update({ n: 1 })
          return 'ok'
        },
        '/vary': async (event) => {
          platform.setHeader(event, 'vary', 'Accept')
          return (await use(event)).data
        },
      })
      const response = await browser.fetch('/before')
      expect(response.headers.get('cache-control')).toBe('private, max-age=5')
      expect(response.headers.get('vary')).toBe('Accept, cookie')
      expect((await browser.fetch('/vary')).headers.get('vary')).toBe('Accept, Cookie')
    })

    it('follow the cookie options', async () => {
      const cookie = {
        domain: 'example.org',
        path: '/app',
        sameSite: 'strict',
        httpOnly: false,
        partitioned: true,
      } as const
      const browser = await browse({}, { name: '__Secure-s', cookie })
      const { text } = cookiesOf(await browser.fetch('/add'))[0]!
      expect(text).toMatch(/; Path=\/app; Domain=example\.org; Secure; SameSite=Strict; Partitioned$/)
      expect((await browser.fetch('/out')).headers.getSetCookie()).toEqual([
        '__Secure-s=; Max-Age=0; Path=/app; Domain=example.org; Secure; SameSite=Strict; Partitioned',
        '__Secure-s=; Max-Age=0; Path=/app; Secure; SameSite=Strict; Partitioned',
      ])
    })

    it('carry no cookie with cookie: false', async () => {
      const browser = await browse({}, { cookie: false })
      expect(cookiesOf(await browser.fetch('/add'))).toEqual([])
      expect(store.rows.size).toBe(1)
    })
  })

  describe('serverTiming', () => {
    const METRIC = /^session-h3;dur=\d+\.\d\d$/

    it('reports the time of the session once, in addition to the handler’s own metrics', async () => {
      const browser = await browse(
        {
          '/both': async (event) => {
            platform.setHeader(event, 'server-timing', 'db;dur=3;desc="a, b"')
            const session = await useSession<Data>(event, { store, password, serverTiming: true })
            await session.update({ n: 1 })
            return session.data
          },
        },
        { serverTiming: true },
      )
      expect((await browser.fetch('/read')).headers.get('server-timing')).toMatch(METRIC)
      const both = (await browser.fetch('/both')).headers.get('server-timing')
      expect(both?.startsWith('db;dur=3;desc="a, b", ')).toBe(true)
      expect(both?.slice('db;dur=3;desc="a, b", '.length)).toMatch(METRIC)
    })

    it('reports it for errors too, and is off by default', async () => {
      const timed = await browse({}, { serverTiming: true })
      await timed.fetch('/add')
      store.before = () => {
        throw new UnsessionError('UNAVAILABLE', 'storage is down')
      }
      expect((await timed.fetch('/read')).headers.get('server-timing')).toMatch(METRIC)
      store.before = undefined
      expect((await (await browse()).fetch('/add')).headers.has('server-timing')).toBe(false)
    })

    it('reports the result of the cache', async () => {
      const cached = createSessionStore({ storage: createStorage() })
      const browser = await browse({}, { store: cached, serverTiming: true })
      await browser.fetch('/add')
      const header = (await browser.fetch('/read')).headers.get('server-timing')
      expect(header).toMatch(/^session-h3;dur=\d+\.\d\d;desc="cache hit"$/)
    })
  })

  describe('lifetime', () => {
    const alive = async (browser: Browser, at: number) => {
      vi.setSystemTime(START + at)
      return (
        'n' in
        (await browser.clone().json('/read', { headers: { cookie: `h3=${browser.jar.get('h3')?.value}` } }))
          .data
      )
    }

    it('expires after maxAge, to the millisecond', async () => {
      const browser = await browse({}, { maxAge: 60 })
      const [cookie] = cookiesOf(await browser.fetch('/add'))
      expect(cookie?.attributes.expires).toBe(new Date(START + 60_000).toUTCString())
      expect(await alive(browser, 59_999)).toBe(true)
      expect(await alive(browser, 60_000)).toBe(false)
    })

    it('expires after idleTimeout, to the millisecond', async () => {
      const browser = await browse({}, { idleTimeout: 60 })
      await browser.fetch('/add')
      expect(await alive(browser, 60_000)).toBe(false)
      vi.setSystemTime(START)
      await browser.fetch('/add')
      expect(await alive(browser, 59_999)).toBe(true)
    })

    it('is extended when less than half of the timeout is left, with one write', async () => {
      const browser = await browse({}, { idleTimeout: 60 })
      await browser.fetch('/add')
      vi.setSystemTime(START + 30_000)
      expect(cookiesOf(await browser.fetch('/read'))).toEqual([])
      vi.setSystemTime(START + 30_001)
      const response = await browser.fetch('/read')
      expect(cookiesOf(response).map(({ attributes }) => attributes.expires)).toEqual([
        new Date(START + 91_000).toUTCString(),
      ])
      expect(store.calls.filter((call) => call === 'touch')).toHaveLength(1)
      vi.setSystemTime(START + 90_000)
      expect((await browser.json('/read')).data).toEqual({ n: 1 })
    })

    it('is not extended beyond maxAge', async () => {
      const browser = await browse({}, { maxAge: 100, idleTimeout: 60 })
      await browser.fetch('/add')
      expect(await alive(browser, 59_000)).toBe(true)
      expect(await alive(browser, 99_999)).toBe(true)
      expect(await alive(browser, 100_000)).toBe(false)
      expect(store.calls.filter((call) => call === 'touch')).toHaveLength(1)
    })

    it('is the store’s when the call sets none', async () => {
      store = new MemoryStore({ maxAge: 60 })
      const browser = await browse()
      const [cookie] = cookiesOf(await browser.fetch('/add'))
      expect(cookie?.attributes.expires).toBe(new Date(START + 60_000).toUTCString())
    })

    it('can belong to the session', async () => {
      const browser = await browse(
        {
          '/remember': async (event) => {
            const session = await use(event)
            session.setExpiry({ maxAge: 120 })
            await session.save()
            return 'ok'
          },
          '/until': async (event) => {
            const session = await use(event)
            session.setExpiry({ expiresAt: new Date(START + 300_500) })
            await session.update({ n: 1 })
            return 'ok'
          },
          '/default': async (event) => {
            const session = await use(event)
            session.setExpiry(null)
            await session.save()
            return 'ok'
          },
        },
        { maxAge: 60 },
      )
      await browser.fetch('/add')
      const expiry = async (path: string) => cookiesOf(await browser.fetch(path))[0]?.attributes.expires
      expect(await expiry('/remember')).toBe(new Date(START + 120_000).toUTCString())
      expect(await alive(browser, 119_999)).toBe(true)
      expect(await alive(browser, 120_000)).toBe(false)
      vi.setSystemTime(START)
      expect(await expiry('/until')).toBe(new Date(START + 301_000).toUTCString())
      expect(await expiry('/default')).toBeUndefined()
      expect([...store.rows.values()].map(({ deadline }) => deadline)).toEqual([undefined])
    })

    it('does not fail a read when the storage cannot extend it', async () => {
      const browser = await browse({}, { idleTimeout: 60 })
      await browser.fetch('/add')
      vi.setSystemTime(START + 50_000)
      let failure = new UnsessionError('THROTTLED', 'too many writes')
      store.before = (call) => {
        if (call === 'touch') throw failure
      }
      expect((await browser.json('/read')).data).toEqual({ n: 1 })
      failure = new UnsessionError('ACCESS_DENIED', 'not allowed to write')
      expect((await browser.fetch('/read')).status).toBe(500)
    })
  })

  describe('failure', () => {
    it('of the storage is an error, never an empty session, and the next call retries', async () => {
      const browser = await browse({
        '/again': async (event) => {
          await expect(use(event)).rejects.toThrow('is down')
          return (await use(event)).data
        },
      })
      await browser.fetch('/add')
      store.before = () => {
        throw new UnsessionError('UNAVAILABLE', 'storage is down')
      }
      for (const path of ['/read', '/out']) {
        const response = await browser.fetch(path)
        expect(response.status).toBe(503)
        expect(response.headers.get('retry-after')).toBe('5')
      }
      expect(browser.jar.size).toBe(1)
      let calls = 0
      store.before = () => {
        if (calls++ === 0) throw new UnsessionError('UNAVAILABLE', 'storage is down')
      }
      expect(await browser.json('/again')).toEqual({ n: 1 })
    })

    it('never restores a session that was destroyed in the meantime', async () => {
      const browser = await browse({
        '/slow': async (event) => {
          const session = await use(event)
          store.rows.clear()
          await session.update({ n: 2 })
          return 'ok'
        },
      })
      await browser.fetch('/add')
      const response = await browser.fetch('/slow')
      expect(response.status).toBe(409)
      expect(cookiesOf(response)).toEqual([])
      expect(store.rows.size).toBe(0)
    })

    it('after maxRetries is a conflict', async () => {
      store = new MemoryStore({ maxRetries: 1 })
      const browser = await browse()
      await browser.fetch('/add')
      store.before = (call, id) => {
        const row = store.rows.get(id)
        if (call === 'save' && row) store.rows.set(id, { ...row, version: row.version + 1 })
      }
      expect((await browser.fetch('/add')).status).toBe(409)
      expect(store.calls.filter((call) => call === 'save')).toHaveLength(2)
    })

    it('loses no update of requests in parallel', async () => {
      const browser = await browse()
      await browser.fetch('/add')
      await Promise.all(Array.from({ length: 4 }, () => browser.clone().fetch('/add')))
      expect((await browser.json('/read')).data).toEqual({ n: 5 })
    })
  })
})

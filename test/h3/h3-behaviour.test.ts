import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  clearSession,
  getSession,
  type H3EventLike,
  type Session,
  type SessionConfig,
  updateSession,
  useSession,
} from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { Browser, type SetCookie, cookiesOf } from '../support/browser.ts'
import { type Handler, platforms, stopServers } from '../support/h3-platforms.ts'

/**
 * Tests of the behaviour that h3's own session functions have, except seals. As in h3, `saveUninitialized` starts a session at
 * its first use. h3 reads a header by default. Here the header must be named.
 */
const START = Date.UTC(2030, 0, 1)
const password = 'a password of at least 32 characters'

interface Data {
  hits?: number
  user?: string
  text?: string
}

describe.each(platforms)("h3's behaviour: $name", (platform) => {
  let store: SessionStore
  let count: number

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    vi.spyOn(console, 'error').mockReturnValue() // h3 1 logs errors
    store = createSessionStore({ storage: createStorage() })
    count = 0
  })
  afterEach(async () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    await stopServers()
  })

  const at = (seconds: number): void => void vi.setSystemTime(START + seconds * 1000)
  const expiry = (seconds: number): string => new Date(START + seconds * 1000).toUTCString()

  /** A browser on an app whose ids are s1, s2 … */
  async function browse(
    options: Partial<SessionConfig> = {},
    routes: (config: SessionConfig) => Record<string, Handler> = () => ({}),
  ): Promise<Browser> {
    const config: SessionConfig = {
      store,
      password,
      saveUninitialized: true,
      generateId: () => `s${++count}`,
      ...options,
    }
    const fetch = await platform.serve({
      routes: {
        '/read': (event) => useSession<Data>(event, config),
        '/write': (event) => updateSession<Data>(event, config, ({ hits = 0 }) => ({ hits: hits + 1 })),
        '/clear': async (event) => {
          await useSession(event, config)
          await clearSession(event, config)
          return {}
        },
        '/fail': async (event) => {
          await useSession(event, config)
          throw platform.error(401)
        },
        '/clear-and-fail': async (event) => {
          await useSession(event, config)
          await clearSession(event, config)
          throw platform.error(403)
        },
        ...routes(config),
      },
    })
    return new Browser(fetch)
  }

  const use = (event: H3EventLike, config: SessionConfig): Promise<Session<Data>> =>
    useSession<Data>(event, config)
  const only = (response: Response): SetCookie => {
    const [cookie, ...more] = cookiesOf(response)
    expect(more).toEqual([])
    return cookie ?? expect.fail('no cookie was set')
  }

  describe('a session', () => {
    it('starts with one cookie, continues with it and keeps its data', async () => {
      const browser = await browse()
      const first = await browser.fetch('/read')
      expect(only(first).attributes['samesite']).toBe('Lax')
      expect(await first.json()).toEqual({ id: 's1', data: {} })
      expect(await browser.json('/read')).toEqual({ id: 's1', data: {} })
      expect(await browser.json('/write')).toEqual({ id: 's1', data: { hits: 1 } })
      expect(await browser.json('/read')).toEqual({ id: 's1', data: { hits: 1 } })
    })

    it('takes SameSite from the options', async () => {
      const strict = await browse({ cookie: { sameSite: 'strict' } })
      expect(only(await strict.fetch('/read')).attributes['samesite']).toBe('Strict')
      const none = await browse({ cookie: { sameSite: false } })
      expect(only(await none.fetch('/read')).attributes).not.toHaveProperty('samesite')
    })

    it('is shared by simultaneous calls', async () => {
      const browser = await browse({}, (config) => ({
        '/three': async (event) => {
          const sessions = await Promise.all([1, 2, 3].map(() => use(event, config)))
          return sessions.map(({ id, data }) => ({ id, data }))
        },
      }))
      const fresh = await browser.fetch('/three')
      expect(await fresh.json()).toEqual(Array.from({ length: 3 }, () => ({ id: 's1', data: {} })))
      only(fresh)
      await browser.fetch('/write')
      expect(await browser.json('/three')).toEqual(
        Array.from({ length: 3 }, () => ({ id: 's1', data: { hits: 1 } })),
      )
    })

    it('is removed by a cookie with Max-Age=0', async () => {
      const browser = await browse()
      await browser.fetch('/read')
      expect(only(await browser.fetch('/clear')).attributes['max-age']).toBe('0')
    })

    it('holds more than a cookie does, in one cookie', async () => {
      const text = 'x'.repeat(20_000)
      const browser = await browse({}, (config) => ({
        '/long': (event) => updateSession<Data>(event, config, { text }),
      }))
      only(await browser.fetch('/long'))
      expect((await browser.json('/read')).data).toEqual({ text })
    })
  })

  describe('lifetime', () => {
    it('is extended by use, and idleTimeout counts from it', async () => {
      const browser = await browse({ idleTimeout: 60 })
      await browser.fetch('/write')
      at(45)
      expect(only(await browser.fetch('/write')).attributes['expires']).toBe(expiry(105))
      at(90)
      expect(await browser.json('/write')).toEqual({ id: 's1', data: { hits: 3 } })
    })

    it.each([31, 59])('is extended by reading, after half of the timeout: at %i s', async (seconds) => {
      const browser = await browse({ idleTimeout: 60 })
      await browser.fetch('/read')
      at(29)
      expect(cookiesOf(await browser.fetch('/read'))).toEqual([])
      at(seconds)
      expect(only(await browser.fetch('/read')).attributes['expires']).toBe(expiry(seconds + 60))
      at(seconds + 59)
      expect((await browser.json('/read')).id).toBe('s1')
    })

    it('a write before half of the timeout extends it, and a later read does not', async () => {
      const browser = await browse({ idleTimeout: 60 })
      expect(only(await browser.fetch('/read')).attributes['expires']).toBe(expiry(60))
      at(10)
      expect(only(await browser.fetch('/write')).attributes['expires']).toBe(expiry(70))
      at(35)
      expect(cookiesOf(await browser.fetch('/read'))).toEqual([])
    })

    it.each([
      ['idleTimeout', { idleTimeout: 60 }],
      ['maxAge', { maxAge: 60 }],
    ])('ends after exactly %s', async (_, options) => {
      const browser = await browse(options)
      const cookie = only(await browser.fetch('/read'))
      const headers = { cookie: `${cookie.name}=${cookie.value}` }
      at(60)
      expect((await browser.json('/read', { headers })).id).toBe('s2')
      expect((await browser.json('/read', { headers })).id).toBe('s3')
    })

    it('is live just before its expiry, and a session with only maxAge is never extended', async () => {
      const browser = await browse({ maxAge: 60 })
      await browser.fetch('/read')
      at(59)
      const response = await browser.fetch('/read')
      expect((await response.json()).id).toBe('s1')
      expect(cookiesOf(response)).toEqual([])
    })

    it('maxAge limits a session that is extended', async () => {
      const browser = await browse({ maxAge: 120, idleTimeout: 60 })
      await browser.fetch('/read')
      at(45)
      expect(only(await browser.fetch('/read')).attributes['expires']).toBe(expiry(105))
      at(90)
      expect(only(await browser.fetch('/read')).attributes['expires']).toBe(expiry(120))
      at(121)
      expect((await browser.json('/read')).id).toBe('s2')
    })

    it('an idle session expires although it was read before half of the timeout', async () => {
      const browser = await browse({ idleTimeout: 60 })
      const { name, value } = only(await browser.fetch('/read'))
      at(29)
      expect((await browser.json('/read')).id).toBe('s1')
      at(61)
      expect((await browser.json('/read', { headers: { cookie: `${name}=${value}` } })).id).toBe('s2')
    })
  })

  describe('the header', () => {
    const sessionHeader = 'x-h3-session'

    it('keeps the expiry of an idle session', async () => {
      const browser = await browse({ idleTimeout: 60, sessionHeader })
      const { value } = only(await browser.fetch('/read'))
      at(90)
      const response = await browser
        .clone()
        .fetch('/read', { headers: { [sessionHeader]: value, cookie: '' } })
      expect((await response.json()).id).toBe('s2')
    })

    it('comes before the cookie, and a request without it works by cookie', async () => {
      const browser = await browse({ sessionHeader })
      const { value } = only(await browser.fetch('/read'))
      browser.jar.clear()
      await browser.fetch('/read')
      expect((await browser.json('/read')).id).toBe('s2')
      expect((await browser.json('/read', { headers: { [sessionHeader]: value } })).id).toBe('s1')
    })

    it('sets no cookie when it reads or extends a session', async () => {
      const browser = await browse({ idleTimeout: 60, sessionHeader })
      const { value } = only(await browser.fetch('/read'))
      browser.jar.clear()
      at(45)
      const response = await browser.fetch('/read', { headers: { [sessionHeader]: value } })
      expect((await response.json()).id).toBe('s1')
      expect(cookiesOf(response)).toEqual([])
    })

    it('is not read with sessionHeader: false', async () => {
      const browser = await browse({ sessionHeader: false })
      const { value } = only(await browser.fetch('/read'))
      browser.jar.clear()
      expect((await browser.json('/read', { headers: { [sessionHeader]: value } })).id).toBe('s2')
    })
  })

  describe('an error', () => {
    it('sends the cookie of a session that has started', async () => {
      const browser = await browse()
      const response = await browser.fetch('/fail')
      expect(response.status).toBe(401)
      only(response)
      expect((await browser.json('/read')).id).toBe('s1')
    })

    it('sends the cookie of an extended session', async () => {
      const browser = await browse({ idleTimeout: 60 })
      await browser.fetch('/read')
      at(45)
      expect(only(await browser.fetch('/fail')).attributes['expires']).toBe(expiry(105))
      at(90)
      expect((await browser.json('/read')).id).toBe('s1')
    })

    it('does not restore a cleared session', async () => {
      const browser = await browse({ idleTimeout: 60 })
      await browser.fetch('/read')
      at(45)
      const response = await browser.fetch('/clear-and-fail')
      expect(response.status).toBe(403)
      expect(only(response).attributes['max-age']).toBe('0')
    })
  })

  describe('a session that is only read', () => {
    const lazy = { saveUninitialized: false }
    const peek = (config: SessionConfig): Record<string, Handler> => ({
      '/peek': (event) => getSession<Data>(event, config),
      '/sign-in': async (event) => {
        await getSession(event, config)
        return updateSession<Data>(event, config, { user: 'ada' })
      },
      '/peek-then-start': async (event) => {
        await getSession(event, { ...config })
        return useSession(event, { ...config, saveUninitialized: true })
      },
      '/peek-and-start': async (event) => {
        const [, session] = await Promise.all([
          getSession(event, { ...config }),
          useSession(event, { ...config, saveUninitialized: true }),
        ])
        return session
      },
    })

    it('has an id and no cookie', async () => {
      const response = await (await browse(lazy, peek)).fetch('/peek')
      expect(cookiesOf(response)).toEqual([])
      expect(await response.json()).toEqual({ id: 's1', data: {} })
    })

    it('is stored by the first write, with one cookie, and then continues', async () => {
      const browser = await browse(lazy, peek)
      const response = await browser.fetch('/sign-in')
      only(response)
      const session = await response.json()
      expect(session.data).toEqual({ user: 'ada' })
      expect(await browser.json('/peek')).toEqual(session)
    })

    it.each(['/peek-then-start', '/peek-and-start'])(
      'is stored when a later call asks for it: %s',
      async (path) => {
        const cookie = only(await (await browse(lazy, peek)).fetch(path))
        expect(cookie.value).toMatch(/^s1\.1\./)
      },
    )
  })
})

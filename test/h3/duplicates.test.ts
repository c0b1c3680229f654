import { createStorage } from 'unstorage'
import { CookieJar } from 'tough-cookie'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearSession, type SessionConfig, type H3EventLike, useSession } from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore, signToken } from '../../src/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Fetch, type Handler, platforms, stopServers } from '../support/h3-platforms.ts'

const password = 'a password of at least 32 characters'
const SITE = 'https://app.example.com/'

/** Node's own fetch sends the `host` of the socket, so over a socket the site stands behind a proxy. */
const hostHeaders = (host: string): Record<string, string> => ({ host, 'x-forwarded-host': `${host}, proxy` })

interface Data {
  user?: string
}

/** A browser that keeps cookies as RFC 6265 says, by domain and path, and has the site's host. */
class JarBrowser {
  readonly jar: CookieJar = new CookieJar()
  readonly #fetch: Fetch

  constructor(fetch: Fetch) {
    this.#fetch = fetch
  }

  async fetch(path: string): Promise<Response> {
    const url = new URL(path, SITE)
    const headers = { ...hostHeaders(url.host), cookie: await this.jar.getCookieString(url.href) }
    const response = await this.#fetch(path, { headers })
    // As a browser does, it ignores cookies that the site may not set.
    for (const cookie of response.headers.getSetCookie())
      await this.jar.setCookie(cookie, url.href, { ignoreError: true })
    return response
  }

  async text(path: string): Promise<string> {
    return (await this.fetch(path)).text()
  }

  /** Values of all cookies called `h3`, in the order they are sent. */
  async values(): Promise<string[]> {
    return (await this.jar.getCookies(SITE)).filter(({ key }) => key === 'h3').map(({ value }) => value)
  }

  async plant(cookie: string): Promise<void> {
    await this.jar.setCookie(cookie, SITE)
  }
}

describe.each(platforms)('several cookies of one name: $name', (platform) => {
  let store: SessionStore
  /** The configuration that the handlers use. A test replaces it as a deployment would. */
  let config: SessionConfig
  let fetch: Fetch

  const use = (event: H3EventLike, options: Partial<SessionConfig> = {}) =>
    useSession<Data>(event, { ...config, ...options })

  const routes: Record<string, Handler> = {
    '/me': async (event) => (await use(event)).data.user ?? 'nobody',
    '/sign-in': async (event) => {
      const session = await use(event)
      session.data.user = 'ada'
      await session.save()
      await session.regenerate()
      return 'signed in'
    },
    '/rename': async (event) => (await (await use(event)).update({ user: 'grace' })).data.user,
    '/sign-out': async (event) => {
      await (await use(event)).clear()
      return 'signed out'
    },
    '/forget': async (event) => {
      await clearSession(event, { ...config })
      return 'signed out'
    },
    '/switch': async (event) => {
      const session = await use(event)
      await session.clear()
      await session.update({ user: 'grace' })
      return 'switched'
    },
    '/seal': async (event) => {
      await platform.seal(event, { password }, { user: 'sealed' })
      return 'sealed'
    },
    '/seal-long': async (event) => {
      await platform.seal(event, { password }, { user: 'long', text: 'x'.repeat(6000) })
      return 'sealed'
    },
    '/seal-of-another-app': async (event) => {
      await platform.seal(event, { password: 'the password of some other app, long' }, { user: 'other' })
      return 'sealed'
    },
  }

  beforeEach(async () => {
    store = createSessionStore({ storage: createStorage() })
    config = { store, password }
    fetch = await platform.serve({ routes })
  })

  afterEach(stopServers)

  const ids = async (): Promise<string[]> => {
    const found: string[] = []
    for await (const { id } of store.list()) found.push(id)
    return found
  }
  const idIn = (token: string): string => token.split('.')[0] ?? ''

  /** The cookie of a new session with a user. */
  async function live(user: string): Promise<string> {
    const id = `session-of-${user}`
    await store.create({ id, data: { user } })
    return `h3=${signToken('h3', id, 1, password)}`
  }

  /** The cookie of a session that has ended. */
  async function stale(user: string): Promise<string> {
    const cookie = await live(user)
    await store.destroy(`session-of-${user}`)
    return cookie
  }

  /** The cookies that h3 itself seals. */
  async function sealed(path: string): Promise<string> {
    const browser = new Browser(fetch)
    await browser.fetch(path)
    return browser.cookie
  }

  const ask = (path: string, cookies: readonly string[], host = 'app.example.com'): Promise<Response> =>
    fetch(path, { headers: { cookie: cookies.join('; '), ...hostHeaders(host) } })
  const me = async (...cookies: string[]): Promise<string> => (await ask('/me', cookies)).text()

  describe('the first live session wins', () => {
    const JUNK = ['h3=garbage', 'h3=', 'h3=Fe26.2*junk', 'h3=__chunked__3', 'h3=%', 'h3=a.1.b']

    it.each(JUNK)('next to %j', async (junk) => {
      const ada = await live('ada')
      for (const adopt of [undefined, platform.unseal]) {
        config = { store, password, adopt }
        expect(await me(ada)).toBe('ada')
        expect(await me(junk, ada)).toBe('ada')
        expect(await me(ada, junk)).toBe('ada')
        expect(await me(junk, 'theme=dark', junk, ada, junk)).toBe('ada')
        expect(await me(junk, junk)).toBe('nobody')
      }
    })

    it('next to destroyed sessions, in any order', async () => {
      const [ended, older, ada] = [await stale('ended'), await stale('older'), await live('ada')]
      for (const cookies of [
        [ended, ada],
        [ada, ended],
        [ended, older, ada],
        [ended, ada, older],
      ])
        expect(await me(...cookies)).toBe('ada')
      expect(await me(ended, older)).toBe('nobody')
    })

    it('next to the cookies of another app with another password', async () => {
      const ada = await live('ada')
      const other = await sealed('/seal-of-another-app')
      const token = `h3=${signToken('h3', 'session-of-ada', 1, 'the password of some other app, long')}`
      for (const adopt of [undefined, platform.unseal]) {
        config = { store, password, adopt }
        expect(await me(other, ada)).toBe('ada')
        expect(await me(ada, other)).toBe('ada')
        expect(await me(token, ada)).toBe('ada')
        expect(await me(token, other)).toBe('nobody')
      }
    })

    it('and of two live sessions the one whose cookie comes first', async () => {
      const [ada, grace] = [await live('ada'), await live('grace')]
      expect(await me(ada, grace)).toBe('ada')
      expect(await me(grace, ada)).toBe('grace')
    })

    it('without a cookie to read it, and with one to write it', async () => {
      const [ended, ada] = [await stale('ended'), await live('ada')]
      expect(cookiesOf(await ask('/me', [ended, ada]))).toEqual([])
      const written = cookiesOf(await ask('/rename', [ended, ada]))
      expect(written.map(({ name, value }) => [name, idIn(value)])).toEqual([['h3', 'session-of-ada']])
      expect(await me(ada)).toBe('grace')
    })

    it('and the latest of several tokens of one session sets the required version', async () => {
      const first = await live('ada')
      await ask('/rename', [first])
      const second = `h3=${signToken('h3', 'session-of-ada', 2, password)}`
      const load = vi.spyOn(store as Required<SessionStore>, 'loadCached')
      expect(await me(first, second)).toBe('grace')
      expect(await me(second, first)).toBe('grace')
      expect(load.mock.calls).toEqual([
        ['session-of-ada', { minVersion: 2, since: expect.any(Number) }],
        ['session-of-ada', { minVersion: 2, since: expect.any(Number) }],
      ])
    })
  })

  describe('signing out', () => {
    it.each(['/sign-out', '/forget'])('destroys all of their sessions: %s', async (path) => {
      const [ada, grace, ended] = [await live('ada'), await live('grace'), await stale('ended')]
      await live('somebody-else')
      await ask(path, ['h3=junk', ended, ada, grace])
      expect(await ids()).toEqual(['session-of-somebody-else'])
      expect(await me(ada, grace)).toBe('nobody')
    })

    it('destroys the session that was read, also when its id has changed in the same request', async () => {
      const [ada, grace] = [await live('ada'), await live('grace')]
      const fetchOnce = await platform.serve({
        routes: {
          '/out': async (event) => {
            const session = await use(event)
            await session.regenerate()
            await session.clear()
            return 'ok'
          },
        },
      })
      await fetchOnce('/out', { headers: { cookie: `${ada}; ${grace}` } })
      expect(await ids()).toEqual([])
    })

    it('removes one cookie when one came, and all its variants when several came', async () => {
      const [ada, grace] = [await live('ada'), await live('grace')]
      const rest = '; Path=/; HttpOnly; Secure; SameSite=Lax'
      const removed = async (...cookies: string[]) => (await ask('/forget', cookies)).headers.getSetCookie()
      expect(await removed(ada)).toEqual([`h3=; Max-Age=0${rest}`])
      const variants = (domain: string) =>
        `h3=; Max-Age=0; Path=/; Domain=${domain}; HttpOnly; Secure; SameSite=Lax`
      expect((await removed(ada, grace)).toSorted()).toEqual(
        [`h3=; Max-Age=0${rest}`, variants('app.example.com'), variants('example.com')].toSorted(),
      )
      expect((await ask('/forget', [ada, grace], 'localhost:3000')).headers.getSetCookie()).toEqual([
        `h3=; Max-Age=0${rest}`,
      ])
      config = { store, password, cookie: { domain: 'example.com' } }
      for (const cookies of [[ada], [ada, grace]])
        expect((await removed(...cookies)).toSorted()).toEqual(
          [`h3=; Max-Age=0${rest}`, variants('example.com')].toSorted(),
        )
    })

    it('removes a `__Host-` cookie once: it has no variants', async () => {
      config = { store, password, name: '__Host-h3' }
      const cookie = '__Host-h3=junk'
      const cookies = cookiesOf(await ask('/forget', [cookie, cookie]))
      expect(cookies.map(({ text }) => text)).toEqual([
        '__Host-h3=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      ])
    })
  })

  describe('when the domain of the cookie changes', () => {
    const DOMAIN = { domain: 'example.com' }
    const changes: [string, SessionConfig['cookie'], SessionConfig['cookie']][] = [
      ['is added', undefined, DOMAIN],
      ['is removed', DOMAIN, undefined],
      ['is replaced', { domain: 'app.example.com' }, DOMAIN],
    ]

    it.each(changes)('no user is signed out, and signing in and out works: %s', async (_, before, after) => {
      const browser = new JarBrowser(fetch)
      config = { store, password, cookie: before ?? {} }
      await browser.text('/sign-in')
      expect(await browser.text('/me')).toBe('ada')

      config = { store, password, cookie: after ?? {} }
      expect(await browser.text('/me')).toBe('ada')
      expect(await browser.text('/rename')).toBe('grace')
      expect(await browser.values()).toHaveLength(2)
      expect(await browser.text('/me')).toBe('grace')
      await browser.text('/sign-in')
      expect(await browser.text('/me')).toBe('ada')
      expect(await browser.text('/me')).toBe('ada')

      await browser.text('/sign-out')
      expect(await browser.values()).toEqual([])
      expect(await browser.text('/me')).toBe('nobody')
      expect(await ids()).toEqual([])
      await browser.text('/sign-in')
      expect(await browser.text('/me')).toBe('ada')
      expect(await browser.values()).toHaveLength(1)
    })

    it.each(changes)(
      'a session that replaces a cleared one keeps its cookie: %s',
      async (_, before, after) => {
        const browser = new JarBrowser(fetch)
        config = { store, password, cookie: before ?? {} }
        await browser.text('/sign-in')
        config = { store, password, cookie: after ?? {} }
        await browser.text('/rename')
        const response = await browser.fetch('/switch')
        expect(cookiesOf(response)).toHaveLength(1)
        expect(await browser.text('/me')).toBe('grace')
        await browser.text('/switch')
        expect(await browser.text('/me')).toBe('grace')
        expect(await ids()).toHaveLength(1)
      },
    )
  })

  describe('sealed by h3', () => {
    beforeEach(() => {
      config = { store, password, adopt: platform.unseal }
    })

    it('the first valid seal is adopted, and signing out destroys all', async () => {
      const [mine, other] = [await sealed('/seal'), await sealed('/seal-of-another-app')]
      const junk = 'h3=Fe26.2*junk'
      expect(await me(junk, other, mine)).toBe('sealed')
      expect(await me(other, mine)).toBe('sealed')
      expect(await me(await stale('ended'), mine)).toBe('sealed')
      const second = await sealed('/seal')
      await ask('/forget', [junk, mine, second, await live('ada')])
      expect(await ids()).toEqual([])
      for (const cookie of [mine, second]) expect(await me(cookie)).toBe('nobody')
    })

    it('tries a bounded number of seals', async () => {
      let count = 0
      const unseal = platform.unseal
      if (typeof unseal !== 'function') return expect.unreachable()
      config = {
        ...config,
        adopt: (event, options, text) => {
          count++
          return unseal(event, options, text)
        },
      }
      const many = Array.from({ length: 100 }, (_, index) => `h3=Fe26.2*${index}`)
      expect(await me(...many)).toBe('nobody')
      expect(count).toBe(8)
    })

    it.runIf(platform.version === 2)('a seal in several cookies is joined, next to others', async () => {
      const mine = (await sealed('/seal-long')).split('; ')
      const head = mine[0]!
      expect(mine).toHaveLength(4)
      const junk = ['h3=__chunked__2', 'h3.1=Fe26.2*junk', 'h3.2=junk']
      // A browser sends older cookies first, name by name.
      const mixed = [junk[0], head, junk[1], mine[1], junk[2], mine[2], mine[3]] as string[]
      expect(await me(...mixed)).toBe('long')
      expect(await me(junk[1]!, ...mine)).toBe('long')
      const cookies = cookiesOf(await ask('/rename', mixed)).map(({ name }) => name)
      expect(cookies.toSorted()).toEqual(['h3', 'h3.1', 'h3.2', 'h3.3'])
    })
  })

  describe('when an attacker sets them', () => {
    it('an attacker’s session is destroyed at sign-in, and the cookie set there counts', async () => {
      const planted = await live('attacker')
      const browser = new JarBrowser(fetch)
      await browser.plant(`${planted}; Domain=example.com; Path=/`)
      expect(await browser.text('/me')).toBe('attacker')
      await browser.text('/sign-in')
      expect(await browser.text('/me')).toBe('ada')
      expect(await me(planted)).toBe('nobody')
      await browser.text('/sign-out')
      expect(await browser.values()).toEqual([])
      expect(await ids()).toEqual([])
    })

    // A known limit: a cookie says nothing about who has set it. The prefix `__Host-` in its name does.
    it('an attacker’s live session set after sign-in comes first by a longer path', async () => {
      const browser = new JarBrowser(fetch)
      await browser.text('/sign-in')
      const planted = await live('attacker')
      await browser.plant(`${planted}; Domain=example.com; Path=/me`)
      expect(await browser.text('/me')).toBe('attacker')
      expect(await browser.text('/rename')).toBe('grace')
      expect((await store.load('session-of-attacker'))?.data).toEqual({ user: 'attacker' })
      await browser.plant(`${planted}; Domain=example.com; Path=/sign-out`)
      await browser.text('/sign-out')
      expect(await ids()).toEqual([])
    })

    it('an invalid cookie that comes first neither blocks a sign-in nor becomes a session', async () => {
      const browser = new JarBrowser(fetch)
      await browser.plant('h3=junk; Domain=example.com; Path=/')
      await browser.text('/sign-in')
      expect(await browser.text('/me')).toBe('ada')
      await browser.text('/sign-out')
      expect(await browser.text('/me')).toBe('nobody')
      expect(await ids()).toEqual([])
    })
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearSession, type SessionConfig, type H3EventLike, useSession } from '../../src/h3/index.ts'
import { signToken } from '../../src/core/token.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Fetch, type Handler, platforms, stopServers } from '../support/h3-platforms.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'

describe.each(platforms)('$name', (platform) => {
  let store: MemoryStore
  let config: SessionConfig

  beforeEach(() => {
    store = new MemoryStore()
    config = { store, password }
  })

  afterEach(async () => {
    vi.useRealTimers()
    await stopServers()
  })

  const use = (event: H3EventLike, options: Partial<SessionConfig> = {}) =>
    useSession<{ n?: number }>(event, { ...config, ...options })
  const serve = (routes: Record<string, Handler>): Promise<Fetch> => platform.serve({ routes })

  describe('a header without cookies', () => {
    const header = { sessionHeader: 'X-Session', cookie: false } as const
    const routes: Record<string, Handler> = {
      '/add': async (event) => {
        const session = await use(event, header)
        await session.update(({ n = 0 }) => ({ n: n + 1 }))
        return { token: session.token, n: session.data.n }
      },
      '/read': async (event) => (await use(event, header)).data,
      '/out': async (event) => {
        await clearSession(event, { ...config, ...header })
        return 'bye'
      },
    }

    it('takes the token from the header, and sets no cookie', async () => {
      const fetch = await serve(routes)
      const first = await fetch('/add')
      const { token } = await first.json()
      const headers = { 'x-session': token }
      const second = await fetch('/add', { headers })
      expect(await second.json()).toEqual({ token: expect.stringContaining('.2.'), n: 2 })
      const last = await fetch('/out', { headers })
      for (const response of [first, second, last]) {
        expect(cookiesOf(response)).toEqual([])
        expect(response.headers.get('vary')).toBe('x-session')
      }
      expect(store.rows.size).toBe(0)
    })

    it('does not read cookies', async () => {
      const fetch = await serve(routes)
      const { token } = await (await fetch('/add')).json()
      expect(await (await fetch('/read', { headers: { cookie: `h3=${token}` } })).json()).toEqual({})
    })

    it('is extended in the store without a cookie', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 })
      store = new MemoryStore({ idleTimeout: 60 })
      config = { store, password }
      const fetch = await serve(routes)
      const { token } = await (await fetch('/add')).json()
      for (let seconds = 50; seconds <= 200; seconds += 50) {
        vi.setSystemTime(1_900_000_000_000 + seconds * 1000)
        const response = await fetch('/read', { headers: { 'x-session': token } })
        expect(await response.json()).toEqual({ n: 1 })
        expect(cookiesOf(response)).toEqual([])
      }
    })
  })

  describe('a session header', () => {
    it('is off unless the option names it', async () => {
      const fetch = await serve({ '/read': async (event) => (await use(event)).data })
      const browser = new Browser(
        await serve({ '/add': async (event) => (await use(event)).update({ n: 1 }) }),
      )
      await browser.fetch('/add')
      const headers = { 'x-h3-session': browser.jar.get('h3')!.value }
      expect(await (await fetch('/read', { headers })).json()).toEqual({})
    })
  })

  describe('when the headers of the response were sent', () => {
    it('a session that exists is still saved, and none is started', async () => {
      const outcomes: unknown[] = []
      const text = new TextEncoder()
      const late = (event: H3EventLike): ReadableStream =>
        new ReadableStream({
          start(controller) {
            controller.enqueue(text.encode('soon '))
          },
          async pull(controller) {
            await new Promise(setImmediate)
            const session = await use(event)
            const saved = session.update(({ n = 0 }) => ({ n: n + 1 }))
            outcomes.push(await saved.then(({ version }) => version).catch((error: unknown) => error))
            controller.enqueue(text.encode('done'))
            controller.close()
          },
        })
      const browser = new Browser(
        await serve({
          '/add': async (event) => (await use(event)).update({ n: 1 }),
          '/late': async (event) => {
            await use(event)
            return late(event)
          },
        }),
      )
      const answers = [await browser.fetch('/late')]
      expect(await answers[0]?.text()).toBe('soon done')
      expect(store.rows.size).toBe(0)
      await browser.fetch('/add')
      answers.push(await browser.fetch('/late'))
      expect(await answers[1]?.text()).toBe('soon done')
      expect(outcomes).toEqual([
        expect.objectContaining({ code: 'HEADERS_SENT', message: expect.stringContaining('earlier') }),
        2,
      ])
      expect(answers.flatMap(cookiesOf)).toEqual([])
    })
  })

  describe('adopt', () => {
    const sealed = { password, maxAge: 600 }
    const seal: Handler = async (event) => {
      const big = 'x'.repeat(platform.version === 2 ? 6000 : 10)
      await platform.seal(event, sealed, { n: 1, big })
      return 'sealed'
    }

    it('stores a sealed session of h3, once', async () => {
      const adopting = { maxAge: 600, adopt: platform.unseal }
      const browser = new Browser(
        await serve({
          '/seal': seal,
          '/read': async (event) => use(event, adopting),
          '/plain': (event) => use(event),
        }),
      )
      await browser.fetch('/seal')
      const chunks = [...browser.jar.keys()].filter((name) => name !== 'h3')
      expect(chunks).toHaveLength(platform.version === 2 ? 3 : 0)
      const twin = browser.clone()
      const response = await browser.fetch('/read')
      const { id, data } = await response.json()
      expect(data).toMatchObject({ n: 1 })
      expect(
        cookiesOf(response)
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual(['h3', ...chunks].toSorted())
      expect([...browser.jar.keys()]).toEqual(['h3'])
      expect(store.calls).toEqual(['load', 'create', 'create'])
      expect(await browser.json('/plain')).toEqual({ id, data })
      expect(await twin.json('/read')).toEqual({ id, data })
      expect(store.rows.size).toBe(2)
    })

    it('adopts one session for parallel requests', async () => {
      const adopting = { maxAge: 600, adopt: platform.unseal }
      const browser = new Browser(await serve({ '/seal': seal, '/read': (event) => use(event, adopting) }))
      await browser.fetch('/seal')
      const twins = Array.from({ length: 5 }, () => browser.clone())
      const sessions = await Promise.all(twins.map((twin) => twin.json('/read')))
      expect(sessions).toEqual(Array.from({ length: 5 }, () => sessions[0]))
      expect(sessions[0].data).toMatchObject({ n: 1 })
      expect(store.rows.size).toBe(2)
    })

    it.each(['/out', '/renew', '/revoked'])('opens no session with an old cookie after %s', async (path) => {
      const adopting = { maxAge: 600, adopt: platform.unseal }
      const browser = new Browser(
        await serve({
          '/seal': seal,
          '/read': async (event) => ({ n: (await use(event, adopting)).data.n }),
          '/out': async (event) => void (await clearSession(event, { ...config, ...adopting })),
          '/renew': async (event) => void (await (await use(event, adopting)).regenerate()),
          '/revoked': async (event) => void (await store.destroy((await use(event, adopting)).id)),
        }),
      )
      await browser.fetch('/seal')
      const thief = browser.clone()
      if (path !== '/out') await browser.fetch('/read')
      await browser.fetch(path)
      expect(await browser.json('/read')).toEqual(path === '/renew' ? { n: 1 } : {})
      expect(await thief.json('/read')).toEqual({})
    })

    it('keeps the expiry that h3 has set', async () => {
      const start = 1_900_000_000_000
      vi.useFakeTimers({ toFake: ['Date'], now: start })
      const adopting = { maxAge: 600, adopt: platform.unseal }
      const browser = new Browser(await serve({ '/seal': seal, '/read': (event) => use(event, adopting) }))
      await browser.fetch('/seal')
      vi.setSystemTime(start + 400_000)
      await browser.fetch('/read')
      const [row] = store.rows.values()
      expect(row).toMatchObject({ createdAt: start, expiresAt: start + 600_000 })
    })

    it('treats an invalid, foreign or expired seal as no session', async () => {
      const adopting = { maxAge: 1, adopt: platform.unseal }
      const browser = new Browser(
        await serve({
          '/seal': (event) => platform.seal(event, { password: 'some other password, long enough' }, {}),
          '/read': async (event) => (await use(event, adopting)).isNew,
        }),
      )
      const isNew = async (cookie: string) => browser.json('/read', { headers: { cookie } })
      await browser.fetch('/seal')
      expect(await isNew(browser.cookie)).toBe(true)
      expect(await isNew('h3=Fe26.2*1*junk')).toBe(true)
      expect(await isNew('h3=__chunked__3; h3.1=Fe26.2*')).toBe(true)
      expect(store.calls).toEqual([])
    })

    it('removes the cookies that came, and not the number that a cookie claims', async () => {
      const add = async (event: H3EventLike, options?: Partial<SessionConfig>): Promise<void> =>
        void (await (await use(event, options)).update({ n: 1 }))
      const adopting = { adopt: platform.unseal }
      const fetch = await serve({
        '/plain': (event) => add(event),
        '/adopting': (event) => add(event, adopting),
      })
      const names = async (path: string): Promise<string[]> => {
        const headers = { cookie: 'h3=__chunked__100; h3.2=Fe26.2*; h3.100=x; h3.101=y' }
        return cookiesOf(await fetch(path, { headers })).map(({ name }) => name)
      }
      expect(await names('/plain')).toEqual(['h3'])
      expect(await names('/adopting')).toEqual(['h3', 'h3.2', 'h3.100'])
    })

    it('is off by default', async () => {
      const browser = new Browser(
        await serve({ '/seal': seal, '/read': async (event) => (await use(event)).isNew }),
      )
      await browser.fetch('/seal')
      expect(await browser.json('/read')).toBe(true)
    })
  })
})

describe('an event without a response', () => {
  const store = new MemoryStore()
  const config = { store, password }
  const events: Record<string, (headers: Headers) => H3EventLike> = {
    'with headers': (headers) => ({ headers }),
    'with a request': (headers) => ({ request: { headers } }),
    'of h3 2': (headers) => ({ req: { headers } }),
  }

  it.each(Object.entries(events))('%s reads and saves a session, and starts none', async (_, make) => {
    const { id, version } = await store.create({ id: `id-${_.replaceAll(' ', '-')}`, data: { n: 1 } })
    const headers = new Headers({ cookie: `h3=${signToken('h3', id, version, password)}` })
    const session = await useSession<{ n: number }>(make(headers), config)
    expect(session.data).toEqual({ n: 1 })
    await session.update({ n: 2 })
    expect(await useSession(make(headers), config)).toBe(session)
    await clearSession(make(headers), config)
    expect(await store.load(id)).toBeNull()

    const visitor = await useSession(make(new Headers()), config)
    await expect(visitor.update({ n: 1 })).rejects.toMatchObject({
      code: 'HEADERS_SENT',
      message: expect.stringContaining('no response'),
    })
    await useSession(make(new Headers()), { ...config, saveUninitialized: true })
    expect(store.rows.size).toBe(0)
  })
})

import { inspect } from 'node:util'
import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearSession, type H3EventLike, sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Handler, platforms, stopServers } from '../support/h3-platforms.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'

let store: MemoryStore
let config: { store: MemoryStore; password: string }

beforeEach(() => {
  store = new MemoryStore()
  config = { store, password }
})
afterEach(stopServers)

const browse = (app: h3.H3): Browser =>
  new Browser(async (path, init) => app.fetch(new Request(`http://127.0.0.1${path}`, init)))

describe('an app within an app', () => {
  it.each(['as an app', 'by its fetch'])('mounted %s shares session and cookie', async (how) => {
    const inner = new h3.H3().get('/add', async (event) => {
      const session = await useSession<{ n?: number }>(event, config)
      await session.update(({ n = 0 }) => ({ n: n + 1 }))
      return session.data
    })
    const outer = new h3.H3({ silent: true })
      .use(async (event) => {
        await useSession(event, config)
      })
      .mount('/inner', how === 'as an app' ? inner : { fetch: inner.fetch })
    const browser = browse(outer)
    for (const n of [1, 2]) {
      const response = await browser.fetch('/inner/add')
      expect(await response.json()).toEqual({ n })
      expect(cookiesOf(response)).toHaveLength(1)
    }
    expect(store.calls).toEqual(['create', 'load', 'save'])
  })

  it('that starts a session shares it with later handlers', async () => {
    const inner = new h3.H3().get('/add', async (event) => (await useSession(event, config)).update({ n: 1 }))
    const outer = new h3.H3({ silent: true })
      .use(async (event, next) => {
        const response = await next()
        await (await useSession(event, config)).update({ after: true })
        return response
      })
      .mount('/inner', { fetch: inner.fetch })
    const browser = browse(outer)
    await browser.fetch('/inner/add')
    const [[id, row] = []] = store.rows
    expect(JSON.parse(row?.json ?? '')).toEqual({ n: 1, after: true })
    expect(browser.jar.get('h3')?.value).toMatch(new RegExp(`^${id}\\.2\\.`))
  })
})

describe('requests that have something in common', () => {
  const handler = async (event: h3.H3Event | h3v1.H3Event): Promise<unknown> => {
    const session = await useSession<{ n?: number }>(event, config)
    return session.update(({ n = 0 }) => ({ n: n + 1 }))
  }

  it('share no session just because they share a context', async () => {
    const context = {}
    const app = h3.toWebHandler(new h3.H3().get('/', handler))
    const app1 = h3v1.toWebHandler(h3v1.createApp().use('/', h3v1.eventHandler(handler)))
    for (const fetch of [app, app, app1, app1]) {
      const response = await fetch(new Request('http://127.0.0.1/'), context)
      expect((await response.json()).data).toEqual({ n: 1 })
    }
    expect(store.rows.size).toBe(4)
  })

  it('have separate sessions when the app makes one within the other', async () => {
    const app = new h3.H3().get('/one', handler).get('/both', async (event) => {
      await handler(event)
      const other = await h3.fetchWithEvent(event, '/one', { headers: { cookie: '' } })
      return other.json()
    })
    const browser = browse(app)
    await browser.fetch('/one')
    expect((await browser.json('/both')).data).toEqual({ n: 1 })
    expect(store.rows.size).toBe(2)
  })

  it('share session and cookie when one is made by the other with fetchWithEvent, behind the middleware on Node', async () => {
    const both = async (event: h3.H3Event): Promise<unknown> => {
      const inner = await h3.fetchWithEvent(event, '/one')
      return { inner: await inner.json(), outer: await handler(event) }
    }
    const node = platforms.find(({ version, isNode }) => version === 2 && isNode)
    const fetch = await node?.serve({
      middleware: sessionMiddleware(config),
      routes: {
        '/one': (event) => handler(event as h3.H3Event),
        '/both': (event) => both(event as h3.H3Event),
      },
    })
    const response = await fetch?.('/both')
    expect(await response?.json()).toMatchObject({ inner: { data: { n: 1 } }, outer: { data: { n: 2 } } })
    expect(response && cookiesOf(response)).toHaveLength(1)
    expect(store.rows.size).toBe(1)
  })
})

describe('a request that uses the session first in one that it makes with fetchWithEvent, on Node without the middleware,', () => {
  const nodePlatform = platforms.find(({ version, isNode }) => version === 2 && isNode)!
  const use = (event: H3EventLike) => useSession<{ n?: number; user?: string }>(event, config)
  const add: Handler = async (event) => (await use(event)).update(({ n = 0 }) => ({ n: n + 1 }))

  const inner: Record<string, Handler> = {
    '/add': add,
    '/read': async (event) => (await use(event)).data,
    '/sign-in': async (event) => {
      const session = await use(event)
      session.data.user = 'ada'
      await session.regenerate()
    },
    '/sign-out': (event) => clearSession(event, config),
    '/failing': async (event) => {
      await add(event)
      throw nodePlatform.error(404)
    },
    '/mobile': async (event) => {
      const session = await useSession(event, { ...config, sessionHeader: 'X-Session' })
      return session.update({ mobile: true })
    },
  }

  /** A browser on pages that make such a request, and then go on in ways of their own. */
  async function browse(outer: Record<string, (event: h3.H3Event) => unknown>): Promise<Browser> {
    const pages = Object.entries(outer).map(([path, handler]): [string, Handler] => [
      path,
      (event) => handler(event as h3.H3Event),
    ])
    return new Browser(await nodePlatform.serve({ routes: { ...inner, ...Object.fromEntries(pages) } }))
  }

  const get = (event: h3.H3Event, path: string, init?: RequestInit): Promise<Response> =>
    Promise.resolve(h3.fetchWithEvent(event, path, init))

  it.each<[how: string, page: (event: h3.H3Event) => unknown, data: object]>([
    ['does nothing more', async (event) => (await get(event, '/add')).json(), { n: 1 }],
    [
      'reads it',
      async (event) => {
        await get(event, '/add')
        return (await use(event)).data
      },
      { n: 1 },
    ],
    [
      'writes it',
      async (event) => {
        await get(event, '/add')
        await add(event)
      },
      { n: 2 },
    ],
    [
      'writes it at the same time',
      async (event) => void (await Promise.all([get(event, '/add'), add(event)])),
      { n: 2 },
    ],
    [
      'makes two of them',
      async (event) => void (await Promise.all([get(event, '/add'), get(event, '/add')])),
      { n: 2 },
    ],
    ['returns its response', (event) => get(event, '/add'), { n: 1 }],
    ['streams', async (event) => (await get(event, '/add')).body, { n: 1 }],
    [
      'returns a response of its own',
      async (event) => {
        await get(event, '/add')
        return new Response('fine', {
          headers: { 'set-cookie': 'mine=1', 'cache-control': 'public', vary: 'Accept' },
        })
      },
      { n: 1 },
    ],
    ['answers with its error', (event) => get(event, '/failing'), { n: 1 }],
    [
      'fails',
      async (event) => {
        await get(event, '/add')
        throw nodePlatform.error(404)
      },
      { n: 1 },
    ],
  ])('and %s gets one session and one cookie', async (_, page, data) => {
    const browser = await browse({ '/page': page })
    const response = await browser.fetch('/page')
    await response.text()
    expect(cookiesOf(response).filter(({ name }) => name === 'h3')).toHaveLength(1)
    expect(response.headers.get('cache-control')).toMatch(/no-store/)
    expect(response.headers.get('vary')?.split(', ')).toContain('Cookie')
    expect(store.rows.size).toBe(1)
    expect(await browser.json('/read')).toEqual(data)
    // The same for a visitor who has a session.
    const again = await browser.fetch('/page')
    await again.text()
    expect(cookiesOf(again).filter(({ name }) => name === 'h3')).toHaveLength(1)
    expect(store.rows.size).toBe(1)
  })

  it('gets a new id and a sign-out from it', async () => {
    const browser = await browse({
      '/page/sign-in': async (event) => void (await get(event, '/sign-in')),
      '/page/sign-out': async (event) => void (await get(event, '/sign-out')),
    })
    await browser.fetch('/add')
    const before = browser.clone()
    await browser.fetch('/page/sign-in')
    expect(await browser.json('/read')).toEqual({ n: 1, user: 'ada' })
    expect(await before.json('/read')).toEqual({})
    await browser.fetch('/page/sign-out')
    expect(browser.jar.size).toBe(0)
    expect(store.rows.size).toBe(0)
  })

  it('does not share with a sub-request that has its own cookie or token', async () => {
    const browser = await browse({
      '/page': async (event) => {
        const other = await get(event, '/add', { headers: { cookie: 'h3=other' } })
        const mobile = await get(event, '/mobile', { headers: { 'x-session': 'other' } })
        await get(event, '/add')
        return [cookiesOf(other).length, cookiesOf(mobile).length, (await use(event)).data]
      },
    })
    const response = await browser.fetch('/page')
    expect(await response.json()).toEqual([1, 1, { n: 1 }])
    expect(cookiesOf(response)).toHaveLength(1)
    expect(store.rows.size).toBe(3)
    expect(await browser.json('/read')).toEqual({ n: 1 })
  })
})

describe('a log of a request', () => {
  it('contains no password, token or id', async () => {
    const seen: { text: string; id: string }[] = []
    const look = async (event: h3.H3Event | h3v1.H3Event): Promise<string> => {
      const session = await useSession(event, config)
      await session.update({ n: 1 })
      const { req, context } = event
      const text = inspect({ session, req, headers: req.headers, context }, { depth: 20, showHidden: true })
      seen.push({ text, id: session.id })
      return 'ok'
    }
    await browse(new h3.H3().get('/', look)).fetch('/')
    const app1 = h3v1.createApp().use('/', h3v1.eventHandler(look))
    await h3v1.toWebHandler(app1)(new Request('http://127.0.0.1/'))
    expect(seen).toHaveLength(2)
    for (const { text, id } of seen) {
      expect(text).toContain('RequestSession')
      expect(text).not.toContain(password)
      expect(text).not.toContain(id)
    }
  })
})

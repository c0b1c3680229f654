import { inspect } from 'node:util'
import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { platforms, stopServers } from '../support/h3-platforms.ts'
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

  it('that begins a session hands it to what comes after', async () => {
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

  it('share no session because they share a context', async () => {
    const context = {}
    const app = h3.toWebHandler(new h3.H3().get('/', handler))
    const app1 = h3v1.toWebHandler(h3v1.createApp().use('/', h3v1.eventHandler(handler)))
    for (const fetch of [app, app, app1, app1]) {
      const response = await fetch(new Request('http://127.0.0.1/'), context)
      expect((await response.json()).data).toEqual({ n: 1 })
    }
    expect(store.rows.size).toBe(4)
  })

  it('are told apart when one is made by the other', async () => {
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

describe('what is logged', () => {
  it('tells no password, token or id', async () => {
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

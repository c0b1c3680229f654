import * as h3v1 from 'h3v1'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Handler, platforms, stopServers } from '../support/h3-platforms.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'

describe.each(platforms)('$name', (platform) => {
  let store: MemoryStore

  beforeEach(() => {
    store = new MemoryStore()
    vi.spyOn(console, 'error').mockReturnValue() // h3 1 logs every error that is not its own
  })

  afterEach(async () => {
    vi.restoreAllMocks()
    await stopServers()
  })

  /** A browser on an app whose handlers change the session and then answer in their own way. */
  async function browse(answers: Record<string, Handler>): Promise<Browser> {
    const routes: Record<string, Handler> = {
      '/read': async (event) => (await useSession(event)).data,
      '/ignore': () => 'no session at all',
    }
    for (const [path, answer] of Object.entries(answers)) {
      routes[path] = async (event) => {
        const session = await useSession<{ visits?: string[] }>(event)
        session.data.visits = [...(session.data.visits ?? []), path]
        return answer(event)
      }
    }
    return new Browser(await platform.serve({ routes, middleware: sessionMiddleware({ store, password }) }))
  }

  const body = (text: string) => new Blob([text]).stream()

  it('stores the changes of handlers, with any kind of response', async () => {
    const browser = await browse({
      '/value': () => ({ fine: true }),
      '/text': () => 'fine',
      '/null': () => null,
      '/stream': () => body('fine'),
      '/response': () => new Response('fine', { status: 201, headers: { 'set-cookie': 'mine=1' } }),
      '/redirect': () => new Response(null, { status: 302, headers: { location: '/' } }),
      '/refusal': () => new Response('no', { status: 403 }),
      '/thrown': () => {
        throw platform.error(404)
      },
      '/returned': () => platform.error(404),
    })
    const paths = [
      '/value',
      '/text',
      '/null',
      '/stream',
      '/response',
      '/redirect',
      '/refusal',
      '/thrown',
      '/returned',
    ]
    for (const [index, path] of paths.entries()) {
      const response = await browser.fetch(path)
      await response.text()
      const names = cookiesOf(response).map(({ name }) => name)
      expect([path, names.toSorted()]).toEqual([path, path === '/response' ? ['h3', 'mine'] : ['h3']])
      expect(await browser.json('/read')).toEqual({ visits: paths.slice(0, index + 1) })
    }
    expect(store.calls.filter((call) => call === 'create' || call === 'save')).toHaveLength(paths.length)
  })

  it('stores nothing of a request that fails', async () => {
    const browser = await browse({
      '/ok': () => 'ok',
      '/bug': () => {
        throw new Error('a bug')
      },
      '/thrown': () => {
        throw platform.error(503)
      },
      '/response': () => new Response('down', { status: 500 }),
    })
    for (const path of ['/bug', '/thrown', '/response']) {
      expect((await browser.fetch(path)).status).toBeGreaterThanOrEqual(500)
    }
    expect(store.calls).toEqual([])
    await browser.fetch('/ok')
    for (const path of ['/bug', '/thrown', '/response']) await browser.fetch(path)
    expect(await browser.json('/read')).toEqual({ visits: ['/ok'] })
  })

  it('writes nothing when nothing changes', async () => {
    const browser = await browse({ '/ok': () => 'ok' })
    expect(cookiesOf(await browser.fetch('/read'))).toEqual([])
    expect((await browser.fetch('/ignore')).headers.get('vary')).toBeNull()
    expect(store.calls).toEqual([])
    await browser.fetch('/ok')
    store.calls.length = 0
    expect(cookiesOf(await browser.fetch('/read'))).toEqual([])
    await browser.fetch('/ignore')
    expect(store.calls).toEqual(['load'])
  })

  it('responds with an error when the save fails', async () => {
    const browser = await browse({
      '/ok': () => 'ok',
      '/thrown': () => {
        throw platform.error(404)
      },
    })
    await browser.fetch('/ok')
    store.before = (call) => {
      if (call === 'save') throw new UnsessionError('UNAVAILABLE', 'storage is down')
    }
    for (const path of ['/ok', '/thrown']) {
      const response = await browser.fetch(path)
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('5')
    }
  })

  it('keeps the headers of a returned response', async () => {
    const headers = { 'cache-control': 'private, max-age=5', vary: 'Accept-Encoding' }
    const browser = await browse({ '/response': () => new Response('fine', { headers }) })
    const response = await browser.fetch('/response')
    expect(await response.text()).toBe('fine')
    expect(cookiesOf(response)).toHaveLength(1)
    expect(response.headers.get('cache-control')).toBe('private, max-age=5')
    const vary = response.headers.get('vary')?.split(', ').toSorted()
    expect(vary).toEqual(['Accept-Encoding', 'Cookie'])
  })
})

describe('sessionMiddleware', () => {
  const config = { store: new MemoryStore(), password }

  it('refuses a bad configuration at once', () => {
    expect(() => sessionMiddleware({ ...config, password: 'short' })).toThrow('`password`')
  })

  it('names the correct use with h3 1 in its error', async () => {
    const call: (event: object, next?: unknown) => Promise<unknown> = sessionMiddleware(config) as never
    await expect(call({})).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('createApp({ ...sessionMiddleware(config) })'),
    })
  })

  it('serves a single handler of h3 1 as well', async () => {
    const store = new MemoryStore()
    const handler = h3v1.defineEventHandler({
      ...sessionMiddleware({ store, password }),
      handler: async (event) => {
        const session = await useSession<{ n?: number }>(event)
        session.data.n = (session.data.n ?? 0) + 1
        return session.data.n
      },
    })
    const fetch = h3v1.toWebHandler(h3v1.createApp().use('/', handler))
    const browser = new Browser((path, init) => fetch(new Request(`http://127.0.0.1${path}`, init)))
    expect([await browser.json('/'), await browser.json('/')]).toEqual([1, 2])
  })

  it('is required for a call without a configuration', async () => {
    await expect(useSession({ headers: new Headers() })).rejects.toThrow('sessionMiddleware')
  })
})

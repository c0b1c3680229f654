import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import {
  clearSession,
  getSession,
  sessionMiddleware,
  updateSession,
  useSession,
} from '../../src/fetch/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type FetchHandler, fetchPlatforms, stopFetchServers } from '../support/fetch-platforms.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'

interface Data {
  user?: string
  cart?: string[]
  n?: number
}

describe.each(fetchPlatforms)('$name', (platform) => {
  let store: MemoryStore

  beforeEach(() => {
    store = new MemoryStore()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await stopFetchServers()
  })

  const json = (value: unknown): Response =>
    new platform.Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } })

  const read: FetchHandler = async (request) => json((await useSession(request)).data)

  /** Counts in `session.data` directly, and answers in the way of each route. */
  function counting(answers: Record<string, FetchHandler>): Record<string, FetchHandler> {
    const routes: Record<string, FetchHandler> = { '/read': read }
    for (const [path, answer] of Object.entries(answers)) {
      routes[path] = async (request) => {
        const session = await useSession<Data>(request)
        session.data.n = (session.data.n ?? 0) + 1
        return answer(request)
      }
    }
    return routes
  }

  async function browse(routes: Record<string, FetchHandler>): Promise<Browser> {
    return new Browser(await platform.serve(routes, sessionMiddleware({ store, password })))
  }

  it('creates no record and no cookie for a visitor who only reads', async () => {
    const browser = await browse({ '/read': read, '/other': () => json('no session') })
    const response = await browser.fetch('/read')
    expect(await response.json()).toEqual({})
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(response.headers.get('cache-control')).toBeNull()
    expect((await browser.fetch('/other')).headers.get('vary')).toBeNull()
    expect(cookiesOf(response)).toEqual([])
    expect(store.calls).toEqual([])
  })

  it('keeps two visitors apart, through sign-in, parallel requests, a new id and sign-out', async () => {
    const ada = await browse({
      '/read': read,
      '/sign-in': async (request) => {
        const user = new URL(request.url).searchParams.get('user') ?? ''
        const session = await useSession<Data>(request)
        session.data.user = user
        session.bind(user)
        await session.regenerate()
        return Response.redirect('http://127.0.0.1/read')
      },
      '/cart': async (request) => {
        const product = new URL(request.url).searchParams.get('add') ?? ''
        await updateSession<Data>(request, undefined, ({ cart = [] }) => ({ cart: [...cart, product] }))
        return json('added')
      },
      '/sign-out': async (request) => {
        await clearSession(request)
        return json('bye')
      },
    })
    const bob = ada.clone()
    await ada.fetch('/cart?add=socks')
    const before = ada.clone()
    const signedIn = await ada.fetch('/sign-in?user=ada')
    expect(signedIn.status).toBe(302)
    expect(cookiesOf(signedIn)).toHaveLength(1)
    await bob.fetch('/sign-in?user=bob')
    await Promise.all([ada.fetch('/cart?add=shoes'), ada.fetch('/cart?add=hat'), bob.fetch('/cart?add=tea')])
    expect(await before.json('/read')).toEqual({})
    expect(await bob.json('/read')).toEqual({ user: 'bob', cart: ['tea'] })
    const { user, cart } = await ada.json('/read')
    expect(user).toBe('ada')
    expect(cart.toSorted()).toEqual(['hat', 'shoes', 'socks'])
    expect(Array.from(store.rows.values(), (row) => row.user).toSorted()).toEqual(['ada', 'bob'])

    const thief = ada.clone()
    await ada.fetch('/sign-out')
    expect(ada.jar.size).toBe(0)
    for (const browser of [ada, thief]) expect(await browser.json('/read')).toEqual({})
    expect(await bob.json('/read')).toMatchObject({ user: 'bob' })
  })

  it('gives all code that handles a request one session and one cookie', async () => {
    const browser = await browse({
      '/many': async (request) => {
        const sessions = await Promise.all([
          useSession<Data>(request),
          useSession<Data>(request),
          getSession<Data>(request, { store, password }),
        ])
        await Promise.all(sessions.map((each) => each.update(({ n = 0 }) => ({ n: n + 1 }))))
        return json({ ...sessions[0]?.data, sessions: new Set(sessions).size })
      },
    })
    for (const n of [3, 6]) {
      const response = await browser.fetch('/many')
      expect(await response.json()).toEqual({ n, sessions: 1 })
      expect(cookiesOf(response)).toHaveLength(1)
    }
    expect(store.calls.filter((call) => call === 'load' || call === 'create')).toEqual(['create', 'load'])
  })

  it('stores direct changes before any kind of response is sent', async () => {
    const shared = new Response(null, { status: 204 })
    const answers: Record<string, FetchHandler> = {
      '/json': () => json('fine'),
      '/empty': () => shared,
      '/redirect': () => Response.redirect('http://127.0.0.1/read', 303),
      '/upstream': () => fetch('data:text/plain,from%20elsewhere'),
      '/stream': () => new platform.Response(new Blob(['fine']).stream()),
      '/cookies': () => new platform.Response('fine', { headers: { 'set-cookie': 'mine=1' } }),
      '/missing': () => new platform.Response('no', { status: 404, statusText: 'Not here' }),
      '/thrown': () => {
        throw new Response('no', { status: 403 })
      },
    }
    const browser = await browse(counting(answers))
    for (const [index, path] of Object.keys(answers).entries()) {
      const response = await browser.fetch(path)
      const names = cookiesOf(response).map(({ name }) => name)
      expect([path, names]).toEqual([path, path === '/cookies' ? ['mine', 'h3'] : ['h3']])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await browser.json('/read')).toEqual({ n: index + 1 })
    }
    // A response in a constant goes to other visitors too.
    expect(shared.headers.getSetCookie()).toEqual([])
    const stranger = await browse({ '/empty': () => shared })
    expect(cookiesOf(await stranger.fetch('/empty'))).toEqual([])
  })

  it('keeps status, headers and body of the response', async () => {
    const headers = { 'x-mine': 'yes', vary: 'Accept-Encoding', 'content-type': 'text/css' }
    const browser = await browse(
      counting({ '/': () => new platform.Response('body {}', { status: 418, headers }) }),
    )
    const response = await browser.fetch('/')
    expect(response.status).toBe(418)
    expect(await response.text()).toBe('body {}')
    expect(response.headers.get('x-mine')).toBe('yes')
    expect(response.headers.get('content-type')).toBe('text/css')
    expect(response.headers.get('vary')?.split(', ')).toEqual(['Accept-Encoding', 'Cookie'])
  })

  it('stores nothing of a request that fails', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const browser = await browse(
      counting({
        '/ok': () => json('fine'),
        '/bug': () => {
          throw new Error('a bug')
        },
        '/down': () => new platform.Response('down', { status: 500 }),
      }),
    )
    for (const path of ['/bug', '/down']) expect((await browser.fetch(path)).status).toBe(500)
    expect(store.calls).toEqual([])
    await browser.fetch('/ok')
    for (const path of ['/bug', '/down']) await browser.fetch(path)
    expect(await browser.json('/read')).toEqual({ n: 1 })
  })

  it('answers with 503 when storing fails', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const browser = await browse(counting({ '/ok': () => json('fine') }))
    await browser.fetch('/ok')
    store.before = (call) => {
      if (call === 'save') throw new UnsessionError('UNAVAILABLE', 'storage is down')
    }
    const response = await browser.fetch('/ok')
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toMatchObject({ error: true, statusCode: 503 })
  })

  it.each([
    ['cache-control', 'public, max-age=60', 'private, no-store'],
    ['cache-control', 's-maxage=60', 'private, no-store'],
    ['cache-control', 'private, max-age=5', 'private, max-age=5'],
    ['cdn-cache-control', 'max-age=60', null],
    ['surrogate-control', 'max-age=60', null],
  ])('prevents shared caching of a response with a cookie and %s: %s', async (name, value, expected) => {
    const answer = (): Response => new platform.Response('fine', { headers: { [name]: value } })
    const browser = await browse({
      ...counting({ '/write': answer }),
      '/look': async (request) => {
        await useSession(request)
        return answer()
      },
    })
    expect((await browser.fetch('/write')).headers.get(name)).toBe(expected)
    expect((await browser.fetch('/look')).headers.get(name)).toBe(value)
  })

  it('waits for writes that the handler has not awaited', async () => {
    const writes: Promise<unknown>[] = []
    const other = { store, password, name: 'other' }
    const browser = await browse({
      '/read': read,
      '/update': async (request) => {
        writes.push((await useSession<Data>(request)).update({ n: 1 }))
        return json('fine')
      },
      '/regenerate': async (request) => {
        writes.push((await useSession<Data>(request)).regenerate())
        return json('fine')
      },
      '/other': async (request) => {
        writes.push((await useSession<Data>(request, other)).update({ n: 1 }))
        return json('fine')
      },
    })
    for (const [path, name] of [
      ['/update', 'h3'],
      ['/regenerate', 'h3'],
      ['/other', 'other'],
    ]) {
      expect(cookiesOf(await browser.fetch(String(path))).map((cookie) => cookie.name)).toEqual([name])
      expect(await browser.json('/read')).toEqual({ n: 1 })
    }
    await Promise.all(writes)
  })

  it('rejects writes that begin after the response, and leaves no record', async () => {
    vi.spyOn(console, 'warn').mockReturnValue()
    let late: Promise<unknown> | undefined
    const text = new TextEncoder()
    const streaming =
      (isOpened: boolean): FetchHandler =>
      async (request) => {
        if (isOpened) await useSession(request)
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(text.encode('soon ')),
          pull: async (controller) => {
            await new Promise(setImmediate)
            late = useSession<Data>(request).then((session) => session.update({ n: 1 }))
            await late.catch(() => {})
            controller.enqueue(text.encode('done'))
            controller.close()
          },
        })
        return new platform.Response(body)
      }
    const browser = await browse({ '/opened': streaming(true), '/unopened': streaming(false) })
    for (const path of ['/opened', '/unopened']) {
      const response = await browser.fetch(path)
      expect(await response.text()).toBe('soon done')
      expect(cookiesOf(response)).toEqual([])
      await expect(late).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    }
    expect(store.rows.size).toBe(0)
  })

  it('streams the body', async () => {
    let release = (): void => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const text = new TextEncoder()
    const body = (): ReadableStream =>
      new ReadableStream({
        start: (controller) => controller.enqueue(text.encode('first ')),
        pull: async (controller) => {
          await released
          controller.enqueue(text.encode('last'))
          controller.close()
        },
      })
    const browser = await browse(counting({ '/': () => new platform.Response(body()) }))
    const response = await browser.fetch('/')
    expect(cookiesOf(response)).toHaveLength(1)
    expect(store.rows.size).toBe(1)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('first ')
    release()
    expect((await reader.read()).value).toBe('last')
    expect((await reader.read()).done).toBe(true)
  })

  it('takes the token from a header, and sets no cookie', async () => {
    const fetch = await platform.serve(
      {
        '/sign-in': async (request) => {
          const session = await updateSession<Data>(request, undefined, { user: 'ada' })
          return json(session.token)
        },
        '/read': read,
      },
      sessionMiddleware({ store, password, sessionHeader: 'authorization' }),
    )
    const token = await (await fetch('/sign-in')).json()
    const response = await fetch('/read', { headers: { authorization: `Bearer ${token}` } })
    expect(await response.json()).toEqual({ user: 'ada' })
    expect(response.headers.get('vary')).toBe('authorization, Cookie')
    expect(cookiesOf(response)).toEqual([])
  })
})

import { H3 } from 'h3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearSession, sessionMiddleware, useSession } from '../../src/fetch/index.ts'
import * as h3Sessions from '../../src/h3/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const password = 'a password of at least 32 characters'

interface Data {
  n?: number
}

let store: MemoryStore
let config: { store: MemoryStore; password: string }

beforeEach(() => {
  store = new MemoryStore()
  config = { store, password }
})
afterEach(() => {
  vi.restoreAllMocks()
})

const requestWith = (browser?: Browser): Request =>
  new Request('http://127.0.0.1/', browser && { headers: { cookie: browser.cookie } })

const add = async (request: Request, given?: h3Sessions.SessionConfig): Promise<Response> => {
  const session = await useSession<Data>(request, given)
  await session.update(({ n = 0 }) => ({ n: n + 1 }))
  return Response.json(session.data)
}

/** A visitor who has a session with `n: 1`. */
async function visitor(): Promise<Browser> {
  const browser = new Browser(async () => {
    const request = requestWith()
    return sessionMiddleware(config)(request, () => add(request))
  })
  await browser.fetch('/')
  return browser
}

/** A response of which a runtime says that it switches protocols. Node makes none. */
const upgradeResponse = (response: Response): Response =>
  Object.defineProperty(response, 'status', { value: 101 })

describe('a request', () => {
  it('can read and change its session outside of the middleware, and not start one', async () => {
    const request = requestWith(await visitor())
    const session = await useSession<Data>(request, config)
    await session.update({ n: 2 })
    expect(await useSession(request, config)).toBe(session)
    expect((await useSession(requestWith(), config)).isNew).toBe(true)
    await expect(add(requestWith(), config)).rejects.toMatchObject({
      code: 'HEADERS_SENT',
      message: expect.stringContaining('no response'),
    })
    expect(Array.from(store.rows.values(), ({ json }) => json)).toEqual(['{"n":2}'])
  })

  it('whose session was read before the middleware starts one in it', async () => {
    const request = requestWith()
    const before = await useSession(request, config)
    const response = await sessionMiddleware(config)(request, () => add(request))
    expect(before.data).toEqual({ n: 1 })
    expect(cookiesOf(response)).toHaveLength(1)
  })

  it('is another one than its clone, which can start no session', async () => {
    const request = requestWith()
    const sessions = sessionMiddleware(config)
    await expect(sessions(request, () => add(request.clone()))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('with the same event or Request'),
    })
    await expect(sessions(request, () => add(request.clone(), config))).rejects.toMatchObject({
      code: 'HEADERS_SENT',
      message: expect.stringContaining('its Request object'),
    })
    expect(store.rows.size).toBe(0)
  })

  it.each([undefined, {}, { raw: requestWith() }, { header: () => 'a request of Hono' }])(
    'is not %o',
    async (value) => {
      const request = value as unknown as Request
      const refused = { code: 'INVALID_OPTION', message: expect.stringContaining('`request`') }
      await expect(useSession(request, config)).rejects.toMatchObject(refused)
      await expect(sessionMiddleware(config)(request, () => new Response())).rejects.toMatchObject(refused)
    },
  )

  it('that h3 handles has the session of its event', async () => {
    const app = new H3()
      .use(async (event) => {
        await h3Sessions.useSession(event, config)
      })
      .mount('/inner', {
        fetch: async (request: Request) => sessionMiddleware(config)(request, () => add(request)),
      })
    const browser = new Browser(async (path, init) => app.request(path, init))
    for (const n of [1, 2]) {
      const response = await browser.fetch('/inner/')
      expect(await response.json()).toEqual({ n })
      expect(cookiesOf(response)).toHaveLength(1)
    }
    expect(store.calls).toEqual(['create', 'load', 'save'])
  })
})

describe('the middleware', () => {
  it('refuses a bad configuration at once', () => {
    expect(() => sessionMiddleware({ ...config, password: 'short' })).toThrow('`password`')
  })

  it('returns the same response object when no session was used', async () => {
    const response = new Response('fine')
    expect(await sessionMiddleware(config)(requestWith(), () => response)).toBe(response)
  })

  it('inside of another one leaves the response to it', async () => {
    const request = requestWith()
    const outer = sessionMiddleware(config)
    const inner = sessionMiddleware({ ...config, name: 'inner' })
    const response = await outer(request, async () => {
      const session = await useSession<Data>(request)
      await session.update({ n: 1 })
      const result = await inner(request, () => add(request))
      expect(cookiesOf(result)).toEqual([])
      await session.update({ n: 2 })
      return result
    })
    const tokens = Object.fromEntries(cookiesOf(response).map(({ name, value }) => [name, value]))
    expect(Object.keys(tokens).toSorted()).toEqual(['h3', 'inner'])
    expect(tokens['h3']).toContain('.2.')
  })

  it('prevents shared caching, also with headers that are set later', async () => {
    const request = requestWith()
    const { headers } = await sessionMiddleware(config)(request, () => add(request))
    headers.set('cache-control', 'public, max-age=60')
    headers.set('cdn-cache-control', 'max-age=60')
    headers.append('cache-control', 's-maxage=60')
    expect(headers.get('cache-control')).toBe('private, no-store')
    expect(headers.get('cdn-cache-control')).toBeNull()
  })

  it('removes a cookie with and without its domain', async () => {
    const withDomain = { ...config, cookie: { domain: 'example.com' } }
    const request = requestWith(await visitor())
    const response = await sessionMiddleware(withDomain)(request, async () => {
      await clearSession(request)
      return new Response('bye')
    })
    const domains = cookiesOf(response).map(({ attributes }) => attributes['domain'])
    expect(domains).toEqual(['example.com', undefined])
    expect(store.rows.size).toBe(0)
  })

  it('adds the time of the session to the metrics of the response', async () => {
    const request = requestWith()
    const response = await sessionMiddleware({ ...config, serverTiming: true })(request, async () => {
      await add(request)
      return new Response('fine', { headers: { 'server-timing': 'mine;dur=1' } })
    })
    expect(response.headers.get('server-timing')).toMatch(/^mine;dur=1, session-h3;dur=\d/)
  })

  it('throws what the handler throws, stores no direct changes, and warns of a lost cookie', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const request = requestWith()
    const error = new Error('a bug')
    const failing = sessionMiddleware(config)(request, async () => {
      await add(request)
      ;(await useSession<Data>(request)).data.n = 5
      throw error
    })
    await expect(failing).rejects.toBe(error)
    expect(Array.from(store.rows.values(), ({ json }) => json)).toEqual(['{"n":1}'])
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('threw an error'))
  })

  it('sends the cookie with the error page that a framework renders for the same request', async () => {
    const request = requestWith()
    const sessions = sessionMiddleware(config)
    const failing = sessions(request, async () => {
      await add(request)
      throw new Error('a bug')
    })
    await expect(failing).rejects.toThrow('a bug')
    const page = await sessions(request, async () => {
      const { data } = await useSession<Data>(request)
      return Response.json(data, { status: 500 })
    })
    expect(await page.json()).toEqual({ n: 1 })
    expect(cookiesOf(page)).toHaveLength(1)
    expect(store.rows.size).toBe(1)
  })

  it('leaves a broken response to the server', async () => {
    const request = requestWith()
    const sessions = sessionMiddleware(config)
    const used = async (): Promise<Response> => {
      const response = await add(request)
      await response.text()
      return response
    }
    await expect(sessions(request, used)).rejects.toThrow(TypeError)
    const other = requestWith()
    const failed = Response.error()
    const look = async (): Promise<Response> => {
      await useSession(other)
      return failed
    }
    expect(await sessions(other, look)).toBe(failed)
  })
})

describe('an upgrade', () => {
  it('without a response stores direct changes, and starts no session', async () => {
    const upgrade = (request: Request): Promise<Response | undefined> =>
      sessionMiddleware(config)(request, async () => {
        const session = await useSession<Data>(request)
        session.data.n = (session.data.n ?? 0) + 1
        return undefined
      })
    expect(await upgrade(requestWith(await visitor()))).toBeUndefined()
    expect(Array.from(store.rows.values(), ({ json }) => json)).toEqual(['{"n":2}'])
    await expect(upgrade(requestWith())).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect(store.rows.size).toBe(1)
  })

  it('by a response gets the cookie on the same response object', async () => {
    const request = requestWith()
    const upgrade = upgradeResponse(new Response(null))
    const response = await sessionMiddleware(config)(request, async () => {
      await add(request)
      return upgrade
    })
    expect(response).toBe(upgrade)
    expect(cookiesOf(response)).toHaveLength(1)
  })

  it('by a response without room for headers works, and warns of a lost cookie', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const request = requestWith()
    const upgrade = upgradeResponse(Response.redirect('http://127.0.0.1/'))
    const sessions = sessionMiddleware(config)
    const look = requestWith()
    const looking = await sessions(look, async () => {
      await useSession(look)
      return upgrade
    })
    expect(looking).toBe(upgrade)
    expect(warn).not.toHaveBeenCalled()
    const response = await sessions(request, async () => {
      await add(request)
      return upgrade
    })
    expect(response).toBe(upgrade)
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('switches protocols'))
  })

  it('keeps the properties that a server reads from the response, such as the hooks of crossws', async () => {
    const request = requestWith()
    const crossws = { open: (): void => {} }
    const response = await sessionMiddleware(config)(request, async () => {
      await add(request)
      return Object.assign(new Response('upgrade, please', { status: 426 }), { crossws })
    })
    expect(response).toMatchObject({ status: 426, crossws })
    expect(cookiesOf(response)).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import { type Browser, cookiesOf, type SetCookie } from '../support/browser.ts'
import { useApp, visitor } from './app.ts'

const app = useApp('rendering', 'test/nuxt/fixtures/rendering')

const WAYS = ['useFetch', 'useRequestFetch', 'event.$fetch', 'event.fetch']

interface Page {
  status: number
  /** Results of the page's calls to its own server. */
  results: unknown
  /** The data that `useSessionData` returns. */
  session: unknown
  /** Session cookies that the page sets. */
  cookies: SetCookie[]
}

/** Requests a page, as a browser does. */
async function open(browser: Browser, path: string): Promise<Page> {
  const init: RequestInit = { headers: { accept: 'text/html' }, redirect: 'manual' }
  const response = await browser.fetch(app.one.url + path, init)
  const html = await response.text()
  const cookies = cookiesOf(response).filter(({ name }) => name === 'shop')
  return {
    status: response.status,
    results: shown(html, 'results'),
    session: shown(html, 'session'),
    cookies,
  }
}

function shown(html: string, id: string): unknown {
  const [, text] = new RegExp(`<pre id="${id}">([^<]*)</pre>`).exec(html) ?? []
  return text && JSON.parse(text.replaceAll('&quot;', '"'))
}

/** Returns the visitor's session as the other instance reads it. */
function stored(browser: Browser): Promise<unknown> {
  return browser.json(`${app.two.url}/api/look`)
}

async function known(): Promise<Browser> {
  const browser = visitor()
  await browser.fetch(`${app.one.url}/api/visit`)
  return browser
}

describe.each(WAYS)('a page that calls its own server with %s', (how) => {
  it('starts one session for a new visitor, and no other record', async () => {
    const before = await app.table.count()
    const browser = visitor()
    const { cookies } = await open(browser, `/${how}?calls=visit,visit,visit`)
    expect(cookies).toHaveLength(1)
    expect(await app.table.count()).toBe(before + 1)
    expect(await stored(browser)).toEqual({ visits: 3 })
  })

  it('starts one session for a new visitor when nothing is saved explicitly', async () => {
    const before = await app.table.count()
    const browser = visitor()
    const { cookies, results } = await open(browser, `/${how}?calls=direct,look&serial=1`)
    expect(results).toEqual([{ visits: 1 }, { visits: 1 }])
    expect(cookies).toHaveLength(1)
    expect(await app.table.count()).toBe(before + 1)
    expect(await stored(browser)).toEqual({ visits: 1 })
  })

  it('starts no session when it is only read', async () => {
    const before = await app.table.count()
    const { cookies, results } = await open(visitor(), `/${how}?calls=look,look`)
    expect(results).toEqual([{}, {}])
    expect(cookies).toEqual([])
    expect(await app.table.count()).toBe(before)
  })

  it('signs a new visitor in, and shows it after refresh()', async () => {
    const browser = visitor()
    const { cookies, session } = await open(browser, `/${how}?calls=sign-in&refresh=1`)
    expect(session).toEqual({ user: 'Ada' })
    expect(cookies).toHaveLength(1)
    expect(await stored(browser)).toEqual({ user: 'Ada' })
  })

  it('signs a known visitor in with a new id, and destroys the old session', async () => {
    const browser = await known()
    const old = browser.clone()
    const { cookies, session } = await open(browser, `/${how}?calls=sign-in&refresh=1`)
    expect(session).toEqual({ user: 'Ada', visits: 1 })
    expect(cookies).toHaveLength(1)
    expect(browser.cookie).not.toBe(old.cookie)
    expect(await stored(browser)).toEqual({ user: 'Ada', visits: 1 })
    await app.withServer({}, async (url) => expect(await old.json(`${url}/api/look`)).toEqual({}))
  })

  it('keeps a session that gets a new id while other requests write to it', async () => {
    const browser = await known()
    const { cookies } = await open(browser, `/${how}?calls=visit,regenerate,visit`)
    expect(cookies).toHaveLength(1)
    expect(await stored(browser)).toEqual({ visits: 3 })
  })

  it('destroys the session of a known visitor, and shows it', async () => {
    const browser = await known()
    const old = browser.clone()
    const { cookies, session } = await open(browser, `/${how}?calls=clear&refresh=1`)
    expect(session).toEqual({})
    expect(cookies.map(({ attributes }) => attributes['max-age'])).toEqual(['0'])
    expect(browser.jar.has('shop')).toBe(false)
    await app.withServer({}, async (url) => expect(await old.json(`${url}/api/look`)).toEqual({}))
  })

  it('sends the cookie with an error page and with a redirect too', async () => {
    for (const [query, status] of [
      ['fail=1', 404],
      ['to=/elsewhere', 302],
    ] as const) {
      const browser = visitor()
      const page = await open(browser, `/${how}?calls=sign-in&${query}`)
      expect(page.status).toBe(status)
      expect(page.cookies).toHaveLength(1)
      expect(await stored(browser)).toEqual({ user: 'Ada' })
    }
  })
})

describe('a request with its own cookie header', () => {
  it('has its own session, and does not change that of the page', async () => {
    const browser = await known()
    const before = browser.cookie
    const { cookies, results } = await open(browser, '/own-cookie?calls=visit')
    expect(results).toEqual([{ visits: 1 }])
    expect(cookies).toEqual([])
    expect(browser.cookie).toBe(before)
    expect(await stored(browser)).toEqual({ visits: 1 })
  })
})

describe('a page that becomes public while it is rendered', () => {
  it('has no session data, so that its copies contain none', async () => {
    const response = await visitor().fetch(`${app.one.url}/late`)
    expect(response.headers.get('cache-control')).toBe('public, s-maxage=60')
    expect(isReady(await response.text())).toBe(false)
  })

  it('is private when it contains session data', async () => {
    const browser = await known()
    const response = await browser.fetch(`${app.one.url}/late`)
    expect(response.headers.get('cache-control')).toMatch(/no-store/)
    const html = await response.text()
    expect(isReady(html)).toBe(true)
    expect(shown(html, 'session')).toEqual({ visits: 1 })
  })

  /** Returns the value of `ready` in the payload of a page. */
  function isReady(html: string): unknown {
    const [, payload = '[]'] = /id="__NUXT_DATA__"[^>]*>([^<]*)</.exec(html) ?? []
    const values = JSON.parse(payload) as unknown[]
    const isState = (value: unknown): value is { ready: number } =>
      typeof value === 'object' && value !== null && 'ready' in value && 'data' in value
    return values[values.find(isState)?.ready ?? -1]
  }
})

describe('a handler that calls its own server', () => {
  it('shares one session with it', async () => {
    const before = await app.table.count()
    const browser = visitor()
    const response = await browser.fetch(`${app.one.url}/api/around`)
    expect(await response.json()).toEqual({ visits: 2 })
    expect(cookiesOf(response)).toHaveLength(1)
    expect(await app.table.count()).toBe(before + 1)
    expect(await stored(browser)).toEqual({ visits: 2 })
  })
})

describe('a page that calls its own server with the global $fetch', () => {
  it('sends a request without cookies, and no browser gets the cookie of its response', async () => {
    const before = await app.table.count()
    const browser = await known()
    const { cookies, results } = await open(browser, '/global-$fetch?calls=visit')
    expect(results).toEqual([{ visits: 1 }])
    expect(cookies).toEqual([])
    expect(await stored(browser)).toEqual({ visits: 1 })
    expect(await app.table.count()).toBe(before + 2)
  })
})

describe('the app of docs/rendering.md', () => {
  it('creates one record and one cookie for a new visitor', async () => {
    const before = await app.table.count()
    const browser = visitor()
    const { cookies, results } = await open(browser, '/visits')
    expect(results).toEqual([{ visits: 1 }, { visits: 2 }])
    expect(cookies).toHaveLength(1)
    expect(await app.table.count()).toBe(before + 1)
    expect(await stored(browser)).toEqual({ visits: 2 })
  })
})

describe('the app of docs/caching.md', () => {
  it('greets no visitor by name from a cached handler, and caches offers for groups of visitors', async () => {
    const member = visitor()
    const guest = visitor()
    await member.json(`${app.one.url}/api/sign-in`)
    const all = (browser: Browser): Promise<unknown[]> =>
      Promise.all(['greeting', 'offers', 'me'].map((path) => browser.json(`${app.one.url}/api/${path}`)))
    const ofMember = [{ hello: 'stranger' }, ['coffee', 'cake'], { user: 'Ada' }]
    const ofGuest = [{ hello: 'stranger' }, ['coffee'], { user: null }]
    expect(await all(member)).toEqual(ofMember)
    expect(await all(guest)).toEqual(ofGuest)
    expect(await all(member)).toEqual(ofMember)
  })
})

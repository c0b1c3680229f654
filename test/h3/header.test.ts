import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clearSession, type H3EventLike, type SessionConfig, useSession } from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore, signToken } from '../../src/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { type Fetch, platforms, stopServers } from '../support/h3-platforms.ts'

const password = 'a password of at least 32 characters'

describe.each(platforms)('a session header next to cookies: $name', (platform) => {
  let store: SessionStore

  beforeEach(() => {
    store = createSessionStore({ storage: createStorage() })
  })
  afterEach(stopServers)

  const serve = (options: Partial<SessionConfig> = {}): Promise<Fetch> => {
    const config: SessionConfig = { store, password, sessionHeader: 'X-Session', ...options }
    const use = (event: H3EventLike) => useSession<{ n?: number }>(event, config)
    return platform.serve({
      routes: {
        '/add': async (event) => {
          const session = await use(event)
          await session.update(({ n = 0 }) => ({ n: n + 1 }))
          return { n: session.data.n, token: session.token }
        },
        '/read': async (event) => ({ n: (await use(event)).data.n ?? 0 }),
        '/renew': async (event) => ({ token: (await (await use(event)).regenerate()).token }),
        '/out': async (event) => {
          await clearSession(event, config)
          return {}
        },
        '/seal': async (event) => {
          await platform.seal(event, { password }, { n: 7 })
          return {}
        },
      },
    })
  }

  /** A token of a new session, with a number in it. */
  async function token(id: string, n: number): Promise<string> {
    await store.create({ id, data: { n } })
    return signToken('h3', id, 1, password)
  }
  const json = async (response: Response | Promise<Response>): Promise<any> => (await response).json()

  it('uses the session of a valid token, and sets no cookie', async () => {
    const fetch = await serve()
    const headers = { 'x-session': await token('mobile', 1), cookie: `h3=${await token('browser', 10)}` }
    for (const [path, answer] of [
      ['/read', { n: 1 }],
      ['/add', { n: 2, token: expect.stringMatching(/^mobile\.2\./) }],
    ] as const) {
      const response = await fetch(path, { headers })
      expect(await response.json()).toEqual(answer)
      expect(cookiesOf(response)).toEqual([])
      expect(response.headers.get('vary')).toBe('x-session, Cookie')
    }
    const renewed = await fetch('/renew', { headers })
    expect(cookiesOf(renewed)).toEqual([])
    const { token: next } = await renewed.json()
    const left = await fetch('/out', { headers: { ...headers, 'x-session': next } })
    expect(cookiesOf(left)).toEqual([])
    expect(await store.load('browser')).not.toBeNull()
    expect(await json(fetch('/read', { headers: { 'x-session': next } }))).toEqual({ n: 0 })
  })

  it.each(['', 'junk', `mobile.1.${'x'.repeat(43)}`, 'Bearer x'])(
    'works by cookie for all other clients, also with %j in the header',
    async (sent) => {
      const fetch = await serve()
      const plain = await serve({ sessionHeader: undefined })
      const headers = { 'x-session': sent, cookie: `h3=${await token('browser', 10)}` }
      expect(await json(fetch('/read', { headers }))).toEqual({ n: 10 })
      const written = await fetch('/add', { headers })
      expect(written.headers.get('vary')).toBe('x-session, Cookie')
      expect(cookiesOf(written).map(({ name }) => name)).toEqual(['h3'])
      const begun = await fetch('/add', { headers: { 'x-session': sent } })
      const [cookie] = cookiesOf(begun)
      expect(cookie?.value).toBe((await begun.json()).token)
      const other = cookiesOf(await plain('/add'))[0]
      expect(cookie?.attributes).toEqual(other?.attributes)
      expect(cookiesOf(await fetch('/out', { headers }))).toHaveLength(1)
      expect(await store.load('browser')).toBeNull()
    },
  )

  it('gives a client without cookies its token, which works in later requests', async () => {
    const fetch = await serve()
    const { token: first } = await json(fetch('/add'))
    const { n, token: second } = await json(fetch('/add', { headers: { 'x-session': first } }))
    expect(n).toBe(2)
    expect(await json(fetch('/read', { headers: { 'x-session': second } }))).toEqual({ n: 2 })
  })

  it('gives a client whose session was destroyed a new one by the header, not by a cookie', async () => {
    const fetch = await serve()
    const ended = await token('mobile', 1)
    await store.destroy('mobile')
    const response = await fetch('/add', { headers: { 'x-session': ended } })
    expect(cookiesOf(response)).toEqual([])
    const { n, token: next } = await response.json()
    expect(n).toBe(1)
    expect(await json(fetch('/read', { headers: { 'x-session': next } }))).toEqual({ n: 1 })
  })

  it('accepts no token that was signed for another name or with another password', async () => {
    const fetch = await serve()
    await token('mobile', 1)
    for (const foreign of [
      signToken('other', 'mobile', 1, password),
      signToken('h3', 'mobile', 1, 'some other password of 32 characters'),
    ])
      expect(await json(fetch('/read', { headers: { 'x-session': foreign } }))).toEqual({ n: 0 })
  })

  it.each(['authorization', 'Authorization'])('reads `%s` as a bearer token', async (sessionHeader) => {
    const fetch = await serve({ sessionHeader })
    const valid = await token('mobile', 1)
    const read = async (authorization: string) =>
      (await json(fetch('/read', { headers: { authorization } }))).n
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect(await read(`${scheme} ${valid}`)).toBe(1)
    for (const other of [valid, `Basic ${valid}`, `Bearer`, `Bearer ${valid} x`, `Bearer${valid}`])
      expect(await read(other)).toBe(0)
    const response = await fetch('/add', { headers: { authorization: `Bearer ${valid}` } })
    expect(cookiesOf(response)).toEqual([])
    expect(response.headers.get('vary')).toBe('authorization, Cookie')
    const basic = await fetch('/add', { headers: { authorization: 'Basic dXNlcjpwYXNz' } })
    expect(cookiesOf(basic)).toHaveLength(1)
  })

  it('adopts a session that h3 has sealed into the header', async () => {
    for (const cookie of [undefined, false] as const) {
      const fetch = await serve({ adopt: platform.unseal, cookie })
      const browser = new Browser(fetch)
      await browser.fetch('/seal')
      const headers = { 'x-session': browser.jar.get('h3')!.value }
      const response = await fetch('/add', { headers })
      expect(await response.json()).toMatchObject({ n: 8 })
      expect(cookiesOf(response)).toHaveLength(cookie === false ? 0 : 1)
    }
  })
})

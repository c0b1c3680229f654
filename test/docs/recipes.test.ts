import * as crypto from 'node:crypto'
import * as h3 from 'h3v1'
import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { Browser } from '../support/browser.ts'
import { filesIn, pageText, runSnippet } from '../support/snippets.ts'

type Handler = ReturnType<typeof h3.defineEventHandler>
type Helper = (event: h3.H3Event, text?: string) => Promise<unknown>

const FILES = filesIn(pageText('docs/recipes.md'))

/** The functions that Nitro imports by itself. */
const AUTO = {
  h3: ['createError', 'defineEventHandler', 'getRequestHeader', 'getRouterParam', 'readBody'],
  '#sessions': ['useSession', 'useSessionStore'],
  '#app': ['changePassword', 'checkPassword', 'defineCachedFunction', 'devicesOf', 'refreshTokens'],
}

let store: SessionStore
let refreshes: number
let helpers: Record<string, unknown>

/** Runs a file of the page, as Nitro would. */
function run(path: string): Promise<Record<string, unknown>> {
  const imports = Object.entries(AUTO).map(([from, names]) => `import { ${names.join(', ')} } from '${from}'`)
  return runSnippet([...imports, FILES[path]].join('\n'), {
    'node:crypto': crypto,
    h3,
    '#sessions': { useSession, useSessionStore: () => store },
    '#app': {
      checkPassword: async (email: string, password: string) =>
        password === 'right' ? { id: email } : undefined,
      changePassword: async () => {},
      defineCachedFunction: (work: unknown) => work,
      refreshTokens: async () => ({
        access: `access ${++refreshes}`,
        refresh: 'next',
        expiresAt: Date.now() + 3_600_000,
      }),
      ...helpers,
    },
  })
}

async function handlerOf(path: string): Promise<Handler> {
  return (await run(path))['default'] as Handler
}

/** Returns a browser of an app with the recipes' routes, and with routes that call helpers of the page. */
async function openShop(routes: Record<string, Helper> = {}): Promise<() => Browser> {
  helpers['devicesOf'] = (await run('server/utils/devices.ts'))['devicesOf']
  const config = { store, password: 'a password of at least 32 characters', sessionHeader: 'authorization' }
  const app = h3.createApp({ ...sessionMiddleware(config) })
  app.use(await handlerOf('server/middleware/renew.ts'))
  const router = h3.createRouter()
  for (const [method, route, path] of [
    ['post', '/sign-in', 'server/api/sign-in.post.ts'],
    ['post', '/mobile', 'server/api/mobile/sign-in.post.ts'],
    ['get', '/devices', 'server/api/devices.get.ts'],
    ['delete', '/devices/:handle', 'server/api/devices/[handle].delete.ts'],
    ['post', '/sign-out-everywhere', 'server/api/sign-out-everywhere.post.ts'],
    ['post', '/password', 'server/api/password.post.ts'],
    ['get', '/offers', 'server/api/offers.get.ts'],
  ] as const)
    router[method](route, await handlerOf(path))
  const { requireUser } = (await run('server/utils/require-user.ts')) as { requireUser: Helper }
  const all = { '/me': requireUser, ...routes }
  for (const [route, helper] of Object.entries(all))
    router.get(
      route,
      h3.defineEventHandler(async (event) => ({ result: await helper(event) })),
    )
  app.use(router)
  const fetch = h3.toWebHandler(app)
  return () => new Browser(async (path, init) => fetch(new Request(`http://localhost${path}`, init)))
}

function post(body: unknown, method = 'POST'): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

const ada = { email: 'ada', password: 'right' }

describe('docs/recipes.md', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    refreshes = 0
    helpers = {}
    store = createSessionStore({ storage: createStorage(), idleTimeout: 30 * 60 })
  })
  afterEach(() => void vi.useRealTimers())

  it('extends the session only of users who select "remember me"', async () => {
    const open = await openShop()
    const [short, long] = [open(), open()]
    await short.json('/sign-in', post(ada))
    await long.json('/sign-in', post({ ...ada, remember: true }))
    vi.setSystemTime(Date.now() + 31 * 60_000)
    expect((await short.fetch('/me')).status).toBe(401)
    expect(await long.json('/me')).toEqual({ result: 'ada' })
    expect((await open().fetch('/sign-in', post({ ...ada, password: 'wrong' }))).status).toBe(401)
  })

  it('lists the devices of a user without their ids, and signs one of them out', async () => {
    const open = await openShop()
    const [laptop, phone, stranger] = [open(), open(), open()]
    await laptop.json('/sign-in', post(ada))
    await phone.json('/sign-in', post(ada))
    await stranger.json('/sign-in', post({ ...ada, email: 'eve' }))
    const devices = (await laptop.json('/devices')) as { handle: string; isThisOne: boolean }[]
    expect(devices).toHaveLength(2)
    expect(Object.keys(devices[0] ?? {}).toSorted()).toEqual(['createdAt', 'handle', 'isThisOne', 'name'])
    const other = devices.find(({ isThisOne }) => !isThisOne)?.handle ?? ''
    expect((await stranger.fetch(`/devices/${other}`, { method: 'DELETE' })).status).toBe(404)
    expect(await phone.json('/me')).toEqual({ result: 'ada' })
    await laptop.json(`/devices/${other}`, { method: 'DELETE' })
    expect((await phone.fetch('/me')).status).toBe(401)
    expect(await laptop.json('/me')).toEqual({ result: 'ada' })
  })

  it('signs out everywhere, and everywhere else after a change of the password', async () => {
    const open = await openShop()
    const [laptop, phone] = [open(), open()]
    for (const browser of [laptop, phone]) await browser.json('/sign-in', post(ada))
    await laptop.json('/password', post({}))
    expect((await phone.fetch('/me')).status).toBe(401)
    expect(await laptop.json('/me')).toEqual({ result: 'ada' })
    await phone.json('/sign-in', post(ada))
    await laptop.json('/sign-out-everywhere', post({}))
    for (const browser of [laptop, phone]) expect((await browser.fetch('/me')).status).toBe(401)
  })

  it('shows a flash message once', async () => {
    const { addFlash, takeFlash } = (await run('server/utils/flash.ts')) as Record<string, Helper>
    const open = await openShop({ '/add': (event) => addFlash!(event, 'saved'), '/take': takeFlash! })
    const browser = open()
    expect(await browser.json('/take')).toEqual({ result: [] })
    expect(store.stats().saves).toBe(0)
    await browser.json('/add')
    await browser.json('/add')
    const taken = await Promise.all([browser.json('/take'), browser.json('/take')])
    expect(taken.flatMap((each) => (each as { result: string[] }).result)).toEqual(['saved', 'saved'])
    expect(await browser.json('/take')).toEqual({ result: [] })
  })

  it('refreshes a token once for parallel requests', async () => {
    const { accessToken } = (await run('server/utils/access-token.ts')) as { accessToken: Helper }
    const start: Helper = async (event) => {
      const session = await useSession(event)
      await session.update({ tokens: { access: 'old', refresh: 'first', expiresAt: 0 } })
    }
    const browser = (await openShop({ '/start': start, '/token': accessToken }))()
    await browser.json('/start')
    const tokens = await Promise.all(Array.from({ length: 10 }, () => browser.json('/token')))
    expect(tokens).toEqual(Array.from({ length: 10 }, () => ({ result: 'access 1' })))
  })

  it('gives a mobile app a token that works in the header', async () => {
    const open = await openShop()
    const { token } = (await open().json('/mobile', post(ada))) as { token: string }
    expect(await open().json('/me', { headers: { authorization: `Bearer ${token}` } })).toEqual({
      result: 'ada',
    })
  })

  it('gives cached results to members and guests', async () => {
    const browser = (await openShop())()
    expect(await browser.json('/offers')).toEqual(['coffee'])
    await browser.json('/sign-in', post(ada))
    expect(await browser.json('/offers')).toEqual(['coffee', 'cake'])
  })

  it('gives a session a new id after a day, and not earlier', async () => {
    const browser = (await openShop({ '/id': async (event) => (await useSession(event)).id }))()
    await browser.json('/sign-in', post({ ...ada, remember: true }))
    const first = await browser.json('/id')
    expect(await browser.json('/id')).toEqual(first)
    vi.setSystemTime(Date.now() + 24 * 60 * 60_000)
    const second = await browser.json('/id')
    expect(second).not.toEqual(first)
    expect(await browser.json('/id')).toEqual(second)
  })
})

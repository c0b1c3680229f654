import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser, cookiesOf } from '../support/browser.ts'
import { useApp } from './app.ts'
import { OidcProvider } from './oidc-provider.ts'
import { typecheck } from './project.ts'

/** Where users see the app, behind a load balancer. */
const ORIGIN = 'http://notebook.test'
const SECRET = 'a password of the forty-eight letters it asks for'
const NAME = 'nuxt-oidc-auth'
/** The most that browsers keep of a cookie, bytes. */
const COOKIE_BYTES = 4096

/** With these in them, access token and ID token have more than 7 KB each. */
const GROUPS = Array.from({ length: 130 }, (_, index) => `department-${index}/everyone-who-may-read`)

const provider = new OidcProvider(GROUPS)
beforeAll(() => provider.start())
afterAll(() => provider.stop())

const app = useApp('nuxt-oidc-auth', 'test/nuxt/fixtures/oidc', {
  tool: 'nuxt-oidc-auth',
  env: () => ({
    ...provider.environment(ORIGIN),
    NUXT_SESSION_PASSWORD: SECRET,
    NUXT_OIDC_SESSION_SECRET: SECRET,
    NUXT_OIDC_AUTH_SESSION_SECRET: SECRET,
    NUXT_OIDC_TOKEN_KEY: Buffer.alloc(32, 7).toString('base64'),
    NUXT_SESSIONS_CACHE: 'false',
  }),
})

/** A browser whose requests go to the two instances in turn. It keeps no cookie that a real one would refuse. */
function visitor(): Browser {
  let requests = 0
  return new Browser(async (path, init) => {
    const { url } = requests++ % 2 === 0 ? app.one : app.two
    const response = await fetch(url + path, { ...init, redirect: 'manual' })
    for (const { text } of cookiesOf(response)) expect(text.length).toBeLessThan(COOKIE_BYTES)
    return response
  })
}

/** The path of the app that the provider sends a browser back to. */
async function authorized(browser: Browser, user: string): Promise<URL> {
  const login = await browser.fetch('/auth/oidc/login')
  provider.user = user
  const { headers } = await fetch(login.headers.get('location') ?? '', { redirect: 'manual' })
  return new URL(headers.get('location') ?? '')
}

/** Signs a user in at the provider. @returns the response to the callback */
async function signIn(browser: Browser, user: string): Promise<Response> {
  const { pathname, search } = await authorized(browser, user)
  return browser.fetch(pathname + search)
}

function refresh(browser: Browser): Promise<Response> {
  return browser.fetch('/api/_auth/refresh', { method: 'POST' })
}

async function statusOf(browser: Browser): Promise<number> {
  return (await browser.fetch('/api/_auth/session')).status
}

describe('nuxt-oidc-auth, unchanged', () => {
  it('builds, and its types are correct', async () => {
    expect(app.printed).toContain('Build complete')
    expect(await typecheck(app.project)).toBe('')
  }, 120_000)

  it('starts no session when it is only read', async () => {
    const before = await app.table.count()
    const browser = visitor()
    expect((await browser.fetch('/')).headers.get('location')).toBe('/auth/login')
    expect(await statusOf(browser)).toBe(401)
    expect(browser.jar.size).toBe(0)
    expect(await app.table.count()).toBe(before)
  })

  it('signs in across instances: one session, one cookie', async () => {
    const before = await app.table.count()
    const browser = visitor()
    const response = await signIn(browser, 'Ada')
    expect(response.status).toBe(302)
    expect(cookiesOf(response).filter(({ name }) => name === NAME)).toHaveLength(1)
    expect([...browser.jar.keys()]).toEqual([NAME])
    // The session, and the tokens that nuxt-oidc-auth keeps in its own storage.
    expect(await app.table.count()).toBe(before + 2)
    expect(await (await browser.fetch('/')).text()).toContain('<p>Ada</p>')
  })

  it('keeps 14 KB of tokens in the session, for both instances', async () => {
    const browser = visitor()
    await signIn(browser, 'Ada')
    const told = await browser.json('/api/_auth/session')
    expect(told.accessToken.length + told.idToken.length).toBeGreaterThan(14_000)
    for (const _ of [app.one, app.two]) {
      expect(await browser.json('/api/stored')).toEqual(told)
      expect(await browser.json('/api/_auth/session')).toMatchObject({
        userInfo: { name: 'Ada' },
        claims: { groups: GROUPS },
      })
    }
    expect([...browser.jar.keys()]).toEqual([NAME])
  })

  it('refreshes the tokens repeatedly', async () => {
    const browser = visitor()
    await signIn(browser, 'Ada')
    const seen = new Set([(await browser.json('/api/_auth/session')).accessToken])
    for (const _ of [1, 2, 3]) {
      const answer = await refresh(browser)
      const { accessToken } = await answer.json()
      expect(await browser.json('/api/_auth/session')).toMatchObject({
        accessToken,
        userInfo: { name: 'Ada' },
      })
      seen.add(accessToken)
    }
    expect(seen.size).toBe(4)
    expect([...browser.jar.keys()]).toEqual([NAME])
  })

  it('signs out on both instances, and leaves nothing stored', async () => {
    const before = await app.table.count()
    const browser = visitor()
    await signIn(browser, 'Ada')
    const old = browser.clone()
    const response = await browser.fetch('/auth/oidc/logout')
    const returning = new URLSearchParams({ post_logout_redirect_uri: ORIGIN })
    expect(new URL(response.headers.get('location') ?? '').searchParams).toEqual(returning)
    expect(browser.jar.size).toBe(0)
    expect([await statusOf(old), await statusOf(old)]).toEqual([401, 401])
    expect((await refresh(old)).status).toBe(401)
    expect(await app.table.count()).toBe(before)
  })

  it('does not share the session of a user who signs in with a cookie that an attacker has set before', async () => {
    const attacker = visitor()
    await signIn(attacker, 'Mallory')
    const victim = attacker.clone()
    const response = await signIn(victim, 'Ada')
    expect(cookiesOf(response).filter(({ name }) => name === NAME)).toHaveLength(1)
    expect(victim.cookie).not.toBe(attacker.cookie)
    expect([await statusOf(attacker), await statusOf(attacker)]).toEqual([401, 401])
    expect((await refresh(attacker)).status).toBe(401)
    expect((await (await refresh(victim)).json()).userInfo).toEqual({ name: 'Ada' })
  })

  it('does not sign a visitor in by a callback that another visitor began', async () => {
    const victim = visitor()
    const { pathname, search } = await authorized(visitor(), 'Mallory')
    expect((await victim.fetch(pathname + search)).status).toBe(302)
    expect(await statusOf(victim)).toBe(401)
    expect(victim.jar.size).toBe(0)
  })
})

import { createApp, eventHandler, toWebHandler, useSession } from 'h3v1'
import { describe, expect, it } from 'vitest'
import { type Browser, cookiesOf } from '../support/browser.ts'
import { post, signedIn, useApp, visitor } from './app.ts'
import { hasChromium, launch, visit } from './chromium.ts'
import { PASSWORD, typecheck } from './project.ts'

/** Changes the session, and signs in, as the README of nuxt-auth-utils does. */
const SET_USER_SESSION = `export default defineEventHandler(async (event) => {
  await setUserSession(event, await readBody(event))
  return {}
})
`
const app = useApp('nuxt-auth-utils', 'docs/examples/nuxt-auth-utils', {
  own: { 'server/api/set.post.ts': SET_USER_SESSION },
})

/** Returns the session that nuxt-auth-utils exposes to pages. */
function told(browser: Browser, url: string): Promise<{ id: string; user?: object }> {
  return browser.json(`${url}/api/_auth/session`)
}

/** Returns a visitor with the cookie of nuxt-auth-utils without this package: h3's sealed session. */
async function sealed(data: object): Promise<Browser> {
  const before = createApp().use(
    eventHandler(async (event) => {
      const session = await useSession(event, { name: 'nuxt-session', password: PASSWORD })
      await session.update(data)
      return 'as before'
    }),
  )
  const browser = visitor()
  const { headers } = await toWebHandler(before)(new Request('http://localhost/'))
  const [, value = ''] = /nuxt-session=([^;]+)/.exec(headers.get('set-cookie') ?? '') ?? []
  browser.jar.set('nuxt-session', { name: 'nuxt-session', value, attributes: {}, text: '' })
  return browser
}

describe('nuxt-auth-utils, unchanged', () => {
  it('builds without a warning, and its types are correct', async () => {
    expect(app.printed).toContain('Build complete')
    expect(app.printed.replaceAll(/error-\d{3}/g, '')).not.toMatch(/warn|error|duplicate|deprecat|circular/i)
    expect(await typecheck(app.project)).toBe('')
  }, 120_000)

  it('keeps 100 KB in a session, for both instances, and a token in the cookie', async () => {
    const browser = await signedIn(app.one.url)
    const note = 'x'.repeat(100_000)
    expect(await browser.json(`${app.two.url}/api/notes`, post({ note }))).toEqual({ notes: [note] })
    expect(await browser.json(`${app.one.url}/api/notes`, post({ note: 'y' }))).toEqual({
      notes: ['y', note],
    })
    expect(await browser.json(`${app.two.url}/api/notes`)).toEqual({ notes: ['y', note] })
    const cookie = browser.jar.get('nuxt-session')
    expect(cookie?.value).toMatch(/^[\w-]{32}\.4\.[\w-]{43}$/)
    expect(cookie?.attributes).toMatchObject({ httponly: true, secure: true, samesite: 'Lax' })
    expect(await told(browser, app.two.url)).toEqual({
      id: cookie?.value.split('.')[0],
      user: { name: 'Ada' },
    })
  })

  it('starts no session when it is only read, and refuses routes that need a user', async () => {
    const before = await app.table.count()
    const browser = visitor()
    expect(await (await browser.fetch(app.one.url)).text()).toContain('Notebook')
    expect(await told(browser, app.one.url)).toEqual({ id: expect.any(String) })
    expect((await browser.fetch(`${app.one.url}/api/notes`)).status).toBe(401)
    expect(browser.jar.size).toBe(0)
    expect(await app.table.count()).toBe(before)
  })

  it('gives a new id at sign-in', async () => {
    const browser = await signedIn(app.one.url)
    const { id } = await told(browser, app.one.url)
    const before = browser.clone()
    await browser.fetch(`${app.one.url}/api/sign-in`, post({ name: 'Grace', password: 'open sesame' }))
    expect(await told(browser, app.two.url)).toEqual({
      id: expect.not.stringMatching(id),
      user: { name: 'Grace' },
    })
    expect((await told(before, app.one.url)).user).toBeUndefined()
  })

  it('does not sign in a cookie that an attacker has set before', async () => {
    const browser = await sealed({ secure: { notes: ['in the cart'] } })
    await told(browser, app.one.url)
    const attacker = browser.clone()
    await browser.fetch(`${app.one.url}/api/set`, post({ user: { name: 'Ada' } }))
    expect(await told(browser, app.two.url)).toMatchObject({ user: { name: 'Ada' } })
    expect(await browser.json(`${app.two.url}/api/notes`)).toEqual({ notes: ['in the cart'] })
    for (const { url } of [app.one, app.two]) expect((await told(attacker, url)).user).toBeUndefined()
  })

  it.each([
    ['of a session without a user', { secure: { notes: ['planted'] } }],
    ['of a user', { user: { name: 'Mallory' } }],
  ])('gives a planted cookie %s no part in a sign-in by setUserSession', async (_, planted) => {
    const attacker = visitor()
    await attacker.fetch(`${app.one.url}/api/set`, post(planted))
    const victim = attacker.clone()
    const response = await victim.fetch(`${app.one.url}/api/set`, post({ user: { name: 'Ada' } }))
    expect(cookiesOf(response).map(({ name }) => name)).toEqual(['nuxt-session'])
    expect(victim.cookie).not.toBe(attacker.cookie)
    expect((await told(victim, app.two.url)).user).toEqual({ name: 'Ada' })
    for (const { url } of [app.one, app.two]) expect((await told(attacker, url)).user).toBeUndefined()

    const old = victim.clone()
    await victim.fetch(`${app.one.url}/api/_auth/session`, { method: 'DELETE' })
    expect(victim.jar.size).toBe(0)
    await app.withServer({}, async (url) => {
      for (const each of [app.one.url, url]) expect((await told(old, each)).user).toBeUndefined()
    })
  })

  it('destroys a session at sign-out: the old cookie is invalid on all instances', async () => {
    await app.withServer({ NUXT_SESSIONS_CACHE: 'false' }, async (url) => {
      const browser = await signedIn(url)
      expect((await told(browser, url)).user).toEqual({ name: 'Ada' })
      const before = browser.clone()
      await browser.fetch(`${app.one.url}/api/_auth/session`, { method: 'DELETE' })
      expect(browser.jar.size).toBe(0)
      for (const each of [app.one.url, app.two.url, url]) {
        expect((await told(before, each)).user).toBeUndefined()
        expect((await before.fetch(`${each}/api/notes`)).status).toBe(401)
      }
    })
  })

  it('signs out everywhere', async () => {
    const [phone, desk] = [await signedIn(app.one.url, 'Alan'), await signedIn(app.two.url, 'Alan')]
    const answer = await phone.json(`${app.one.url}/api/devices`, { method: 'DELETE' })
    expect(answer).toEqual({ ended: 2 })
    expect((await told(desk, app.one.url)).user).toBeUndefined()
  })

  it('adopts the session in a sealed cookie, once', async () => {
    const browser = await sealed({ user: { name: 'Ada' }, secure: { notes: ['from before'] } })
    const old = browser.clone()
    expect(await browser.json(`${app.one.url}/api/notes`)).toEqual({ notes: ['from before'] })
    expect(browser.jar.get('nuxt-session')?.value).toMatch(/^[\w-]+\.1\.[\w-]{43}$/)
    expect(await browser.json(`${app.two.url}/api/notes`)).toEqual({ notes: ['from before'] })
    await browser.fetch(`${app.one.url}/api/_auth/session`, { method: 'DELETE' })
    expect((await told(old, app.one.url)).user).toBeUndefined()
    await app.withServer({}, async (url) => expect((await told(old, url)).user).toBeUndefined())
  })

  it('accepts several passwords: the first signs, all verify', async () => {
    const browser = await signedIn(app.one.url)
    const old = await sealed({ user: { name: 'Grace' } })
    const password = 'another password, of more letters'.replace(',', '')
    await app.withServer({ NUXT_SESSION_PASSWORD: `${password},${PASSWORD}` }, async (url) => {
      expect((await told(browser, url)).user).toEqual({ name: 'Ada' })
      expect((await told(old, url)).user).toEqual({ name: 'Grace' })
    })
  })

  it.runIf(hasChromium)(
    'signs in, keeps notes and signs out in a browser, without an error in the console',
    async () => {
      const browser = await launch()
      try {
        const { page, complaints } = await visit(browser)
        await page.goto(app.one.url)
        await page.getByLabel('Name').fill('Ada')
        await page.getByLabel('Password').fill('open sesame')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByRole('heading', { name: 'Ada’s notebook' }).waitFor()
        await page.getByLabel('Note').fill('Buy tea')
        await page.getByRole('button', { name: 'Keep' }).click()
        await page.getByRole('listitem').filter({ hasText: 'Buy tea' }).waitFor()
        await page.reload()
        await page.getByRole('listitem').filter({ hasText: 'Buy tea' }).waitFor()
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByRole('heading', { name: 'Notebook' }).waitFor()
        expect(complaints).toEqual([])
      } finally {
        await browser.close()
      }
    },
  )
})

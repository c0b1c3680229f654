import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser as Chromium } from 'playwright-core'
import type { Browser } from '../support/browser.ts'
import { ROOT } from '../support/pack.ts'
import { filesIn, pageText, partOf } from '../support/snippets.ts'
import { post, useApp, visitor } from './app.ts'
import { hasChromium, launch, visit } from './chromium.ts'
import { typecheck } from './project.ts'

/** The app that `rendering.test.ts` builds and runs. */
const FIXTURE = 'test/nuxt/fixtures/rendering'

describe.each([
  ['docs/caching.md', ['server/api/greeting.get.ts', 'server/api/offers.get.ts', 'server/api/me.get.ts']],
  ['docs/rendering.md', ['app/pages/visits.vue', 'server/api/visit.get.ts']],
])('%s', (page, paths) => {
  it('shows files of an app that the tests run, as they are', async () => {
    const shown = Object.entries(filesIn(pageText(page))).filter(([path]) => /^(?:app|server)\//.test(path))
    expect(shown.map(([path]) => path)).toEqual(paths)
    for (const [path, text] of shown) {
      const [, ...code] = text.split('\n')
      expect(await readFile(join(ROOT, FIXTURE, path), 'utf8')).toBe(code.join('\n'))
    }
  })
})

describe('the quick start of README.md', () => {
  const quickStart = filesIn(partOf('README.md', '## Quick start', '## See it run'))
  const app = useApp('quick-start', 'test/nuxt/fixtures/quick-start', { own: quickStart })
  const ADA = { email: 'ada@example.com', password: 'correct horse' }

  /** The greeting that a page has. */
  async function greeting(browser: Browser, url: string): Promise<string | undefined> {
    const html = await (await browser.fetch(url)).text()
    return /<p>([^<]*)<\/p>/.exec(html)?.[1]
  }
  async function signIn(url: string): Promise<Browser> {
    const browser = visitor()
    const response = await browser.fetch(`${url}/api/sign-in`, post(ADA))
    expect(await response.json()).toEqual({ name: 'Ada' })
    return browser
  }

  it('is a whole app', () => {
    expect(Object.keys(quickStart)).toEqual([
      'nuxt.config.ts',
      'server/utils/users.ts',
      'server/api/sign-in.post.ts',
      'server/api/sign-out.post.ts',
      'app/app.vue',
    ])
  })

  it('has correct types', async () => {
    expect(await typecheck(app.project)).toBe('')
  }, 120_000)

  it('gives a visitor neither a cookie nor a record', async () => {
    const browser = visitor()
    expect(await greeting(browser, app.one.url)).toBe('Hello, stranger')
    const refused = await browser.fetch(`${app.one.url}/api/sign-in`, post({ ...ADA, password: 'guess' }))
    expect(refused.status).toBe(401)
    expect(browser.jar.size).toBe(0)
    expect(await app.table.count()).toBe(0)
  })

  it('binds the session to the id of the user, and shows the name on each instance', async () => {
    const browser = await signIn(app.one.url)
    expect(await greeting(browser, app.one.url)).toBe('Hello, Ada')
    expect(await greeting(browser, app.two.url)).toBe('Hello, Ada')
    const [id = ''] = [...browser.jar.values()][0]?.value.split('.') ?? []
    expect((await app.table.get(id))?.user).toEqual({ S: 'u1' })
  })

  it('signs a user out everywhere', async () => {
    const [phone, laptop] = [await signIn(app.one.url), await signIn(app.two.url)]
    const response = await phone.fetch(`${app.one.url}/api/sign-out`, post())
    expect(await response.json()).toEqual({ signedOut: true })
    expect(phone.jar.size).toBe(0)
    // An instance that does not have the session in its memory.
    await app.withServer({}, async (url) => expect(await greeting(laptop, url)).toBe('Hello, stranger'))
  })

  describe.runIf(hasChromium)('in a browser', () => {
    let chromium: Chromium
    beforeAll(async () => {
      chromium = await launch()
    })
    afterAll(() => chromium?.close())

    it('signs in and out by its buttons', async () => {
      const { page, context, complaints } = await visit(chromium)
      // A `Secure` cookie is kept for localhost, not for 127.0.0.1.
      await page.goto(app.one.url.replace('127.0.0.1', 'localhost'))
      await page.getByRole('button', { name: 'Sign in as Ada' }).click()
      await page.getByText('Hello, Ada').waitFor()
      await page.reload()
      await page.getByRole('button', { name: 'Sign out everywhere' }).click()
      await page.getByText('Hello, stranger').waitFor()
      expect(await context.cookies()).toEqual([])
      expect(complaints).toEqual([])
      await context.close()
    })
  })
})

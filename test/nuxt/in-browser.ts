import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from './app.ts'
import { hasChromium, launch, visit } from './chromium.ts'

/** Tests the session data of pages in a real browser. */
export function describeInBrowser(app: App): void {
  describe.runIf(hasChromium)('in a browser', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser?.close())

    it('follows the session, from page to page and from one instance to the other', async () => {
      const { context, page, complaints } = await visit(browser)
      const session = page.locator('#session')
      const says = (text: string) => expect.poll(async () => (await session.textContent())?.trim()).toBe(text)

      await page.goto(app.one.url)
      await says('nobody has nothing (0)')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await says('Ada has nothing (0)')
      await page.getByRole('button', { name: 'Add tea' }).click()
      await says('Ada has tea (1)')
      await page.getByRole('link', { name: 'Account' }).click()
      await page.waitForURL('**/account')
      await says('Ada has tea (1)')
      await page.goto(app.two.url)
      await says('Ada has tea (1)')
      // After client-side navigation, the session data is still present, also on a cached page.
      await page.getByRole('link', { name: 'Cached' }).click()
      await page.waitForURL('**/cached')
      await says('Ada has tea (1)')

      await page.goto(app.two.url)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await says('nobody has nothing (0)')
      await page.getByRole('link', { name: 'Account' }).click()
      expect(new URL(page.url()).pathname).toBe('/')
      expect(await context.cookies()).toEqual([])
      await page.goto(app.one.url)
      await page.goBack()
      await says('nobody has nothing (0)')
      expect(complaints).toEqual([])
      await context.close()
    })

    it.each(['/cached', '/isr', '/static', '/browser'])('requests the session on %s', async (path) => {
      const { context, page, complaints } = await visit(browser)
      await context.request.post(`${app.one.url}/api/sign-in`, { data: { name: 'Ada' } })
      await page.goto(app.one.url + path)
      await page.getByText('Ada has nothing (0)').waitFor()
      expect(complaints).toEqual([])
      await context.close()
    })

    it('shows no session data before the request for it succeeds', async () => {
      const { context, page } = await visit(browser)
      await context.request.post(`${app.one.url}/api/sign-in`, { data: { name: 'Ada' } })
      await page.route('**/_session', (route) => route.abort())
      await page.goto(`${app.one.url}/static`)
      await page.waitForRequest('**/_session').catch(() => {})
      expect((await page.locator('#session').textContent())?.trim()).toBe('unknown')
      await context.close()
    })

    it('shows the response to the latest request, in any order of arrival', async () => {
      const { context, page } = await visit(browser)
      await page.goto(app.one.url)
      const held: (() => Promise<void>)[] = []
      await page.route('**/_session', async (route) => {
        const response = await route.fetch()
        if (held.length > 0) return route.fulfill({ response })
        held.push(() => route.fulfill({ response }))
      })
      const add = page.getByRole('button', { name: 'Add tea' })
      await add.click()
      await expect.poll(() => held.length).toBe(1)
      await add.click()
      await page.getByText('nobody has tea, tea (2)').waitFor()
      const overtaken = page.waitForResponse('**/_session')
      await held[0]?.()
      await overtaken
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)))
      expect((await page.locator('#session').textContent())?.trim()).toBe('nobody has tea, tea (2)')
      await context.close()
    })
  })
}

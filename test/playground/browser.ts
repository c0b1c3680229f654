import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axeFindings } from '../support/chromium.ts'
import { inExtent } from '../support/extent.ts'
import { hasChromium, hydrated, launch, picture, SIZES, visit, type Visit } from './chromium.ts'
import type { Playground } from './playground.ts'

const HALF_HOUR = 30 * 60
const THIRTY_DAYS = 30 * 24 * 60 * 60

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const heading = (page: Page) => page.getByRole('heading', { level: 1 })
const version = (page: Page) => page.locator('#session-version').textContent()
const data = async (page: Page) => JSON.parse((await page.locator('#session-data').textContent()) ?? '')

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await button(page, 'Sign in').click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
}

/** Tests the playground in a real browser. */
export function describeBrowser(running: () => Playground): void {
  describe.runIf(hasChromium)('the playground in a browser', () => {
    let browser: Browser
    const urls = () => running().urls as [string, string]
    const open = (options?: Parameters<typeof visit>[2]): Promise<Visit> => visit(browser, urls()[0], options)

    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser?.close())

    const sizes = Object.entries(SIZES)
    const kinds = sizes.flatMap(([size, viewport]) =>
      [true, false].map((javaScriptEnabled) => ({ size, viewport, javaScriptEnabled })),
    )
    const isInPart = ({ size, javaScriptEnabled }: (typeof kinds)[number]): boolean =>
      (size === 'phone') === javaScriptEnabled
    for (const { size, viewport, javaScriptEnabled } of inExtent(kinds, isInPart)) {
      const title = `${size}, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`
      test(`${title}: every button works, from the first visit to sign-out everywhere`, async () => {
        const { page, leave } = await open({ viewport, javaScriptEnabled })
        const suffix = javaScriptEnabled ? '' : '-plain'
        if (javaScriptEnabled) await hydrated(page)
        await page.getByText('You have no session').waitFor()
        expect(await page.context().cookies()).toEqual([])
        expect(await button(page, 'Remove one Coffee').isDisabled()).toBe(true)
        await picture(page, `${size}-no-session${suffix}`)

        await button(page, 'Add one').click()
        await page.getByText('counted to 1', { exact: true }).waitFor()
        const before = await page.locator('#session-id').textContent()
        await signIn(page, `Ada ${title}`)
        expect(await page.locator('#session-id').textContent()).not.toBe(before)
        await button(page, 'Add one Coffee').click()
        await page.getByText('1 item', { exact: true }).waitFor()
        await button(page, 'Add one Coffee').click()
        await page.getByText('2 items').waitFor()
        await button(page, 'Remove one Coffee').click()
        await page.getByText('1 item', { exact: true }).waitFor()
        await button(page, 'Add ten at once').click()
        await page.getByText('counted to 11', { exact: true }).waitFor()
        expect(await data(page)).toMatchObject({ cart: { Coffee: 1 }, count: 11 })
        const shown = await version(page)
        await picture(page, `${size}-session${suffix}`)
        await page.reload()
        expect(await version(page)).toBe(shown)

        await button(page, 'Sign out').click()
        await page.getByText('You have no session').waitFor()
        expect(await page.context().cookies()).toEqual([])

        await signIn(page, `Ada ${title}`)
        await button(page, 'Sign out everywhere').click()
        await page.getByText('You have no session').waitFor()
        await leave()
      })
    }

    test('the browser stores the cookie with the right attributes and expiry', async () => {
      const { page, leave } = await open()
      const secondsLeft = async (): Promise<number> => {
        const cookies = await page.context().cookies()
        const own = { name: 'playground', path: '/', domain: 'localhost' }
        expect(cookies).toMatchObject([{ ...own, httpOnly: true, secure: false, sameSite: 'Lax' }])
        expect(await page.evaluate(() => document.cookie)).toBe('')
        return cookies[0]!.expires - Date.now() / 1000
      }
      await hydrated(page)
      await signIn(page, 'Dorothy')
      expect(await secondsLeft()).toBeCloseTo(HALF_HOUR, -2)
      await button(page, 'Sign out').click()
      await page.getByLabel('Remember me').check()
      await signIn(page, 'Dorothy')
      expect(await secondsLeft()).toBeCloseTo(THIRTY_DAYS, -2)
      await leave()
    })

    test('ten simultaneous increments: the page lists those of each instance and announces the result', async () => {
      const { page, leave } = await open()
      await hydrated(page)
      await button(page, 'Add ten at once').click()
      await page.getByText('None was lost').waitFor()
      const lines = await page.locator('ol li').allTextContents()
      expect(lines.map((line) => Number(/\d+/.exec(line)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect(lines.filter((line) => /\bA\b/.test(line))).toHaveLength(5)
      expect(await page.getByRole('status').textContent()).toContain('from 0 to 10')
      await button(page, 'Dismiss the message').click()
      await expect.poll(() => page.getByRole('status').textContent()).toBe('')
      await leave()
    })

    test('a link opens the other instance, which shows the same session', async () => {
      const { page, leave } = await open()
      await hydrated(page)
      await button(page, 'Add one Coffee').click()
      await page.getByText('1 item', { exact: true }).waitFor()
      await page.getByRole('link', { name: 'Instance B' }).click()
      await page.getByText('read by instance B').waitFor()
      expect(await data(page)).toEqual({ cart: { Coffee: 1 } })
      await hydrated(page)
      await button(page, 'Add one Pencil').click()
      await page.getByText('2 items').waitFor()
      await page.getByRole('link', { name: 'Instance A' }).click()
      await page.getByText('read by instance A').waitFor()
      expect(await data(page)).toEqual({ cart: { Coffee: 1, Pencil: 1 } })
      await leave()
    })

    test('a tab shows the changes of another tab when it gets the focus', async () => {
      const { page, tab, leave } = await open()
      await hydrated(page)
      await signIn(page, 'Barbara')
      const second = await tab(urls()[1])
      await hydrated(second)
      await button(second, 'Add one').click()
      await second.getByText('counted to 1', { exact: true }).waitFor()
      const look = () => page.evaluate(() => window.dispatchEvent(new Event('focus')))
      await look()
      await page.getByText('counted to 1', { exact: true }).waitFor()
      await button(page, 'Add one').click()
      await page.getByText('counted to 2', { exact: true }).waitFor()
      await button(page, 'Sign out').click()
      await page.getByText('You have no session').waitFor()
      await second.reload()
      expect(await heading(second).textContent()).toBe('Who is there?')
      await leave()
    })

    test('the sessions of a user are listed, and a click destroys one', async () => {
      const [first, second] = await Promise.all([open(), open()])
      await Promise.all([hydrated(first.page), hydrated(second.page)])
      await signIn(first.page, 'Edsger')
      await signIn(second.page, 'Edsger')
      expect(await second.page.getByText('this one').count()).toBe(1)
      await button(second.page, 'Revoke Chrome on Linux').click()
      await expect.poll(() => second.page.getByRole('button', { name: /^Revoke/ }).count()).toBe(1)
      await first.page.reload()
      expect(await heading(first.page).textContent()).toBe('Who is there?')
      await button(second.page, 'Revoke Chrome on Linux, this one').click()
      await second.page.getByText('You have no session').waitFor()
      await Promise.all([first.leave(), second.leave()])
    })

    for (const javaScriptEnabled of [true, false]) {
      test(`JavaScript ${javaScriptEnabled ? 'on' : 'off'}: after sign-out, the back button shows no signed-in page`, async () => {
        const { page, leave } = await open({ javaScriptEnabled })
        await signIn(page, 'Niklaus')
        await page.getByRole('link', { name: 'Instance B' }).click()
        await page.getByText('read by instance B').waitFor()
        await button(page, 'Sign out').click()
        await page.getByText('You have no session').waitFor()
        while (!page.url().startsWith(urls()[0])) await page.goBack()
        await page.getByText('read by instance A').waitFor()
        await expect.poll(() => heading(page).textContent()).toBe('Who is there?')
        await page.goForward()
        await expect.poll(() => heading(page).textContent()).toBe('Who is there?')
        await leave()
      })
    }

    for (const colorScheme of inExtent(['light', 'dark'] as const, (each) => each === 'dark')) {
      test(`${colorScheme}: on a narrow phone, all controls fit, have labels and are large enough to touch`, async () => {
        const { page, leave } = await open({ viewport: { width: 320, height: 568 }, colorScheme })
        await hydrated(page)
        await signIn(page, 'Ada')
        await button(page, 'Add ten at once').click()
        await page.getByText('None was lost').waitFor()
        await picture(page, `narrow-${colorScheme}`)

        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
        expect(await axeFindings(page)).toEqual([])
        for (const landmark of ['banner', 'navigation', 'main', 'contentinfo'] as const)
          expect(await page.getByRole(landmark).count()).toBe(1)
        expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
        await button(page, 'Sign out').click()
        await page.getByLabel('Your name').waitFor()
        expect(await axeFindings(page)).toEqual([])
        for (const control of await page
          .locator('button, input[name=name], label.check, nav a, summary')
          .all()) {
          const box = await control.boundingBox()
          expect(Math.min(box!.width, box!.height), await control.innerText()).toBeGreaterThanOrEqual(44)
        }
        await leave()
      })
    }

    test('the page works by keyboard and keeps the focus in place', async () => {
      const { page, leave } = await open()
      await hydrated(page)
      const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim())
      await page.keyboard.press('Tab')
      expect(await focused()).toBe('Skip to the content')
      await page.getByLabel('Your name').focus()
      await page.keyboard.type('Margaret')
      await page.keyboard.press('Enter')
      await expect.poll(focused).toBe('Hello, Margaret')
      await button(page, 'Add one Coffee').press('Enter')
      await page.getByText('1 item', { exact: true }).waitFor()
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Space')
      await page.getByText('empty', { exact: true }).waitFor()
      await expect.poll(focused).toBe('+')
      await leave()
    })

    test('an invalid name is reported in the page, and an unknown path shows a page with a link back', async () => {
      const { page, complaints } = await open()
      await hydrated(page)
      await page.getByLabel('Your name').fill('   ')
      await button(page, 'Sign in').click()
      await expect.poll(() => page.getByRole('status').textContent()).toContain('Please enter a name.')
      await page.goto(`${urls()[0]}/nowhere`)
      await picture(page, 'error')
      await page.getByRole('link', { name: 'Back to the shop' }).click()
      await expect.poll(() => heading(page).textContent()).toBe('Who is there?')
      // A browser reports each failed request by itself.
      expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([])
      await page.context().close()
    })
  })
}

import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportLeftOut } from '../support/left-out.ts'
import { startPlayground, temporaryFolder } from './playground.ts'
import type { Playground } from './playground.ts'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const SCREENSHOTS = fileURLToPath(new URL('../.output', import.meta.url))
const SIZES = { phone: { width: 375, height: 667 }, desktop: { width: 1280, height: 800 } }
const SETUP_MS = 300_000

if (!CHROMIUM) {
  reportLeftOut({
    suite: 'the playground in a browser',
    why: 'there is no chromium',
    install: 'apt-get install chromium',
  })
}

describe.runIf(CHROMIUM)('the playground in a browser', () => {
  const folder = temporaryFolder()
  let playground: Playground
  let browser: Browser

  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true })
    playground = await startPlayground(['--port', '0', '--data', folder.path])
    if (!playground.url) throw new Error((await playground.ended).output)
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--no-first-run',
      ],
    })
  }, SETUP_MS)

  afterAll(async () => {
    await browser?.close()
    await playground?.stop()
    folder.remove()
  })

  /** Open the playground in a fresh browser profile; what the browser complains about ends up in `complaints`. */
  async function open(options: BrowserContextOptions): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    await page.goto(playground.url)
    return { page, complaints }
  }

  for (const javaScriptEnabled of [true, false]) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const title = `${size}, JavaScript ${javaScriptEnabled ? 'on' : 'off'}`
      test(`${title}: sign in, fill the cart, count visits, sign out`, async () => {
        const { page, complaints } = await open({ viewport, javaScriptEnabled })
        const suffix = javaScriptEnabled ? '' : '-plain'
        const shot = (name: string) =>
          page.screenshot({ path: `${SCREENSHOTS}/${size}-${name}${suffix}.png`, fullPage: true })
        const version = () => page.locator('#session-version').textContent()
        const data = async () => JSON.parse((await page.locator('#session-data').textContent()) ?? '')

        await expect.poll(() => page.getByText('You have no session').isVisible()).toBe(true)
        expect(await page.context().cookies()).toEqual([])
        expect(await page.getByRole('button', { name: 'Remove one Coffee' }).isDisabled()).toBe(true)
        await shot('no-session')

        await page.getByLabel('Your name').fill('Ada')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor()
        expect(await version()).toBe('1')
        expect(await page.context().cookies()).toMatchObject([
          { name: 'playground', httpOnly: true, sameSite: 'Lax' },
        ])

        await page.getByRole('button', { name: 'Add one Coffee' }).click()
        await page.getByText('1 item', { exact: true }).waitFor()
        await page.getByRole('button', { name: 'Add one Coffee' }).click()
        await page.getByText('2 items').waitFor()
        await page.getByRole('button', { name: 'Remove one Coffee' }).click()
        await page.getByText('1 item', { exact: true }).waitFor()
        await page.getByRole('button', { name: 'Count a visit' }).click()
        await page.getByText('1 counted').waitFor()
        expect(await data()).toEqual({ name: 'Ada', cart: { Coffee: 1 }, visits: 1 })
        expect(await version()).toBe('5')
        await page.reload()
        expect(await version()).toBe('5')
        await shot('session')

        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByText('You have no session').waitFor()
        expect(await page.context().cookies()).toEqual([])
        expect(complaints).toEqual([])
        await page.context().close()
      })
    }
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`${colorScheme}: everything fits a narrow phone, is labelled and is large enough to touch`, async () => {
      const { page } = await open({ viewport: { width: 320, height: 568 }, colorScheme })
      await page.getByRole('button', { name: 'Add one Pencil' }).click()
      await page.getByText('1 item', { exact: true }).waitFor()
      await page.screenshot({ path: `${SCREENSHOTS}/narrow-${colorScheme}.png`, fullPage: true })

      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
      for (const landmark of ['banner', 'main', 'contentinfo'] as const)
        expect(await page.getByRole(landmark).count()).toBe(1)
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      for (const control of await page.locator('button, input[name=name]').all())
        expect((await control.boundingBox())?.height).toBeGreaterThanOrEqual(44)
      await page.context().close()
    })
  }

  test('the keyboard is enough: past the name of the page to the field, and Enter', async () => {
    const { page } = await open({ viewport: SIZES.desktop })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Grace')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('h1').textContent()).toBe('Hello, Grace')
    await page.context().close()
  })

  test('the expiry counts down', async () => {
    const { page } = await open({ viewport: SIZES.desktop })
    await page.getByRole('button', { name: 'Count a visit' }).click()
    const left = page.locator('.left')
    await expect.poll(() => left.textContent()).toMatch(/^in (29 minutes 5\d|30 minutes 0) seconds?$/)
    const before = await left.textContent()
    await expect.poll(() => left.textContent(), { timeout: 3000 }).not.toBe(before)
    await page.context().close()
  })

  test('an error is a page with a way back', async () => {
    const { page } = await open({ viewport: SIZES.desktop })
    await page.goto(`${playground.url}/nowhere`)
    await page.screenshot({ path: `${SCREENSHOTS}/desktop-error.png` })
    await page.getByRole('link', { name: 'Back to the shop' }).click()
    await expect.poll(() => page.locator('h1').textContent()).toBe('Who is there?')
    await page.context().close()
  })
})

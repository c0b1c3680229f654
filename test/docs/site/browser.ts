import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFindings, hasChromiumFor, launch } from '../../support/chromium.ts'
import { pageText } from '../../support/snippets.ts'
import type { Site } from './site.ts'
import { DESKTOP, diagramsOf, labelSizesOf, openPage, PHONE, startVisit, type Visit } from './visit.ts'

/** Tests of the site in Chromium: on a phone, on a desktop, by keyboard, and with axe. */
export function describeInBrowser(site: () => Site, pages: () => string[]): void {
  describe.runIf(hasChromiumFor('the documentation site in a browser'))('the site in a browser', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser?.close())

    const visit = (options: BrowserContextOptions): Promise<Visit> => startVisit(browser, options)
    const open = (page: Page, path: string): Promise<void> => openPage(page, `${site().url}/${path}`)

    it.each([
      { path: 'index.html', viewport: PHONE, colorScheme: 'light' },
      { path: 'session.html', viewport: DESKTOP, colorScheme: 'dark' },
    ] as const)('$path has no serious finding of axe in $colorScheme mode', async ({ path, ...options }) => {
      const { page, leave } = await visit(options)
      await open(page, path)
      expect(await axeFindings(page)).toEqual([])
      await leave()
    })

    it('every page fits a screen of 320 px', async () => {
      // The layout needs no scripts, and pages load faster without them.
      const { page, leave } = await visit({ viewport: PHONE, javaScriptEnabled: false })
      const tooWide: string[] = []
      for (const path of pages()) {
        await page.goto(`${site().url}/${path}`)
        if ((await page.evaluate(() => document.documentElement.scrollWidth)) > PHONE.width)
          tooWide.push(path)
      }
      expect(tooWide).toEqual([])
      await leave()
    }, 60_000)

    it('diagrams are pictures with a description, in the colours of the site', async () => {
      const { page, leave } = await visit({ viewport: PHONE, colorScheme: 'light' })
      await open(page, 'how-it-works.html')
      const sources = pageText('docs/how-it-works.md').matchAll(/^```mermaid$[^]*?^```$/gm)
      const wanted = Array.from(sources, ([source]) => ({
        title: /accTitle: (.+)/.exec(source)?.[1],
        description: /accDescr: (.+)/.exec(source)?.[1],
      }))
      expect(wanted.length).toBeGreaterThan(0)
      await page.waitForFunction(
        (count) => document.querySelectorAll('.diagram > svg').length === count,
        wanted.length,
      )
      expect(await diagramsOf(page)).toEqual(wanted)
      expect(Math.min(...(await labelSizesOf(page)))).toBeGreaterThanOrEqual(11)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width)
      const colour = (): Promise<string> =>
        page
          .locator('.diagram .messageText')
          .first()
          .evaluate((text) => getComputedStyle(text).fill)
      expect(await colour()).toBe('rgb(31, 35, 40)')
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect.poll(colour).toBe('rgb(240, 246, 252)')
      expect(await axeFindings(page)).toEqual([])
      await leave()
    })

    it('the Tab key reaches the search, the navigation, the sidebar and the tabs of code', async () => {
      const { page, leave } = await visit({ viewport: DESKTOP })
      await open(page, 'session.html')
      const reached: string[] = []
      const focused = (): Promise<string> =>
        page.evaluate(() => {
          const { activeElement: element } = document
          return `${element?.getAttribute('role') ?? element?.tagName.toLowerCase()} ${element?.textContent?.trim()}`
        })
      for (let presses = 0; presses < 150 && reached.at(-1) !== 'tab Nuxt'; presses++) {
        await page.keyboard.press('Tab')
        reached.push(await focused())
      }
      expect(reached[0]).toBe('a Skip to content')
      for (const wanted of ['button SearchK', 'a Recipes', 'a API', 'a Troubleshooting', 'tab Nuxt'])
        expect(reached).toContain(wanted)

      const panel = page.getByRole('tabpanel')
      await page.keyboard.press('ArrowRight')
      expect(await focused()).toBe('tab Nitro 3')
      expect(await panel.textContent()).toContain(`from 'nitro/h3'`)
      // Every group of tabs with this label shows it, on other pages and after a reload too.
      await open(page, 'nitro.html')
      expect(await panel.textContent()).toContain(`from 'nitro/config'`)
      await leave()
    })

    it('the search is used by keyboard and leads to a heading', async () => {
      const { page, leave } = await visit({ viewport: DESKTOP, colorScheme: 'dark' })
      await open(page, 'index.html')
      await page.keyboard.press('Control+k')
      await page.locator('.VPLocalSearchBox input').fill('cookie too large')
      await page.locator('.VPLocalSearchBox .result.selected').waitFor()
      await page.keyboard.press('Enter')
      await page.waitForURL('**/faq.html#*')
      expect(new URL(page.url()).hash).toBe('#my-session-cookie-is-too-large-what-can-i-do')
      await leave()
    })

    it('on a phone, the menu and the search open with one touch', async () => {
      const { page, leave } = await visit({ viewport: PHONE, hasTouch: true })
      await open(page, 'nuxt.html')
      await page.getByRole('button', { name: 'Menu' }).tap()
      await page.getByRole('link', { name: 'Troubleshooting' }).tap()
      await page.waitForURL('**/troubleshooting.html')
      await page.getByRole('button', { name: 'Search' }).tap()
      await page.locator('.VPLocalSearchBox input').fill('CONFLICT')
      await page.locator('.VPLocalSearchBox .result').first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(PHONE.width)
      await leave()
    })
  })
}

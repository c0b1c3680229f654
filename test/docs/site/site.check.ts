import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFindings, hasChromiumFor, launch } from '../../support/chromium.ts'
import { openSite, type Site } from './site.ts'
import { DESKTOP, openPage, PHONE, startVisit, unreachable, waitForDiagrams } from './visit.ts'

let site: Site
let browser: Browser

beforeAll(async () => {
  site = await openSite()
  if (hasChromiumFor('each page of the documentation site')) browser = await launch()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** Calls a function for each page of the site. Returns its findings by page, without pages that have none. */
async function eachPage(check: (address: string) => Promise<string[]>): Promise<Record<string, string[]>> {
  const findings: Record<string, string[]> = {}
  for (const name of site.files.keys()) {
    if (!name.endsWith('.html')) continue
    const found = await check(`${site.url}/${name}`)
    if (found.length > 0) findings[name] = found
  }
  return findings
}

describe('each page of the site', () => {
  it.each([
    { device: 'phone', viewport: PHONE, colorScheme: 'light' },
    { device: 'desktop', viewport: DESKTOP, colorScheme: 'dark' },
  ] as const)(
    'fits a $device, reports no error, and has no serious finding of axe in $colorScheme mode',
    async ({ viewport, colorScheme }) => {
      const { page, leave } = await startVisit(browser, { viewport, colorScheme })
      const findings = await eachPage(async (address) => {
        await openPage(page, address)
        await waitForDiagrams(page)
        const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth)
        const overflow = scrollWidth > viewport.width ? [`is ${scrollWidth} px wide`] : []
        return [...overflow, ...(await axeFindings(page))]
      })
      expect(findings).toEqual({})
      await leave()
    },
  )

  it('can be used with the Tab key alone', async () => {
    const { page, leave } = await startVisit(browser, { viewport: DESKTOP })
    // Navigation and sidebar are the same on all pages, so one walk through them is enough.
    await openPage(page, `${site.url}/session.html`)
    expect(await unreachable(page, 'body')).toEqual([])
    const findings = await eachPage(async (address) => {
      await openPage(page, address)
      await waitForDiagrams(page)
      return unreachable(page, '#VPContent')
    })
    expect(findings).toEqual({})
    await leave()
  })
})

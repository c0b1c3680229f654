import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { complaintsOf, hasChromiumFor, launch as launchChromium } from '../support/chromium.ts'

const SCREENSHOTS = fileURLToPath(new URL('../.output', import.meta.url))
const PATIENCE_MS = 10_000

export const SIZES = { phone: { width: 375, height: 667 }, desktop: { width: 1280, height: 800 } } as const

export const hasChromium: boolean = hasChromiumFor('the playground in a browser')

export function launch(): Promise<Browser> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  return launchChromium()
}

/** A page in a separate browser profile. */
export interface Visit {
  page: Page
  /** Errors and warnings of the browser. */
  complaints: string[]
  /** Opens another tab in the same profile. */
  tab(url: string): Promise<Page>
  /** Closes the profile. @throws if there were errors or warnings */
  leave(): Promise<void>
}

/** Opens a page in a new browser profile. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const complaints: string[] = []
  const tab = async (address: string): Promise<Page> => {
    const page = await context.newPage()
    complaintsOf(page, complaints)
    await page.goto(address)
    return page
  }
  return {
    page: await tab(url),
    complaints,
    tab,
    async leave() {
      await context.close()
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    },
  }
}

/** Stores a screenshot of the whole page in a folder that git ignores. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}/playground-${name}.png`, fullPage: true })
}

/** Waits until the scripts of the page have started. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('.uplot').first().waitFor()
}

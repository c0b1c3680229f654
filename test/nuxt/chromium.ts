import type { Browser, BrowserContext, Page } from 'playwright-core'
import { complaintsOf, hasChromiumFor } from '../support/chromium.ts'

export { launch } from '../support/chromium.ts'

export const hasChromium: boolean = hasChromiumFor('Nuxt in a browser')

/** A page in a browser profile of its own, and what the browser has complained about. */
export interface Visit {
  context: BrowserContext
  page: Page
  complaints: string[]
}

export async function visit(browser: Browser): Promise<Visit> {
  const context = await browser.newContext()
  const page = await context.newPage()
  return { context, page, complaints: complaintsOf(page) }
}

import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { reportLeftOut } from '../support/left-out.ts'

const PATH = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const SCREENSHOTS = fileURLToPath(new URL('../.output', import.meta.url))
const PATIENCE_MS = 10_000

export const SIZES = { phone: { width: 375, height: 667 }, desktop: { width: 1280, height: 800 } } as const

export const hasChromium: boolean = PATH !== undefined

if (!hasChromium) {
  reportLeftOut({
    suite: 'the playground in a browser',
    why: 'there is no chromium',
    install: 'apt-get install chromium',
  })
}

export function launch(): Promise<Browser> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  const args = [
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-component-update',
    '--no-first-run',
  ]
  return chromium.launch({ executablePath: PATH, args })
}

/** A page in a browser profile of its own. */
export interface Visit {
  page: Page
  /** What the browser has complained about. */
  complaints: string[]
  /** Another tab of the same browser. */
  tab(url: string): Promise<Page>
  /** Fails when the browser has complained. */
  leave(): Promise<void>
}

/** Open a page in a fresh browser profile. */
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
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
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

/** A picture of the whole page, in the folder that git ignores. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}/playground-${name}.png`, fullPage: true })
}

/** Wait until scripts have taken over the page. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('.uplot').first().waitFor()
}

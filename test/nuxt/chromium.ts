import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { reportLeftOut } from '../support/left-out.ts'

const PATH = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

export const hasChromium: boolean = PATH !== undefined

if (!hasChromium) {
  reportLeftOut({
    suite: 'Nuxt in a browser',
    why: 'there is no chromium',
    install: 'apt-get install chromium',
  })
}

export function launch(): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  return chromium.launch({ executablePath: PATH, args })
}

/** A page in a browser profile of its own, and what the browser has complained about. */
export interface Visit {
  context: BrowserContext
  page: Page
  complaints: string[]
}

export async function visit(browser: Browser): Promise<Visit> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  return { context, page, complaints }
}

import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { complaintsOf } from '../../support/chromium.ts'

export const PHONE: { width: number; height: number } = { width: 320, height: 640 }
export const DESKTOP: { width: number; height: number } = { width: 1280, height: 800 }

export interface Visit {
  page: Page
  /** Ends the visit. Fails if the browser has reported an error or a warning. */
  leave(): Promise<void>
}

/** Opens an empty tab of a new visitor. */
export async function startVisit(browser: Browser, options: BrowserContextOptions): Promise<Visit> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(20_000)
  const page = await context.newPage()
  const complaints = complaintsOf(page)
  return {
    page,
    async leave() {
      await context.close()
      expect(complaints).toEqual([])
    },
  }
}

/** Opens a page of the site and waits until its scripts run. */
export async function openPage(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await page.waitForFunction(
    () => '__vue_app__' in (document.querySelector('#app') ?? {}) && document.readyState === 'complete',
  )
}

/** Waits until all diagrams of a page are drawn. */
export async function waitForDiagrams(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.diagram > pre') === null)
}

/** Returns what a screen reader says about each diagram of a page. */
export function diagramsOf(page: Page): Promise<{ title?: string; description?: string }[]> {
  return page.evaluate(() =>
    Array.from(document.querySelectorAll('.diagram > svg'), (svg) => {
      const textOf = (attribute: string): string | undefined =>
        document.getElementById(svg.getAttribute(attribute) ?? '')?.textContent ?? undefined
      return { title: textOf('aria-labelledby'), description: textOf('aria-describedby') }
    }),
  )
}

/** Returns the font sizes of all labels in diagrams, in px on the screen. */
export function labelSizesOf(page: Page): Promise<number[]> {
  return page
    .locator('.diagram text, .diagram foreignObject span')
    .evaluateAll((labels) =>
      labels
        .filter(({ textContent }) => textContent?.trim())
        .map(
          (label) =>
            Number.parseFloat(getComputedStyle(label).fontSize) *
            (label.closest<SVGSVGElement>('.diagram > svg')?.getScreenCTM()?.a ?? 0),
        ),
    )
}

/** The notes of a page while the Tab key is pressed. */
interface Walk {
  pending: Set<Element>
  /** The Tab key is back at the first element. */
  ended: boolean
}

/**
 * Returns the elements of a page that a reader can use with a pointer, but does not reach with the Tab key.
 *
 * @param within - selects the part of the page to look at; the rest is left out
 */
export async function unreachable(page: Page, within: string): Promise<string[]> {
  await page.evaluate((within) => {
    const part = document.querySelector(within)
    if (part === null) throw new Error(`There is no ${within}`)
    for (let inside = part; inside.parentElement; inside = inside.parentElement)
      for (const other of inside.parentElement.children)
        if (other !== inside && other instanceof HTMLElement) other.inert = true
    const scrolls = (element: Element): boolean =>
      element.scrollWidth > element.clientWidth + 1 &&
      ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
    const usable = Array.from(part.querySelectorAll('*')).filter(
      (element) =>
        (element.matches('a[href], button, input, select, textarea, summary') || scrolls(element)) &&
        // Of a list of tabs, one is reached. The others follow with the arrow keys.
        !element.matches('[role=tab][aria-selected=false], :disabled') &&
        element.checkVisibility({ visibilityProperty: true }),
    )
    const walk: Walk = { pending: new Set(usable), ended: false }
    let first: EventTarget | null | undefined
    document.addEventListener('focusin', ({ target }) => {
      walk.ended ||= target === first
      first ??= target
      if (target instanceof Element) walk.pending.delete(target)
    })
    Object.assign(globalThis, { walk })
  }, within)
  const ended = (): Promise<boolean> =>
    page.evaluate(() => (globalThis as unknown as { walk: Walk }).walk.ended)
  while (!(await ended())) for (let presses = 0; presses < 20; presses++) await page.keyboard.press('Tab')
  return page.evaluate(() =>
    Array.from((globalThis as unknown as { walk: Walk }).walk.pending, ({ outerHTML }) =>
      outerHTML.slice(0, 200),
    ),
  )
}

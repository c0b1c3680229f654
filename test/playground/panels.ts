import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, hydrated, launch, picture, visit } from './chromium.ts'
import type { Playground } from './playground.ts'

/** Tests the parts of the page that update by themselves. */
export function describePanels(running: () => Playground): void {
  describe.runIf(hasChromium)('the live parts of the page', () => {
    let browser: Browser
    const url = () => running().urls[0]!
    const chart = (page: Page, title: string) => page.getByRole('img', { name: title })
    const now = async (page: Page, title: string, instance: string): Promise<number> => {
      const label = (await chart(page, title).getAttribute('aria-label')) ?? ''
      return Number(new RegExp(`instance ${instance} now (\\d+)`).exec(label)?.[1])
    }

    beforeAll(async () => {
      browser = await launch()
    })
    afterAll(() => browser?.close())

    test('the expiry counts down', async () => {
      const { page, leave } = await visit(browser, url())
      await hydrated(page)
      await page.getByRole('button', { name: 'Add one', exact: true }).click()
      const left = page.locator('.left')
      await expect.poll(() => left.textContent()).toMatch(/^\s*in (29 minutes 5\d|30 minutes 0) seconds?\s*$/)
      const before = await left.textContent()
      await expect.poll(() => left.textContent(), { timeout: 3000 }).not.toBe(before)
      await leave()
    })

    test('charts show the calls of both instances, also as text and after a reload', async () => {
      const { page, leave } = await visit(browser, url(), { colorScheme: 'dark' })
      await hydrated(page)
      for (const title of ['Session reads', 'Cache hits', 'DynamoDB calls', 'Capacity units'])
        expect(await chart(page, title).locator('canvas').count()).toBe(1)
      await expect.poll(() => now(page, 'DynamoDB calls', 'A')).toBeGreaterThanOrEqual(0)
      const before = await now(page, 'DynamoDB calls', 'B')
      // The figure counts the last minute, so it falls while calls of earlier tests leave that minute.
      const afterTen = async (): Promise<number> => {
        await page.getByRole('button', { name: 'Add ten at once' }).click()
        return now(page, 'DynamoDB calls', 'B')
      }
      await expect.poll(afterTen, { timeout: 10_000, interval: 300 }).toBeGreaterThan(before)
      await page.reload()
      await hydrated(page)
      await expect.poll(() => now(page, 'DynamoDB calls', 'B'), { timeout: 5000 }).toBeGreaterThan(0)

      await page.getByText('As a table').click()
      expect(await page.getByRole('row').count()).toBe(1 + 2 * 4)
      expect(await page.getByRole('row', { name: /^DynamoDB calls B \d+/ }).count()).toBe(1)
      await picture(page, 'charts-dark')
      await leave()
    })

    test('charts do not update when the browser requests reduced motion', async () => {
      const asks = (page: Page) =>
        page.evaluate(
          () =>
            performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/activity'))
              .length,
        )
      const calm = await visit(browser, url(), { reducedMotion: 'reduce' })
      await hydrated(calm.page)
      const lively = await visit(browser, url())
      await expect.poll(() => asks(lively.page), { timeout: 8000 }).toBeGreaterThan(2)
      expect(await asks(calm.page)).toBe(1)
      await Promise.all([calm.leave(), lively.leave()])
    })

    test('a visit without a session sends no call to the storage', async () => {
      const response = await fetch(url())
      expect(response.status).toBe(200)
      const latest = async () => {
        const [activity] = await (await fetch(`${url()}/api/activity?alone`)).json()
        return activity.samples.slice(-2)
      }
      await expect
        .poll(async () => new Set((await latest()).map(({ calls, reads }: any) => calls + reads)).size)
        .toBe(1)
      const [, before] = await latest()
      await Promise.all(Array.from({ length: 5 }, () => fetch(url())))
      await expect.poll(async () => (await latest())[0].at, { timeout: 5000 }).toBeGreaterThan(before.at)
      const [, after] = await latest()
      expect(after).toMatchObject({ reads: before.reads, calls: before.calls })
    })
  })
}

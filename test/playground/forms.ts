import { describe, expect, test } from 'vitest'
import type { Playground } from './playground.ts'
import { Visitor, devicesOn, expiryOn, sessionOn } from './visitor.ts'

/** Tests the page for a browser without JavaScript. */
export function describeForms(running: () => Playground): void {
  const arrive = (cookies?: Iterable<[string, string]>): Visitor => new Visitor(running().urls[0]!, cookies)
  const other = (visitor: Visitor): Visitor => visitor.at(running().urls[1]!)

  describe('the page and its forms', () => {
    test('a visitor who only reads has no session, and the page says so', async () => {
      const page = await arrive().get()
      expect(page.status).toBe(200)
      expect(page.headers.getSetCookie()).toEqual([])
      expect(page.text).toContain('You have no session')
      expect(sessionOn(page)).toBeNull()
    })

    test('the first write starts a session, with a cookie that works over plain http', async () => {
      const visitor = arrive()
      const { status, headers } = await visitor.submit('/count')
      expect(status).toBe(303)
      const cookies = headers.getSetCookie()
      expect(cookies).toHaveLength(1)
      expect(cookies[0]).toMatch(/^playground=.*; HttpOnly; SameSite=Lax/)
      expect(cookies[0]).not.toContain('Secure')
      expect(sessionOn(await visitor.get())).toMatchObject({ version: 1, data: { count: 1 } })
    })

    test('a read changes neither cookie nor session', async () => {
      const visitor = arrive()
      const first = sessionOn(await visitor.post('/count'))
      const again = await visitor.get()
      expect(again.headers.getSetCookie()).toEqual([])
      expect(sessionOn(again)).toEqual(first)
    })

    test('a page is not cached, and loads no content from other sites', async () => {
      for (const path of ['/', '/nowhere']) {
        const { headers, text } = await arrive().get(path)
        expect(headers.get('cache-control')).toBe('no-store')
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        expect(headers.get('referrer-policy')).toBe('same-origin')
        const policy = headers.get('content-security-policy')
        expect(policy).toContain("default-src 'none'")
        expect(policy).toContain("frame-ancestors 'none'")
        const nonce = /'nonce-([^']+)'/.exec(policy ?? '')?.[1]
        expect(text).toContain(`<script nonce="${nonce}"`)
        expect(text).not.toContain('<style')
      }
    })

    test('products are added to the cart and removed', async () => {
      const visitor = arrive()
      await visitor.post('/cart', { product: 'Coffee', add: '' })
      await visitor.post('/cart', { product: 'Pencil', add: '' })
      const full = await visitor.post('/cart', { product: 'Coffee', add: '' })
      expect(sessionOn(full)?.data).toEqual({ cart: { Coffee: 2, Pencil: 1 } })
      expect(full.text).toContain('3 items')
      await visitor.post('/cart', { product: 'Coffee', remove: '' })
      const less = await visitor.post('/cart', { product: 'Pencil', remove: '' })
      expect(sessionOn(less)?.data).toEqual({ cart: { Coffee: 1 } })
    })

    test('each instance immediately shows the writes of the other', async () => {
      const visitor = arrive()
      for (let count = 1; count <= 3; count++) {
        await visitor.post('/count')
        expect(sessionOn(await other(visitor).get())?.data).toEqual({ count: 2 * count - 1 })
        await other(visitor).post('/count')
        expect(sessionOn(await visitor.get())?.data).toEqual({ count: 2 * count })
      }
    })

    test('ten simultaneous increments, five on each instance, are all counted, also for a new visitor', async () => {
      const visitor = arrive()
      for (const count of [10, 20]) {
        expect(sessionOn(await visitor.post('/ten'))?.data).toEqual({ count })
        expect(sessionOn(await other(visitor).get())?.data).toEqual({ count })
      }
    })

    test('no click is lost when a browser sends several at once', async () => {
      const visitor = arrive()
      await visitor.post('/count')
      await Promise.all(
        Array.from({ length: 10 }, (_, index) => (index % 2 ? visitor : other(visitor)).submit('/count')),
      )
      expect(sessionOn(await visitor.get())?.data).toEqual({ count: 11 })
    })

    test('sign-in keeps the cart, changes the id and invalidates the old id', async () => {
      const visitor = arrive()
      const before = sessionOn(await visitor.post('/cart', { product: 'Notebook', add: '' }))
      const thief = arrive(visitor.cookies)
      const page = await visitor.post('/sign-in', { name: 'Ada' })
      expect(page.text).toContain('Hello, Ada')
      const after = sessionOn(page)
      expect(after?.data).toMatchObject({ name: 'Ada', cart: { Notebook: 1 } })
      expect(after?.id).not.toBe(before?.id)
      expect(sessionOn(await thief.get())).toBeNull()
      expect(sessionOn(await other(thief).get())).toBeNull()
    })

    test('sign-out invalidates all copies of the cookie', async () => {
      const visitor = arrive()
      await visitor.post('/sign-in', { name: 'Ada' })
      const copy = arrive(visitor.cookies)
      expect(sessionOn(await visitor.post('/sign-out'))).toBeNull()
      expect(visitor.cookies.size).toBe(0)
      expect(sessionOn(await copy.get())).toBeNull()
    })

    test('a visitor sees all of their sessions, destroys one, and then all', async () => {
      const name = 'Grace'
      const [laptop, phone, tablet] = [arrive(), arrive(), arrive()]
      await laptop.post('/sign-in', { name }, { 'user-agent': 'Mozilla/5.0 (X11; Linux) Firefox/140.0' })
      await phone.post('/sign-in', { name }, { 'user-agent': 'Mozilla/5.0 (iPhone) Version/18 Safari/605' })
      await tablet.post('/sign-in', { name }, { 'user-agent': 'Mozilla/5.0 (iPad) Version/18 Safari/605' })
      const devices = devicesOn(await laptop.get())
      expect(devices[0]?.name).toBe('Firefox on Linux')
      expect(devices.map((device) => device.name).toSorted()).toEqual([
        'Firefox on Linux',
        'Safari on iPad',
        'Safari on iPhone',
      ])

      const { handle } = devices.find((device) => device.name.endsWith('iPhone'))!
      expect(devicesOn(await laptop.post('/revoke', { handle }))).toHaveLength(2)
      expect(sessionOn(await phone.get())).toBeNull()
      expect(sessionOn(await tablet.get())?.data).toMatchObject({ name })

      expect(sessionOn(await laptop.post('/sign-out-everywhere'))).toBeNull()
      expect(sessionOn(await tablet.get())).toBeNull()
    })

    test('a visitor cannot destroy the session of another user', async () => {
      const [victim, thief] = [arrive(), arrive()]
      const [device] = devicesOn(await victim.post('/sign-in', { name: 'Linus' }))
      await thief.post('/sign-in', { name: 'Mallory' })
      await thief.post('/revoke', { handle: device!.handle })
      expect(sessionOn(await victim.get())?.data).toMatchObject({ name: 'Linus' })
    })

    test('with "remember me" a session expires after 30 days instead of 30 minutes', async () => {
      const secondsLeft = async (form: Record<string, string>): Promise<number> => {
        const page = await arrive().post('/sign-in', { name: 'Ada', ...form })
        return (expiryOn(page) - Date.now()) / 1000
      }
      const slack = -2
      expect(await secondsLeft({})).toBeCloseTo(30 * 60, slack)
      expect(await secondsLeft({ remember: 'on' })).toBeCloseTo(30 * 24 * 60 * 60, slack)
    })

    test('a name is escaped in the page', async () => {
      const name = `<script>alert("&'")</script>`
      const page = await arrive().post('/sign-in', { name })
      expect(page.text).not.toContain('<script>alert')
      expect(sessionOn(page)?.data).toMatchObject({ name })
    })

    test.each([
      ['/sign-in', { name: '  ' }, 400, 'Please enter a name.'],
      ['/cart', { product: 'Yacht', add: '' }, 400, 'There is no such product.'],
      ['/nowhere', {}, 404, 'There is no such page'],
    ])('%s %o gives %d and a page', async (path, form, status, text) => {
      const page = await arrive().submit(path, form)
      expect(page.status).toBe(status)
      expect(page.headers.get('content-type')).toContain('text/html')
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(page.text).toContain(text)
      expect(page.headers.getSetCookie()).toEqual([])
    })

    test('a form from another site is refused', async () => {
      const visitor = arrive()
      for (const site of ['cross-site', 'same-site']) {
        const page = await visitor.submit('/sign-in', { name: 'Eve' }, { 'sec-fetch-site': site })
        expect(page.status).toBe(403)
      }
      const own = await visitor.submit('/sign-in', { name: 'Ada' }, { 'sec-fetch-site': 'same-origin' })
      expect(own.status).toBe(303)
    })
  })
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { type Packed, pack, run } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { exampleFiles } from './example.ts'
import { type Shop, startShop, tableEnvironment } from './shop.ts'

interface Example {
  companions: Record<string, string>
  script: string
  /** The package that builds it. */
  tool?: string
}

const EXAMPLES: Record<string, Example> = {
  h3: { companions: { h3: 'h3', unstorage: 'unstorage2' }, script: 'server.mjs' },
  'h3-v1': { companions: { h3: 'h3v1', unstorage: 'unstorage' }, script: 'server.mjs' },
  hono: { companions: { hono: 'hono', '@hono': '@hono', unstorage: 'unstorage2' }, script: 'server.mjs' },
  nitro: {
    companions: { h3: 'h3', unstorage: 'unstorage2' },
    script: '.output/server/index.mjs',
    tool: 'nitro',
  },
}

const ADA = { name: 'Ada', password: 'open sesame' }
const GRACE = { name: 'Grace', password: 'open sesame' }
const ALAN = { name: 'Alan', password: 'open sesame' }

const PASSWORD = 'a password of at least 32 characters'

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

describe.each(Object.entries(EXAMPLES))('the example %s', (name, { companions, script, tool }) => {
  let table: TestTable
  let shops: [Shop, Shop]
  let start: () => Promise<Shop>

  beforeAll(async () => {
    table = await createTestTable(anyEngine(), { userIndex: true })
    const folder = await packed.project(name, companions, exampleFiles(name), tool)
    if (tool)
      await run(process.execPath, [`node_modules/${tool}/dist/cli/index.mjs`, 'build'], { cwd: folder })
    const env = { ...tableEnvironment(table), SESSION_PASSWORD: PASSWORD, NITRO_SESSION_PASSWORD: PASSWORD }
    start = () => startShop(folder, script, env)
    shops = await Promise.all([start(), start()])
  }, 60_000)
  afterAll(async () => {
    await Promise.all(shops.map((shop) => shop.stop()))
    await table.drop()
  })

  /** Returns a browser that alternates between the two instances. */
  function visitor(): Browser {
    let requests = 0
    return new Browser((path, init) => fetch(`${shops[requests++ % 2]?.url}${path}`, init))
  }
  const signIn = (browser: Browser, body: object = ADA): Promise<Response> =>
    browser.fetch('/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  /**
   * Checks that a cookie is no longer valid. It writes, because an instance may read from its cache for some seconds. A
   * write to a cached session fails because the session is gone, and the next write starts another session.
   */
  async function expectNothingOf(browser: Browser): Promise<void> {
    const write = () => browser.fetch('/cart/loot', { method: 'POST' })
    let response = await write()
    if (response.status === 409) response = await write()
    // For 10 s after a session got a new id, the old id cannot start another session.
    const cart = response.status === 409 ? [] : ['loot']
    if (response.status !== 409) expect(await response.json()).toEqual({ cart })
    expect(await browser.json('/')).toEqual({ name: null, cart })
  }

  test('a visitor who only reads gets no cookie', async () => {
    const browser = visitor()
    expect(await browser.json('/')).toEqual({ name: null, cart: [] })
    expect(browser.jar.size).toBe(0)
  })

  test('sign-in keeps the cart, on both instances, and invalidates the old id', async () => {
    const browser = visitor()
    await browser.json('/cart/tea', { method: 'POST' })
    expect(await browser.json('/cart/coffee', { method: 'POST' })).toEqual({ cart: ['tea', 'coffee'] })
    const thief = browser.clone()
    expect(await (await signIn(browser)).json()).toEqual({ name: 'Ada' })
    expect(await browser.json('/')).toEqual({ name: 'Ada', cart: ['tea', 'coffee'] })
    expect(await browser.json('/')).toEqual({ name: 'Ada', cart: ['tea', 'coffee'] })
    await expectNothingOf(thief)
  })

  test('a wrong password starts no session', async () => {
    const browser = visitor()
    const response = await signIn(browser, { ...ADA, password: 'guess' })
    expect(response.status).toBe(401)
    expect(browser.jar.size).toBe(0)
  })

  test('no click is lost when several requests are sent at once', async () => {
    const browser = visitor()
    await browser.json('/cart/0', { method: 'POST' })
    const more = ['1', '2', '3', '4']
    await Promise.all(more.map((product) => browser.clone().fetch(`/cart/${product}`, { method: 'POST' })))
    await browser.json('/cart/5', { method: 'POST' })
    expect((await browser.json('/')).cart.toSorted()).toEqual(['0', ...more, '5'])
  })

  test('sign-out invalidates all copies of the cookie', async () => {
    const browser = visitor()
    await signIn(browser)
    const copy = browser.clone()
    await browser.fetch('/sign-out', { method: 'POST' })
    expect(browser.jar.size).toBe(0)
    await expectNothingOf(copy)
  })

  test('sign-out everywhere destroys all sessions of the user, and no others', async () => {
    const [phone, laptop, other] = [visitor(), visitor(), visitor()]
    await signIn(phone, GRACE)
    await signIn(laptop, GRACE)
    await signIn(other, ALAN)
    expect(await laptop.json('/sign-out-everywhere', { method: 'POST' })).toEqual({ ended: 2 })
    await expectNothingOf(phone)
    expect((await other.json('/')).name).toBe('Alan')
  })

  test('the server stops with exit code 0', async () => {
    const another = await start()
    await new Browser((path) => fetch(another.url + path)).json('/')
    expect(await another.stop()).toBe(0)
  })
})

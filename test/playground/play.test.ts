import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDynalite } from '../support/engines.ts'
import { isAlive, startPlayground, temporaryFolder } from './playground.ts'
import type { Playground } from './playground.ts'
import { Visitor, sessionOn } from './visitor.ts'

/** The first start may install and build. */
const SETUP_MS = 300_000

const folder = temporaryFolder()
const onFolder = ['--port', '0', '--data', folder.path]
let playground: Playground

beforeAll(async () => {
  playground = await startPlayground(onFolder)
  if (!playground.url) throw new Error((await playground.ended).output)
}, SETUP_MS)

afterAll(async () => {
  await playground?.stop()
  folder.remove()
})

describe('the page', () => {
  test('a visitor who only looks has no session, and is told so', async () => {
    const visitor = new Visitor(playground.url)
    const page = await visitor.get()
    expect(page.status).toBe(200)
    expect(page.headers.getSetCookie()).toEqual([])
    expect(page.text).toContain('You have no session')
    expect(sessionOn(page)).toBeNull()
  })

  test('the first write starts a session, with a cookie that works over plain http', async () => {
    const visitor = new Visitor(playground.url)
    const { status, headers } = await visitor.submit('/visits')
    expect(status).toBe(303)
    const cookies = headers.getSetCookie()
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatch(/^playground=.*; HttpOnly; SameSite=Lax/)
    expect(cookies[0]).not.toContain('Secure')
    expect(sessionOn(await visitor.get())).toMatchObject({ version: 1, data: { visits: 1 } })
  })

  test('reading writes nothing', async () => {
    const visitor = new Visitor(playground.url)
    const first = sessionOn(await visitor.post('/visits'))
    const again = await visitor.get()
    expect(again.headers.getSetCookie()).toEqual([])
    expect(sessionOn(again)).toEqual(first)
  })

  test('a cart is filled and emptied again', async () => {
    const visitor = new Visitor(playground.url)
    await visitor.post('/cart', { product: 'Coffee', add: '' })
    await visitor.post('/cart', { product: 'Pencil', add: '' })
    const full = await visitor.post('/cart', { product: 'Coffee', add: '' })
    expect(sessionOn(full)?.data).toEqual({ cart: { Coffee: 2, Pencil: 1 } })
    expect(full.text).toContain('3 items')
    await visitor.post('/cart', { product: 'Coffee', remove: '' })
    const less = await visitor.post('/cart', { product: 'Pencil', remove: '' })
    expect(sessionOn(less)?.data).toEqual({ cart: { Coffee: 1 } })
  })

  test('no click is lost when many arrive at once', async () => {
    const visitor = new Visitor(playground.url)
    await visitor.post('/visits')
    await Promise.all(Array.from({ length: 5 }, () => visitor.submit('/visits')))
    expect(sessionOn(await visitor.get())?.data).toEqual({ visits: 6 })
  })

  test('signing in keeps the cart and changes the id; the old id is worth nothing', async () => {
    const visitor = new Visitor(playground.url)
    const before = sessionOn(await visitor.post('/cart', { product: 'Notebook', add: '' }))
    const thief = new Visitor(playground.url, visitor.cookies)
    const page = await visitor.post('/sign-in', { name: 'Ada' })
    expect(page.text).toContain('Hello, Ada')
    const after = sessionOn(page)
    expect(after?.data).toEqual({ name: 'Ada', cart: { Notebook: 1 } })
    expect(after?.id).not.toBe(before?.id)
    expect(sessionOn(await thief.get())).toBeNull()
  })

  test('signing out ends the session for whoever has its cookie', async () => {
    const visitor = new Visitor(playground.url)
    await visitor.post('/sign-in', { name: 'Ada' })
    const copy = new Visitor(playground.url, visitor.cookies)
    expect(sessionOn(await visitor.post('/sign-out'))).toBeNull()
    expect(visitor.cookies.size).toBe(0)
    expect(sessionOn(await copy.get())).toBeNull()
  })

  test('"remember me" lets a session live for 30 days instead of 30 minutes', async () => {
    const secondsLeft = async (form: Record<string, string>): Promise<number> => {
      const { text } = await new Visitor(playground.url).post('/sign-in', { name: 'Ada', ...form })
      return Number(/data-left="(\d+)"/.exec(text)?.[1]) / 1000
    }
    const slack = -2
    expect(await secondsLeft({})).toBeCloseTo(30 * 60, slack)
    expect(await secondsLeft({ remember: 'on' })).toBeCloseTo(30 * 24 * 60 * 60, slack)
  })

  test('a name is text, whatever is in it', async () => {
    const name = `<script>alert("&'")</script>`
    const page = await new Visitor(playground.url).post('/sign-in', { name })
    expect(page.text).not.toContain('<script>alert')
    expect(sessionOn(page)?.data).toEqual({ name })
  })
})

describe('errors', () => {
  test.each([
    ['/sign-in', { name: '  ' }, 400, 'Please enter a name.'],
    ['/cart', { product: 'Yacht', add: '' }, 400, 'There is no such product.'],
    ['/nowhere', {}, 404, 'There is no such page'],
  ])('%s %o gives %d and a page', async (path, form, status, text) => {
    const page = await new Visitor(playground.url).submit(path, form)
    expect(page.status).toBe(status)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.text).toContain(text)
    expect(page.headers.getSetCookie()).toEqual([])
  })

  test('a form that another site has sent is refused', async () => {
    const visitor = new Visitor(playground.url)
    for (const site of ['cross-site', 'same-site']) {
      const page = await visitor.submit('/sign-in', { name: 'Eve' }, { 'sec-fetch-site': site })
      expect(page.status).toBe(403)
    }
    const own = await visitor.submit('/sign-in', { name: 'Ada' }, { 'sec-fetch-site': 'same-origin' })
    expect(own.status).toBe(303)
  })
})

describe('the process', () => {
  test('a restart keeps the sessions', async () => {
    const visitor = new Visitor(playground.url)
    const before = sessionOn(await visitor.post('/sign-in', { name: 'Ada' }))
    await playground.stop()
    playground = await startPlayground(onFolder)
    const after = new Visitor(playground.url, visitor.cookies)
    expect(sessionOn(await after.get())).toEqual(before)
  })

  test.each([
    ['SIGINT', 'group'],
    ['SIGINT', 'process'],
    ['SIGTERM', 'process'],
    ['SIGHUP', 'process'],
  ] as const)('%s to its %s ends all it started within seconds', async (signal, whom) => {
    await new Visitor(playground.url).post('/visits')
    const { pid } = playground
    const { code, took, output } = await playground.stop(signal, whom)
    expect(code).toBe(0)
    expect(output).toContain('Stopped.')
    expect(took).toBeLessThan(4000)
    expect(isAlive(pid)).toBe(false)
    playground = await startPlayground(onFolder)
  })

  test('a second one on the same data says what to do', async () => {
    const second = await startPlayground(onFolder)
    const { code, output } = await second.ended
    expect(code).toBe(1)
    expect(output).toContain('If another playground is running, stop it')
    expect(output).not.toMatch(/^\s+at /m)
  })

  test('a port that is asked for and taken is an error; otherwise the next free one is used', async () => {
    const other = temporaryFolder()
    const { port } = new URL(playground.url)
    const refused = await (await startPlayground(['--port', port, '--data', other.path])).ended
    expect(refused.code).toBe(1)
    expect(refused.output).toContain(`Port ${port} is taken`)

    const another = temporaryFolder()
    const first = await startPlayground(['--data', other.path])
    const next = await startPlayground(['--data', another.path])
    const ports = [first, next].map(({ url }) => Number(new URL(url).port))
    await Promise.all([first.stop(), next.stop()])
    other.remove()
    another.remove()
    expect(ports[0]).toBeGreaterThanOrEqual(3000)
    expect(ports[1]).toBeGreaterThan(ports[0]!)
  })

  test.each([
    [['--nonsense'], '--nonsense'],
    [['--port', 'x'], '--port must be a number'],
    [['--aws', '--endpoint', 'http://127.0.0.1:1'], 'exclude each other'],
    [['--create-table'], '--create-table is for --aws'],
    [['--region', 'eu-west-1'], '--region needs'],
    [['--endpoint', 'localhost'], '--endpoint must be a URL'],
  ])('%o is answered with the usage', async (args, problem) => {
    const { code, output } = await (await startPlayground(args)).ended
    expect(code).toBe(2)
    expect(output).toContain(problem)
    expect(output).toContain('Usage: npm run play')
  })

  test('--help shows the usage', async () => {
    const { code, output } = await (await startPlayground(['--help'])).ended
    expect(code).toBe(0)
    expect(output).toMatch(/^Usage: npm run play/)
  })
})

describe('another table', () => {
  test('--endpoint: sessions are kept there, and a table out of reach is a page, not a lost session', async () => {
    const engine = await startDynalite()
    const other = temporaryFolder()
    const elsewhere = await startPlayground(
      ['--port', '0', '--data', other.path, '--endpoint', engine.endpoint, '--table', 'shop'],
      { AWS_ACCESS_KEY_ID: '', AWS_REGION: 'us-east-1' },
    )
    try {
      const visitor = new Visitor(elsewhere.url)
      const page = await visitor.post('/sign-in', { name: 'Ada' })
      expect(sessionOn(page)?.data).toEqual({ name: 'Ada' })
      expect(page.text).toContain(`the table shop at ${engine.endpoint}`)

      await engine.stop()
      const failed = await visitor.submit('/visits')
      expect(failed.status).toBe(503)
      expect(failed.text).toContain('UNAVAILABLE')
      expect(failed.headers.getSetCookie()).toEqual([])
    } finally {
      await engine.stop()
      const { code } = await elsewhere.stop()
      other.remove()
      expect(code).toBe(0)
    }
  })

  test('--aws without credentials says what is missing', async () => {
    const none = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/nowhere', HOME: '/nowhere' }
    const keys = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '' }
    const aws = await startPlayground(['--aws', '--region', 'eu-west-1'], { ...none, ...keys })
    const { code, output } = await aws.ended
    expect(code).toBe(1)
    expect(output).toContain('Using the table sessions on AWS, region eu-west-1')
    expect(output).toContain('no AWS credentials were found')
  })
})

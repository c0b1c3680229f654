import { mkdtemp, rm } from 'node:fs/promises'
import * as crypto from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import * as unstorage from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import { exampleFiles } from '../examples/example.ts'
import { Browser } from '../support/browser.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { filesIn, pageText, runSnippet, snippetsIn } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'
import { installTools } from '../support/tools.ts'
import { typeErrors } from '../support/type-errors.ts'

type Fetch = (path: string, init?: RequestInit) => Promise<Response>

/** Returns both sides of the diffs of a page, by path. */
function diffsOf(page: string): Record<string, { before: string; after: string }> {
  const diffs = snippetsIn(pageText(page)).filter(({ language }) => language === 'diff')
  return Object.fromEntries(
    diffs.map(({ code }) => {
      const side = (sign: string): string =>
        code
          .split('\n')
          .filter((line) => line[0] === sign || line[0] === ' ' || line === '')
          .map((line) => line.slice(1))
          .join('\n')
      const [, path = ''] = /^ (?:\/\/|<!--) (\S+)/.exec(code) ?? []
      return [path, { before: side('-'), after: side('+') }]
    }),
  )
}

const post = (body: object = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

describe('the guide', () => {
  let table: TestTable
  let folder: string
  beforeAll(async () => {
    table = await createTestTable(anyEngine())
  })
  afterAll(() => table.drop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unsession-guides-'))
    const { endpoint, region, credentials } = table.options
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint)
    vi.stubEnv('AWS_REGION', region)
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    vi.stubEnv('SESSION_PASSWORD', 'a password of at least 32 characters')
    vi.stubEnv('OLD_SECRET', 'keyboard cat')
    return async () => {
      vi.unstubAllEnvs()
      await rm(folder, { recursive: true, force: true })
    }
  })

  /** Runs code of a guide with the tests' table and folder. */
  function runHere(code: string, modules: Record<string, object>): Promise<Record<string, unknown>> {
    const own = code.replaceAll(`'sessions' }`, `${JSON.stringify(table.table)} }`)
    return runSnippet(own.replaceAll(`'.data'`, JSON.stringify(folder)), {
      unstorage,
      unsession,
      'node:crypto': crypto,
      'unstorage/drivers/fs-lite': { default: fsDriver },
      'unsession/h3': sessions,
      'unsession/drivers/dynamodb': driver,
      ...modules,
    })
  }

  /** Sends the browser of one app to another one, with its cookies. */
  function moved(from: Browser, fetch: Fetch): Browser {
    const browser = new Browser(fetch)
    for (const [name, cookie] of from.jar) browser.jar.set(name, cookie)
    return browser
  }

  it('for h3 keeps a user of the sealed cookies signed in, with the cart', async () => {
    const { before, after } = diffsOf('docs/migrate/h3-sealed.md')['server.ts']!
    const start = async (code: string): Promise<Fetch> => {
      const { app } = (await runHere(code, { h3 })) as { app: h3.H3 }
      return async (path, init) => app.request(path, init)
    }
    const old = new Browser(await start(before))
    await old.fetch('/sign-in', post({ name: 'Ada' }))
    expect(await old.json('/cart/tea', post())).toEqual({ cart: ['tea'] })
    const fetch = await start(after)
    const browser = moved(old, fetch)
    expect(await browser.json('/')).toEqual({ name: 'Ada', cart: ['tea'] })
    expect(await browser.json('/cart/coffee', post())).toEqual({ cart: ['tea', 'coffee'] })
    expect(browser.jar.get('shop')?.value).toMatch(/^[\w-]{32}\.\d+\.[\w-]{43}$/)
    const copy = browser.clone()
    await browser.fetch('/sign-out', post())
    for (const who of [copy, moved(old, fetch)]) expect(await who.json('/')).toEqual({ name: null, cart: [] })
    expect(await new Browser(fetch).json('/sign-in', post({ name: 'Grace' }))).toEqual({ name: 'Grace' })
  })

  it('for nuxt-auth-utils ends at the files of the example', () => {
    const diffs = Object.entries(diffsOf('docs/migrate/nuxt-auth-utils.md'))
    const example = exampleFiles('nuxt-auth-utils')
    expect(diffs).toHaveLength(3)
    for (const [path, { after }] of diffs) {
      const code = after.slice(after.indexOf('\n') + 1)
      expect(example[path]).toContain(code)
    }
  })

  it('for @scayle/h3-session keeps its users signed in, and refuses other signatures', async () => {
    const { before, after } = diffsOf('docs/migrate/scayle.md')['server.ts']!
    const tools = await installTools(['@scayle/h3-session@0.6.1', 'h3@1.15.11'])
    const load = (name: string): Promise<object> =>
      import(pathToFileURL(createRequire(join(tools, 'x.js')).resolve(name)).href)
    const [theirs, theirH3] = [
      (await import(join(tools, '@scayle/h3-session/dist/index.mjs'))) as object,
      await load('h3'),
    ]
    const start = async (code: string, modules: Record<string, object>): Promise<Fetch> => {
      const { app } = (await runHere(code, modules)) as { app: h3v1.App }
      const handler = h3v1.toWebHandler(app)
      return (path, init) => handler(new Request(`http://shop.example${path}`, init))
    }
    const old = new Browser(await start(before, { h3: theirH3, '@scayle/h3-session': theirs }))
    await old.fetch('/sign-in', post({ name: 'Ada' }))
    expect(await old.json('/')).toEqual({ name: 'Ada' })

    const fetch = await start(after, { h3: h3v1 })
    const browser = moved(old, fetch)
    expect(await browser.json('/')).toEqual({ name: 'Ada' })
    const forged = `connect.sid=${old.jar.get('connect.sid')?.value.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))}`
    expect(await new Browser(fetch).json('/', { headers: { cookie: forged } })).toEqual({ name: null })
    await browser.fetch('/sign-out', post())
    for (const who of [browser, moved(old, fetch)]) expect(await who.json('/')).toEqual({ name: null })
    expect(await old.json('/')).toEqual({ name: null })
    expect(await new Browser(fetch).json('/sign-in', post({ name: 'Grace' }))).toEqual({ name: 'Grace' })
  })

  it('for @sidebase/nuxt-session takes over its stored sessions, once, and no expired one', async () => {
    const page = 'docs/migrate/sidebase.md'
    const password = 'a password of at least 32 characters'
    const store = unsession.createSessionStore({ storage: driver.default(table.options) })
    const useSession = (event: h3v1.H3Event, own?: object): Promise<unknown> =>
      sessions.useSession(event, { store, password, ...own })
    const globals = { defineEventHandler: h3v1.defineEventHandler, useSession }
    const given = `import { defineEventHandler, useSession } from 'nuxt'\n`
    const run = async (code: string): Promise<h3v1.EventHandler> =>
      (await runHere(given + code, { nuxt: globals })).default as h3v1.EventHandler
    const middleware = await run(filesIn(pageText(page))['server/middleware/migrate.ts']!)
    const count = await run(diffsOf(page)['server/api/count.post.ts']!.after)
    const handler = h3v1.toWebHandler(h3v1.createApp().use(middleware).use('/api/count', count))
    const fetch: Fetch = (path, init) => handler(new Request(`http://app.example${path}`, init))

    // As release 0.2.8 stores a session.
    const old = unstorage.createStorage({ driver: fsDriver({ base: folder }) })
    const [live, expired] = ['a', 'b'].map((letter) => letter.repeat(64)) as [string, string]
    const createdAt = (hours: number): Date => new Date(Date.now() - hours * 3600_000)
    await old.setItem(`sessions:${live}`, { id: live, createdAt: createdAt(23), count: 5 })
    await old.setItem(`sessions:${expired}`, { id: expired, createdAt: createdAt(25), count: 5 })
    const countOf = async (id: string): Promise<unknown> =>
      new Browser(fetch).json('/api/count', { ...post(), headers: { cookie: `sessionId=${id}` } })
    expect(await countOf(live)).toEqual({ count: 6 })
    expect(await countOf(live)).toEqual({ count: 7 })
    expect(await countOf(expired)).toEqual({ count: 1 })
    expect(await countOf('c'.repeat(64))).toEqual({ count: 1 })
  })

  it('has code of the right types', { timeout: 60_000 }, () => {
    const code = diffsOf('docs/migrate/h3-sealed.md')['server.ts']!.after
    expect(typeErrors({ 'server.ts': code })).toEqual([])
    const scayle = diffsOf('docs/migrate/scayle.md')['server.ts']!.after
    expect(typeErrors({ 'server.ts': scayle.replace(`from 'h3'`, `from 'h3v1'`) })).toEqual([])
  })
})

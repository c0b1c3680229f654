import * as sdk from '@aws-sdk/client-dynamodb'
import * as crypto from 'node:crypto'
import connectDynamoDB from 'connect-dynamodb'
import connectRedis from 'connect-redis'
import * as express from 'express'
import * as session from 'express-session'
import * as h3 from 'h3'
import { Redis } from 'ioredis'
import * as ironSession from 'iron-session'
import redisDriver from 'unstorage/drivers/redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessionsOfExpress from '../../src/express/index.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import * as migrate from '../../src/migrate/index.ts'
import { appWith, SECRET, serve, stopApps } from '../express/express-app.ts'
import { Browser } from '../support/browser.ts'
import { hasRedis, startRedis } from '../support/engines/redis.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import type { Fetch } from '../support/h3-platforms.ts'
import { filesIn, pageText, partOf, runSnippet, snippetsIn } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'
import { typeErrors } from '../support/type-errors.ts'
import { DJANGO } from './django-fixtures.ts'

const POST = { method: 'POST' }
const MODULES: Record<string, object> = {
  '@aws-sdk/client-dynamodb': sdk,
  'connect-dynamodb': { default: connectDynamoDB },
  express,
  'express-session': session,
  h3,
  'iron-session': ironSession,
  'node:crypto': crypto,
  unsession,
  'unsession/drivers/dynamodb': driver,
  'unsession/express': sessionsOfExpress,
  'unsession/h3': sessions,
  'unsession/migrate': migrate,
  'unstorage/drivers/redis': { default: redisDriver },
}

/** Returns the two sides of the diff of a page. */
function diffOf(page: string): { before: string; after: string } {
  const { code = '' } = snippetsIn(pageText(page)).find(({ language }) => language === 'diff') ?? {}
  const side = (removed: string): string =>
    code
      .split('\n')
      .filter((line) => line[0] !== removed)
      .map((line) => line.slice(1))
      .join('\n')
  return { before: side('+'), after: side('-') }
}

describe('the guide', () => {
  let fresh: TestTable
  let old: TestTable
  let django: TestTable
  beforeAll(async () => {
    fresh = await createTestTable(anyEngine())
    old = await createTestTable(anyEngine(), { key: 'id' })
    django = await createTestTable(anyEngine())
  })
  beforeEach(() => {
    const { endpoint, region, credentials } = fresh.options
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', String(endpoint))
    vi.stubEnv('AWS_REGION', String(region))
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    vi.stubEnv('SESSION_PASSWORD', 'a password of at least 32 characters')
    vi.stubEnv('OLD_SECRET', SECRET)
    vi.stubEnv('DJANGO_SECRET_KEY', DJANGO.secret)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await stopApps()
  })
  afterAll(() => Promise.all([fresh.drop(), old.drop(), django.drop()]))

  function run(code: string): Promise<Record<string, unknown>> {
    const tables = { sessions: fresh, 'old-sessions': old, 'django-sessions': django }
    const own = Object.entries(tables).reduce(
      (text, [name, { table }]) => text.replaceAll(`'${name}'`, `'${table}'`),
      code,
    )
    return runSnippet(own, MODULES)
  }

  const start = async (code: string): Promise<Fetch> => serve((await run(code))['app'] as express.Express)

  /** Sends the browser of one app to another one, with its cookies. */
  function moved(from: Browser, fetch: Fetch): Browser {
    const browser = new Browser(fetch)
    for (const [name, cookie] of from.jar) browser.jar.set(name, cookie)
    return browser
  }

  it('from connect-dynamodb keeps a user signed in, with the same routes', async () => {
    const { before, after } = diffOf('docs/migrate/express-session.md')
    const [oldApp, newApp] = [await start(before), await start(after)]
    const visitor = new Browser(oldApp)
    await visitor.json('/sign-in/ada', POST)
    expect(await visitor.json('/cart/tea', POST)).toEqual(['tea'])
    const browser = moved(visitor, newApp)
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea'] })
    expect(await browser.json('/cart/mug', POST)).toEqual(['tea', 'mug'])
    const copy = browser.clone()
    await browser.json('/sign-out', POST)
    for (const each of [copy, moved(visitor, newApp), visitor])
      expect(await each.json('/')).toEqual({ user: null, cart: [] })
    const routes = (code: string): string => code.slice(code.indexOf("app.get('/'"))
    expect(routes(after)).toBe(routes(before))
  })

  it.runIf(hasRedis)('from connect-redis keeps a user signed in', async () => {
    const server = await startRedis()
    const client = new Redis(server.url)
    try {
      vi.stubEnv('REDIS_URL', server.url)
      const visitor = new Browser(await serve(appWith(new connectRedis({ client }) as session.Store)))
      await visitor.json('/sign-in/ada', POST)
      const part = partOf('docs/migrate/express-session.md', '## connect-redis', '## Afterwards')
      const { adopt, oldSessions } = await run(snippetsIn(part)[0]?.code ?? '')
      const store = unsession.createSessionStore({ storage: driver.default(fresh.options) })
      const app = express.default()
      app.use(
        sessionsOfExpress.sessionMiddleware({
          store,
          password: process.env['SESSION_PASSWORD']!,
          adopt: adopt as migrate.Adopter,
        }),
      )
      app.get('/', (req, res) => void res.json({ user: req.session.user ?? null }))
      app.post('/sign-out', (req, res) => void req.session.destroy(() => res.json({})))
      const browser = moved(visitor, await serve(app))
      expect(await browser.json('/')).toEqual({ user: 'ada' })
      await browser.json('/sign-out', POST)
      expect((await visitor.json('/')).data).toEqual({})
      await (oldSessions as ReturnType<typeof redisDriver>).dispose?.()
    } finally {
      client.disconnect()
      await server.stop()
    }
  })

  it('from iron-session keeps a user signed in, and adopts each seal once', async () => {
    const { before, after } = diffOf('docs/migrate/iron-session.md')
    const [oldApp, newApp] = [await start(before), await start(after)]
    const visitor = new Browser(oldApp)
    await visitor.json('/sign-in/ada', POST)
    await visitor.json('/cart/tea', POST)
    const browser = moved(visitor, newApp)
    expect(await browser.json('/')).toEqual({ name: 'ada', cart: ['tea'] })
    await browser.json('/cart/mug', POST)
    expect(await browser.json('/')).toEqual({ name: 'ada', cart: ['tea', 'mug'] })
    // Another browser with the same seal has the same session.
    expect(await moved(visitor, newApp).json('/')).toEqual({ name: 'ada', cart: ['tea', 'mug'] })
    await browser.json('/sign-out', POST)
    expect(await moved(visitor, newApp).json('/')).toEqual({ name: null, cart: [] })
    const before2 = await fresh.count()
    const forged = visitor.clone()
    const seal = forged.jar.get('shop')!
    forged.jar.set('shop', {
      ...seal,
      value: seal.value.replace(/.(?=~2$)/, (last) => (last === 'A' ? 'B' : 'A')),
    })
    expect(await moved(forged, newApp).json('/')).toEqual({ name: null, cart: [] })
    expect(await fresh.count()).toBe(before2)
  })

  it('from Django keeps a user signed in, and destroys the session of both apps', async () => {
    const { app } = await run(filesIn(pageText('docs/migrate/django.md'))['server.ts'] ?? '')
    const key = 'django0123456789'.padEnd(32, 'x')
    await django.put({
      session_key: { S: key },
      data: { S: DJANGO.small.value },
      expires: { N: String(Math.ceil(Date.now() / 1000) + 3600) },
    })
    const fetch: Fetch = async (path, init) => (app as h3.H3).request(path, init)
    const headers = { cookie: `sessionid=${key}` }
    const browser = new Browser(fetch)
    expect((await browser.fetch('/cart/tea', POST)).status).toBe(401)
    const added = await browser.json('/cart/tea', { ...POST, headers })
    expect(added).toEqual({ user: '7', cart: ['tea'] })
    await browser.json('/sign-out', { ...POST, headers: { cookie: `${browser.cookie}; sessionid=${key}` } })
    expect(await django.get(key)).toBeUndefined()
  })

  it('has code of the right types', { timeout: 60_000 }, () => {
    const redis = partOf('docs/migrate/express-session.md', '## connect-redis', '## Afterwards')
    const modules = {
      'express-session.ts': diffOf('docs/migrate/express-session.md').after,
      'redis.ts': snippetsIn(redis)[0]?.code ?? '',
      'iron-session.ts': diffOf('docs/migrate/iron-session.md').after,
      'django.ts': filesIn(pageText('docs/migrate/django.md'))['server.ts'] ?? '',
    }
    expect(typeErrors(modules)).toEqual([])
  })
})

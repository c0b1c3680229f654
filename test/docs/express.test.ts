import * as express from 'express'
import * as session from 'express-session'
import * as h3 from 'h3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessionsOfExpress from '../../src/express/index.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import * as migrate from '../../src/migrate/index.ts'
import { serve, stopApps } from '../express/express-app.ts'
import { Browser } from '../support/browser.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { filesIn, pageText, partOf, runSnippet, snippetsIn } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'
import { typeErrors } from '../support/type-errors.ts'

const PAGE = 'docs/express.md'
const MODULES: Record<string, object> = {
  express,
  'express-session': session,
  h3,
  unsession,
  'unsession/express': sessionsOfExpress,
  'unsession/h3': sessions,
  'unsession/migrate': migrate,
  'unsession/drivers/dynamodb': driver,
}
const FILES = filesIn(pageText(PAGE))
const POST = { method: 'POST' }

describe(`the snippets of ${PAGE}`, () => {
  let table: TestTable
  beforeAll(async () => {
    table = await createTestTable(anyEngine(), { userIndex: true })
  })
  beforeEach(() => {
    const { endpoint, region, credentials } = table.options
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', String(endpoint))
    vi.stubEnv('AWS_REGION', String(region))
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    vi.stubEnv('SESSION_PASSWORD', 'a password of at least 32 characters')
    vi.stubEnv('SESSION_SECRET', 'keyboard cat')
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await stopApps()
  })
  afterAll(() => table.drop())

  const run = (code: string, modules: Record<string, object> = {}): Promise<Record<string, unknown>> =>
    runSnippet(code.replaceAll(`'sessions'`, JSON.stringify(table.table)), { ...MODULES, ...modules })

  it('share one session between Express and routes that have moved', async () => {
    const server = await run(FILES['server.ts'] ?? '')
    const newApp = await run(FILES['new-app.ts'] ?? '', { './server.ts': server })
    const moved = partOf(
      PAGE,
      '3. Route its paths to the new app: in the load balancer, or in the Express app itself, after `sessionMiddleware` or before it:',
      '4. Repeat 2 and 3. When no route is left, remove Express.',
    )
    await run(snippetsIn(moved)[0]?.code ?? '', { './server.ts': server, './new-app.ts': newApp })
    const browser = new Browser(await serve(server['app'] as express.Express))
    expect(await browser.json('/cart/tea', POST)).toEqual(['tea'])
    const before = browser.clone()
    expect(await browser.json('/new/cart/mug', POST)).toEqual(['tea', 'mug'])
    expect((await browser.fetch('/sign-in', POST)).status).toBe(302)
    expect(await browser.json('/')).toEqual({ user: 'ada', cart: ['tea', 'mug'] })
    expect(await browser.json('/new/cart')).toEqual(['tea', 'mug'])
    expect(await before.json('/new/cart')).toEqual([])
    const copy = browser.clone()
    expect((await browser.fetch('/sign-out', POST)).status).toBe(302)
    expect(await copy.json('/')).toEqual({ user: null, cart: [] })
  })

  it('sign a user of express-session out everywhere', async () => {
    const { app } = await run(FILES['with-store.ts'] ?? '')
    const fetch = await serve(
      (app as express.Express).get('/', (req, res) => void res.json({ user: req.session.user ?? null })),
    )
    const [one, two] = [new Browser(fetch), new Browser(fetch)]
    for (const browser of [one, two]) await (await browser.fetch('/sign-in', POST)).text()
    expect(await two.json('/')).toEqual({ user: 'ada' })
    await (await one.fetch('/sign-out-everywhere', POST)).text()
    expect([await one.json('/'), await two.json('/')]).toEqual([{ user: null }, { user: null }])
  })

  it('compile', { timeout: 60_000 }, () => {
    const rest = snippetsIn(pageText(PAGE)).filter(({ language, path }) => language === 'ts' && !path)
    expect(rest).toHaveLength(3)
    const [mount = '', adopt = '', inPlace = ''] = rest.map(({ code }) => code)
    const modules = {
      'server.ts': FILES['server.ts'] ?? '',
      'new-app.ts': FILES['new-app.ts'] ?? '',
      'with-store.ts': FILES['with-store.ts'] ?? '',
      'mount.ts': mount,
      'adopt.ts': `import { sessionMiddleware } from 'unsession/express'\nimport { app, config } from './server.ts'\n${adopt}`,
      'in-place.ts': `import session from 'express-session'
        import { createSessionStore } from 'unsession'
        import dynamodb from 'unsession/drivers/dynamodb'
        import { createExpressStore } from 'unsession/express'\n${inPlace}`,
    }
    const wrong = (FILES['with-store.ts'] ?? '').replace('store: sessions', 'sessions')
    const errors = typeErrors({ ...modules, 'wrong.ts': wrong }, { exactOptionalPropertyTypes: true })
    expect(errors).toEqual([expect.stringMatching(/wrong\.ts: .*'sessions' does not exist/s)])
  })
})

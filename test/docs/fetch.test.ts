import { join } from 'node:path'
import * as hono from 'hono'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessions from '../../src/fetch/index.ts'
import * as unsession from '../../src/index.ts'
import { Browser } from '../support/browser.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { fetchServers, stopFetchServers } from '../support/fetch-platforms.ts'
import type { Fetch } from '../support/h3-platforms.ts'
import { ROOT } from '../support/pack.ts'
import { filesIn, partOf, runSnippet } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'

const PAGE = 'docs/fetch.md'
const MODULES: Record<string, object> = {
  hono,
  unsession,
  'unsession/fetch': sessions,
  'unsession/drivers/dynamodb': driver,
}

const APPS = {
  'a fetch server': filesIn(partOf(PAGE, '## A fetch server', '## Hono'))['server.ts'] ?? '',
  Hono: filesIn(partOf(PAGE, '## Hono', '## Astro'))['server.ts'] ?? '',
}

describe(`the snippets of ${PAGE}`, () => {
  let table: TestTable
  beforeAll(async () => {
    table = await createTestTable(anyEngine())
  })
  afterAll(() => table.drop())
  beforeEach(() => {
    const { endpoint, region, credentials } = table.options
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', String(endpoint))
    vi.stubEnv('AWS_REGION', String(region))
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    vi.stubEnv('SESSION_PASSWORD', 'a password of at least 32 characters')
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await stopFetchServers()
  })

  /** Serves what a snippet exports, by a real server. */
  async function serve(code: string, server: (typeof fetchServers)[number]): Promise<Fetch> {
    const { default: app } = await runSnippet(
      code.replace(`'sessions'`, JSON.stringify(table.table)),
      MODULES,
    )
    return server.listen((app as { fetch(request: Request): Promise<Response> }).fetch)
  }

  const post = (body?: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body ?? {}) })

  describe.each(fetchServers)('on $name', (server) => {
    it('count the visits of a browser, and delete the count', async () => {
      const browser = new Browser(await serve(APPS['a fetch server'], server))
      const other = browser.clone()
      expect(await browser.json('/')).toEqual({ visits: 1 })
      expect(await browser.json('/')).toEqual({ visits: 2 })
      expect(await other.json('/')).toEqual({ visits: 1 })
      expect((await browser.fetch('/forget', { method: 'POST' })).status).toBe(303)
      expect(browser.jar.size).toBe(0)
      expect(await browser.json('/')).toEqual({ visits: 1 })
    })

    it('keep the cart at sign-in with Hono, and delete it at sign-out', async () => {
      const browser = new Browser(await serve(APPS.Hono, server))
      expect(await browser.json('/')).toEqual({ hello: 'stranger', cart: [] })
      expect(browser.jar.size).toBe(0)
      expect(await browser.json('/cart/tea', post())).toEqual(['tea'])
      const before = browser.clone()
      const ada = { email: 'ada@example.com', password: 'correct horse' }
      expect((await browser.fetch('/sign-in', post({ ...ada, password: 'guess' }))).status).toBe(401)
      expect((await browser.fetch('/sign-in', post(ada))).status).toBe(302)
      expect(await browser.json('/')).toEqual({ hello: 'Ada', cart: ['tea'] })
      expect(await before.json('/')).toEqual({ hello: 'stranger', cart: [] })
      const copy = browser.clone()
      await browser.fetch('/sign-out', post())
      expect(browser.jar.size).toBe(0)
      expect(await copy.json('/')).toEqual({ hello: 'stranger', cart: [] })
    })
  })

  it('have correct types, with exact optional properties too', () => {
    const names = Object.keys(APPS).map((_, index) => join(ROOT, `test/docs/snippet-${index}.ts`))
    const codes = new Map(Object.values(APPS).map((code, index) => [names[index], code]))
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: ['node'],
      paths: {
        unsession: [join(ROOT, 'src/index.ts')],
        'unsession/fetch': [join(ROOT, 'src/fetch/index.ts')],
        'unsession/drivers/dynamodb': [join(ROOT, 'drivers/dynamodb.ts')],
      },
    }
    const host = ts.createCompilerHost(options)
    const { readFile, fileExists, getSourceFile } = host
    host.fileExists = (name) => codes.has(name) || fileExists(name)
    host.readFile = (name) => codes.get(name) ?? readFile(name)
    host.getSourceFile = (name, ...rest) => {
      const code = codes.get(name)
      return code === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, code, rest[0])
    }
    const program = ts.createProgram(names, options, host)
    const complaints = names.flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
    expect(complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual(
      [],
    )
  })
})

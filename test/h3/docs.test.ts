import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import * as h3 from 'h3'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { ROOT } from '../support/pack.ts'
import { describeEngines } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'

/** The first snippet of a page that imports something. */
function snippetOf(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const [, code = ''] = /^```ts\n(import .*?)^```$/ms.exec(text) ?? []
  return code
}

const modules: Record<string, object> = {
  h3,
  unsession,
  'unsession/h3': sessions,
  'unsession/drivers/dynamodb': driver,
}

/** What the page's snippet exports, on another table. */
function exportsOf(page: string, table: string): Record<string, unknown> {
  const code = snippetOf(page).replace(`'sessions'`, JSON.stringify(table))
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const names = Array.from(
    outputText.matchAll(/^export (?:async )?(?:const|function) (\w+)/gm),
    ([, name]) => name,
  )
  const body = outputText
    .replace(/^import \{(.+)\} from '(.+)';$/gm, 'const {$1} = modules["$2"];')
    .replace(/^import (\w+) from '(.+)';$/gm, 'const { default: $1 } = modules["$2"];')
    .replace(/^export /gm, '')
  return compileFunction(`${body}; return { ${names.join(', ')} }`, ['modules'])(modules) as Record<
    string,
    unknown
  >
}

describeEngines('the snippet', (engine) => {
  let table: TestTable
  beforeAll(async () => {
    table = await createTestTable(engine)
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
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('of docs/mobile.md serves mobile apps by header and browsers by cookie', async () => {
    const { app } = exportsOf('docs/mobile.md', table.table) as { app: h3.H3 }
    const signedIn = await app.request('/mobile/sign-in', { method: 'POST' })
    const { token } = (await signedIn.json()) as { token: string }
    const cookie = cookiesOf(signedIn).map(({ name, value }) => `${name}=${value}`)[0] ?? ''
    const me = async (headers: Record<string, string>): Promise<unknown> =>
      (await app.request('/me', { headers })).json()

    const mobile = { authorization: `Bearer ${token}` }
    const response = await app.request('/me', { headers: mobile })
    expect(await response.json()).toEqual({ user: 'ada' })
    expect(cookiesOf(response)).toEqual([])
    expect(response.headers.get('vary')).toBe('authorization, Cookie')
    expect(await me({ cookie })).toEqual({ user: 'ada' })
    expect(await me({ authorization: 'Bearer junk', cookie })).toEqual({ user: 'ada' })
    expect(await me({})).toEqual({ user: null })

    await app.request('/sign-out', { method: 'POST', headers: mobile })
    expect(await me(mobile)).toEqual({ user: null })
    expect(await me({ cookie })).toEqual({ user: null })
  })

  it('of docs/rendering.md gives all code that handles one request one session and one cookie', async () => {
    const { visit, respond } = exportsOf('docs/rendering.md', table.table) as {
      visit(request: Request): Promise<number>
      respond(request: Request, body: unknown): Promise<Response>
    }
    const browser = new Browser(async (url, init) => {
      const request = new Request(url, init)
      const visits = [await visit(request), await visit(request)]
      return respond(request, visits)
    })
    const response = await browser.fetch('http://127.0.0.1/')
    expect(await response.json()).toEqual([1, 2])
    expect(cookiesOf(response)).toHaveLength(1)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('vary')).toBe('Cookie')
    expect(await browser.json('http://127.0.0.1/')).toEqual([3, 4])
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import * as h3 from 'h3'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import { cookiesOf } from '../support/browser.ts'
import { ROOT } from '../support/pack.ts'
import { describeEngines } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/tables.ts'

const page = readFileSync(join(ROOT, 'docs/mobile.md'), 'utf8')
const [snippet = ''] = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code)

const modules: Record<string, object> = {
  h3,
  unsession,
  'unsession/h3': sessions,
  'unsession/drivers/dynamodb': driver,
}

/** The app that the page shows, on another table. */
function appOf(table: string): h3.H3 {
  const { outputText } = ts.transpileModule(snippet.replace(`'sessions'`, JSON.stringify(table)), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const body = outputText
    .replace(/^import \{(.+)\} from '(.+)';$/gm, 'const {$1} = modules["$2"];')
    .replace(/^import (\w+) from '(.+)';$/gm, 'const { default: $1 } = modules["$2"];')
    .replace('export const app', 'const app')
  return compileFunction(`${body}; return app`, ['modules'])(modules) as h3.H3
}

describeEngines('docs/mobile.md', (engine) => {
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

  it('shows an app that serves mobile apps by header and browsers by cookie', async () => {
    const app = appOf(table.table)
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
})

import * as h3 from 'h3'
import * as unstorage from 'unstorage'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as sessions from '../../src/h3/index.ts'
import * as unsession from '../../src/index.ts'
import * as tables from '../../src/table/index.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { pageText, partOf, runSnippet, snippetsIn } from '../support/snippets.ts'
import { describeEngines } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'

const MODULES: Record<string, object> = {
  h3,
  unstorage,
  unsession,
  'unsession/h3': sessions,
  'unsession/drivers/dynamodb': driver,
  'unsession/table': tables,
}

/** Runs code of a page on another table. */
function runOn(table: string, code: string): Promise<Record<string, unknown>> {
  return runSnippet(code.replaceAll(`'sessions'`, JSON.stringify(table)), MODULES)
}

/** Runs the first snippet of a page, or of a part of it, that imports something. */
async function runFirst(table: string, text: string): Promise<Record<string, unknown>> {
  const { code = '' } = snippetsIn(text).find((snippet) => snippet.code.startsWith('import ')) ?? {}
  return runOn(table, code)
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
    const { app } = (await runFirst(table.table, pageText('docs/mobile.md'))) as { app: h3.H3 }
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

  it('of docs/h3.md without the middleware stores its changes', async () => {
    const page = partOf('docs/h3.md', '## Without the middleware', '## Options')
    const { app } = (await runFirst(table.table, page)) as { app: h3.H3 }
    const browser = new Browser(async (path, init) => app.request(path, init))
    expect(await browser.json('/visits', { method: 'POST' })).toEqual({ visits: 1 })
    expect(await browser.json('/visits', { method: 'POST' })).toEqual({ visits: 2 })
  })

  it('of docs/driver.md creates a table, stores a value and takes a lock that nothing else can take', async () => {
    const codes = snippetsIn(pageText('docs/driver.md')).filter(({ language }) => language === 'ts')
    const codeWith = (text: string): string => codes.find(({ code }) => code.includes(text))?.code ?? ''
    const [store, lock, create] = ['createStorage(', 'ifVersion', 'createTable('].map(codeWith) as [
      string,
      string,
      string,
    ]
    const name = `${table.table}-2`
    const { created, mismatches } = await runOn(name, create)
    expect(created).toBe(true)
    // dynalite has no time to live.
    expect((mismatches as tables.Mismatch[]).filter(({ what }) => what !== 'time to live')).toEqual([])
    const print = vi.spyOn(console, 'log').mockReturnValue()
    const { storage } = (await runOn(name, store + lock)) as { storage: unstorage.Storage }
    expect(print).toHaveBeenCalledExactlyOnceWith({ name: 'Ada' })
    expect(await storage.getItem('job')).toBe('mine')
    await expect(runOn(name, store + lock)).rejects.toThrow(unsession.ConflictError)
    print.mockRestore()
    await storage.dispose()
    await tables.deleteTable({ table: name, region: 'eu-west-1' })
  })
})

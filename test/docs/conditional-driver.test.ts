import * as unstorage from 'unstorage'
import * as vitest from 'vitest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as unsession from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'
import { pageText, runSnippet, snippetsIn } from '../support/snippets.ts'
import { typeErrors } from '../support/type-errors.ts'

const codes = snippetsIn(pageText('docs/conditional-driver.md')).map(({ code }) => code)
const [driverCode = '', useCode = '', suiteCode = ''] = codes

const modules: Record<string, object> = { unstorage, unsession, vitest, 'unsession/testing': testing }
const page = (await runSnippet(driverCode, modules)) as {
  Table: new () => object
  mapDriver: (table?: object) => unsession.ConditionalDriver
}
modules['./map-driver.ts'] = page

describe('docs/conditional-driver.md', () => {
  it('has code with correct types', { timeout: 60_000 }, () => {
    const files = { 'map-driver.ts': driverCode, 'store.ts': useCode, 'suite.ts': suiteCode }
    expect(codes).toHaveLength(3)
    expect(typeErrors(files)).toEqual([])
    const wrong = driverCode.replace('return removed !== null', 'return removed')
    expect(typeErrors({ ...files, 'map-driver.ts': wrong })).toHaveLength(1)
  })

  it('makes a store in a storage', async () => {
    const { store } = (await runSnippet(useCode, modules)) as { store: unsession.SessionStore }
    await store.create({ id: 'a', data: { user: 'Ada' } })
    expect((await store.load('a'))?.data).toEqual({ user: 'Ada' })
  })
})

describe('the suite that docs/conditional-driver.md defines', async () => {
  await runSnippet(suiteCode, modules)
})

describe('the driver of docs/conditional-driver.md', () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }))
  afterAll(() => void vi.useRealTimers())

  const harness = { describe, it, setDate: (ms: number) => vi.setSystemTime(ms) }
  const table = new page.Table()
  testing.testSessionStore(harness, {
    name: 'a driver for each process, in a storage, with a codec that makes bytes',
    createStore: (options) =>
      unsession.createSessionStore({
        storage: unstorage.prefixStorage(unstorage.createStorage({ driver: page.mapDriver(table) }), 'app'),
        codec: unsession.compressed(unsession.json(), { above: 0 }),
        ...options,
      }),
  })
})

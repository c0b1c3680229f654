import { compileFunction } from 'node:vm'
import { H3, type H3Event } from 'h3'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { type SessionConfig, useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/index.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { OAuthProvider } from '../support/oauth-provider.ts'
import { pageText, snippetsIn } from '../support/snippets.ts'
import { describeEngines } from '../support/suites.ts'

/** The function that docs/once.md shows, as it is printed there, for one instance of an app. */
function accessTokenOf(config: SessionConfig, tokenUrl: string): (event: H3Event) => Promise<string> {
  const snippet = snippetsIn(pageText('docs/once.md')).find(({ path }) => path?.endsWith('access-token.ts'))
  if (!snippet) throw new Error('the page has no snippet')
  const { outputText } = ts.transpileModule(
    snippet.code.replace('https://provider.example/token', tokenUrl),
    {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    },
  )
  const body = outputText.replace(/^import .*$/gm, '').replace(/^export /gm, '')
  const compiled = compileFunction(`${body}; return accessToken`, [
    'useSession',
    'fetch',
    'URLSearchParams',
    'Error',
    'Date',
  ])
  return compiled((event: H3Event) => useSession(event, config), fetch, URLSearchParams, Error, Date) as never
}

const provider = new OAuthProvider()
beforeAll(() => provider.start())
afterAll(() => provider.stop())

describeEngines('an OAuth refresh token that may be used once', (engine) => {
  let table: TestTable
  let instances: { app: H3; dispose: () => Promise<void> }[]

  beforeAll(async () => {
    table = await createTestTable(engine)
  })
  afterAll(() => table.drop())

  beforeEach(() => {
    instances = [1, 2, 3].map(() => {
      const driver = dynamodb(table.options)
      const store = createSessionStore({ storage: driver })
      const config = { store, password: 'a password of thirty-two characters' }
      const accessToken = accessTokenOf(config, provider.url)
      const app = new H3()
      app.get('/sign-in', async (event) => {
        const session = await useSession(event, config)
        const tokens = { access: 'access-0', refresh: provider.signIn(), expiresAt: Date.now() }
        await session.update({ tokens })
        return 'signed in'
      })
      app.get('/page', (event) => accessToken(event))
      app.get('/refresh-token', async (event) => {
        const session = await useSession<{ tokens: { refresh: string } }>(event, config)
        return session.data.tokens.refresh
      })
      return { app, dispose: async () => void (await driver.dispose?.()) }
    })
    provider.refreshes = provider.refused = 0
  })
  afterEach(() => Promise.all(instances.map(({ dispose }) => dispose())))

  const get = (path: string, index: number, cookie = ''): Promise<Response> =>
    Promise.resolve(instances[index % 3]!.app.request(path, { headers: { cookie } }))
  const cookieOf = (response: Response): string | undefined =>
    response.headers.getSetCookie()[0]?.split(';')[0]

  it.each([0, 200])(
    'is refreshed by one of 30 parallel requests to 3 instances, and all see the new one: %s ms',
    async (delay) => {
      provider.delay = delay
      const cookie = cookieOf(await get('/sign-in', 0))
      const responses = await Promise.all(
        Array.from({ length: 30 }, (_, index) => get('/page', index, cookie)),
      )
      expect(await Promise.all(responses.map((response) => response.text()))).toEqual(
        Array.from({ length: 30 }, () => 'access-1'),
      )
      expect(provider).toMatchObject({ refreshes: 1, refused: 0 })
      // A request that came when all was done needed no cookie. Each other one leads every instance to the new refresh token.
      const cookies = responses.flatMap((response) => cookieOf(response) ?? [])
      expect(cookies.length).toBeGreaterThan(0)
      for (const [index, each] of cookies.entries()) {
        const known = await get('/refresh-token', index, each)
        expect(provider.accepts(await known.text())).toBe(true)
      }
    },
  )

  it('fails without it: the test provider revokes the tokens of a user whose refresh token is used twice', async () => {
    const token = provider.signIn()
    const use = (): Promise<Response> =>
      fetch(provider.url, { method: 'POST', body: new URLSearchParams({ refresh_token: token }) })
    const [first, second] = [await use(), await use()]
    expect([first.status, second.status]).toEqual([200, 400])
    const { refresh_token: next } = (await first.json()) as { refresh_token: string }
    expect(provider.accepts(next)).toBe(false)
  })
})

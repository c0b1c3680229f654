import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { filesIn, pageText, runSnippet } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'
import { installTools } from '../support/tools.ts'

/** The part of better-auth's instance that the tests use. */
interface Auth {
  handler(request: Request): Promise<Response>
}

const ORIGIN = 'http://app.example'

describe('the snippet of docs/better-auth.md', () => {
  let table: TestTable
  let auth: Auth
  beforeAll(async () => {
    const tools = await installTools(['better-auth@1.7.25'])
    const load = (name: string): Promise<object> =>
      import(pathToFileURL(createRequire(join(tools, 'x.js')).resolve(name)).href) as Promise<object>
    const { memoryAdapter } = (await load('better-auth/adapters/memory')) as {
      memoryAdapter(tables: object): object
    }
    table = await createTestTable(anyEngine())
    const { endpoint, region, credentials } = table.options
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', String(endpoint))
    vi.stubEnv('AWS_REGION', String(region))
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
    vi.stubEnv('BETTER_AUTH_URL', ORIGIN)
    vi.stubEnv('BETTER_AUTH_SECRET', 'a secret of at least 32 characters, for tests')
    vi.stubEnv('BETTER_AUTH_TELEMETRY', '0')
    const code = (filesIn(pageText('docs/better-auth.md'))['auth.ts'] ?? '').replace(
      `'auth-sessions'`,
      `'${table.table}'`,
    )
    const database = memoryAdapter({ user: [], session: [], account: [], verification: [] })
    const exported = await runSnippet(code, {
      'better-auth': await load('better-auth'),
      'unsession/drivers/dynamodb': driver,
      './database.ts': { database },
    })
    auth = exported['auth'] as Auth
  }, 300_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await table.drop()
  })

  const call = (path: string, cookie = '', body?: object): Promise<Response> =>
    auth.handler(
      new Request(`${ORIGIN}/api/auth/${path}`, {
        headers: { cookie, origin: ORIGIN, 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      }),
    )
  const cookieOf = (response: Response): string =>
    response.headers
      .getSetCookie()
      .map((each) => each.split(';', 1)[0])
      .join('; ')
  const userOf = async (cookie: string): Promise<string | undefined> =>
    ((await (await call('get-session', cookie)).json()) as { user: { name: string } } | null)?.user.name

  const credentials = { email: 'ada@example.com', password: 'correct horse battery' }

  it('keeps sessions in the table with their end, and ends them at sign-out', async () => {
    const signedUp = await call('sign-up/email', '', { ...credentials, name: 'Ada' })
    expect(signedUp.status).toBe(200)
    const cookie = cookieOf(signedUp)
    expect(await userOf(cookie)).toBe('Ada')
    const token = decodeURIComponent(/session_token=([^;]+)/.exec(cookie)?.[1] ?? '').split('.', 1)[0] ?? ''
    const item = await table.get(token)
    const left = Number(item?.['expire_date']?.N) - Date.now() / 1000
    expect(Math.abs(left - 7 * 24 * 3600)).toBeLessThan(60)
    expect((await call('sign-out', cookie, {})).status).toBe(200)
    expect(await table.get(token)).toBeUndefined()
    expect(await userOf(cookie)).toBeUndefined()
  })

  it('lists the sessions of a user, and revokes the others', async () => {
    const [one, two] = [
      cookieOf(await call('sign-in/email', '', credentials)),
      cookieOf(await call('sign-in/email', '', credentials)),
    ]
    expect(await (await call('list-sessions', one)).json()).toHaveLength(2)
    expect((await call('revoke-other-sessions', one, {})).status).toBe(200)
    expect([await userOf(one), await userOf(two)]).toEqual(['Ada', undefined])
  })
})

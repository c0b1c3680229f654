import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sealSession } from 'h3v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { build, createProject, RELEASES } from './project.ts'
import { type Server, start, startInVain } from './server.ts'
import { Visitor } from './visitor.ts'

const PASSWORD = 'a password of thirty-two letters'
const NEW_PASSWORD = 'another password, of more letters than that'.replaceAll(',', '')
/** One password, although it has a comma: only the module's own variable is a list. */
const LIBRARY_PASSWORD = 'sealed, with what the library has'

let packed: Packed
let table: TestTable
beforeAll(async () => {
  packed = await pack()
  table = await createTestTable(anyEngine())
})
afterAll(async () => {
  await table.drop()
  await packed.remove()
})

/** A server's environment: password, table and credentials. */
function sessionsIn({ table: name, options }: TestTable): Record<string, string> {
  return {
    NITRO_SESSION_PASSWORD: PASSWORD,
    LIBRARY_PASSWORD,
    NITRO_SESSIONS_STORAGE_TABLE: name,
    NITRO_SESSIONS_STORAGE_ENDPOINT: options.endpoint,
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  }
}

describe.each(RELEASES)('a server built by $name', (release) => {
  let project: string
  let printed: string
  let env: Record<string, string>
  let one: Server
  let two: Server
  beforeAll(async () => {
    project = await createProject(packed, release, `built-by-${release.tool}`)
    printed = await build(project, release)
    env = sessionsIn(table)
    ;[one, two] = await Promise.all([start(project, env), start(project, env)])
  }, 120_000)
  afterAll(() => Promise.all([one?.stop(), two?.stop()]))

  /** Run a server of the same build, with another environment. */
  async function withServer(own: Record<string, string>, use: (url: string) => Promise<void>): Promise<void> {
    const server = await start(project, { ...env, ...own })
    try {
      await use(server.url)
    } finally {
      await server.stop()
    }
  }

  it('is built without a warning', () => {
    expect(printed).toMatch(/built/)
    expect(printed).not.toMatch(/warn|error|duplicate|deprecat|circular/i)
  })

  it('makes pages while it is built, without a password, a session or a storage', async () => {
    const page = await readFile(join(project, '.output/public/prerendered.json'), 'utf8')
    expect(JSON.parse(page)).toEqual({ isNew: true })
  })

  it('stores sessions without the SDK, and loads it for the first one if `transport` asks for it', async () => {
    await withServer({}, async (url) => {
      const visitor = new Visitor()
      expect((await visitor.get(`${url}/look`)).json()).toEqual({ data: {}, isNew: true })
      expect(visitor.cookies.size).toBe(0)
      expect((await visitor.get(`${url}/visit`)).json()['visits']).toBe(1)
      expect((await visitor.get(`${url}/sdk`)).json()).toEqual({ loaded: 0 })
    })
    await withServer({ NITRO_SESSIONS_STORAGE_TRANSPORT: 'sdk' }, async (url) => {
      const visitor = new Visitor()
      expect((await visitor.get(`${url}/sdk`)).json()).toEqual({ loaded: 0 })
      expect((await visitor.get(`${url}/visit`)).json()['visits']).toBe(1)
      expect((await visitor.get(`${url}/sdk`)).json()['loaded']).toBeGreaterThan(0)
    })
  })

  it('stores the changes of a handler, and reads them on another instance', async () => {
    const visitor = new Visitor()
    const first = await visitor.get(`${one.url}/visit`)
    expect(first.json()).toEqual({ id: expect.any(String), visits: 1 })
    const cookie = first.headers.get('set-cookie')
    expect(cookie).toMatch(/^h3=[\w-]{32}\.1\.[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(first.headers.get('cache-control')).toBe('no-store')
    for (const [index, { url }] of [two, one, two, two].entries()) {
      expect((await visitor.get(`${url}/visit`)).json()).toEqual({ ...first.json(), visits: index + 2 })
    }
    const stored = await table.get(String(first.json()['id']))
    expect(stored?.['version']).toEqual({ N: '5' })
  })

  it('stores before a returned Response is sent, and adds its headers', async () => {
    const visitor = new Visitor()
    const answer = await visitor.get(`${one.url}/response`)
    expect(answer.text).toBe('as it is')
    expect(answer.headers.get('vary')?.split(', ').toSorted()).toEqual(
      expect.arrayContaining(['Accept', 'Cookie']),
    )
    expect((await visitor.get(`${two.url}/look`)).json()).toEqual({ data: { via: 'response' }, isNew: false })
  })

  it('stores with an error below 500, and not with a failure', async () => {
    const visitor = new Visitor()
    expect((await visitor.get(`${one.url}/fail?status=404`)).status).toBe(404)
    expect((await visitor.get(`${one.url}/fail?status=500`)).status).toBe(500)
    expect((await visitor.get(`${two.url}/look`)).json()).toEqual({ data: { failed: 404 }, isNew: false })
  })

  it('destroys a session on all instances', async () => {
    const visitor = new Visitor()
    await visitor.get(`${one.url}/visit`)
    const old = new Visitor(Object.fromEntries(visitor.cookies))
    expect((await visitor.get(`${two.url}/clear`)).text).toBe('ended')
    expect(visitor.cookies.size).toBe(0)
    expect((await old.get(`${two.url}/look`)).json()).toEqual({ data: {}, isNew: true })
  })

  it('has one store, for handlers, plugins and useStorage', async () => {
    const visitor = new Visitor()
    await visitor.get(`${one.url}/visit`)
    expect((await visitor.get(`${one.url}/store`)).json()).toEqual({
      isListed: true,
      isStored: true,
      isPluginsToo: true,
    })
  })

  it('has further sessions, by name', async () => {
    const visitor = new Visitor()
    await visitor.get(`${one.url}/visit`)
    expect((await visitor.get(`${one.url}/other`)).json()).toEqual({ is: 'another one' })
    expect([...visitor.cookies.keys()]).toEqual(['h3', 'other'])
    expect((await visitor.get(`${one.url}/look`)).json()['data']).toEqual({ visits: 1 })
  })

  it.runIf(release.tool === 'nitropack')(
    'imports its functions automatically, before those of h3 and after those of the app',
    async () => {
      const answer = await new Visitor().get(`${one.url}/auto`)
      expect(answer.json()).toEqual({
        by: 'auto-import',
        isSame: true,
        isCounted: true,
        clear: 'of the app',
      })
    },
  )

  it('stops at a signal with exit code 0', async () => {
    const server = await start(project, env)
    await new Visitor().get(`${server.url}/visit`)
    expect(await server.stop()).toBe(0)
  })

  it('deletes expired sessions with a task', async () => {
    await table.put({
      session_key: { S: `expired-${release.tool}` },
      data: { S: '{}' },
      expire_date: { N: String(Math.floor(Date.now() / 1000) - 3600) },
    })
    const answer = await new Visitor().get(`${one.url}/task`)
    expect(answer.json()).toMatchObject({ result: { deleted: 1 } })
    expect(await table.get(`expired-${release.tool}`)).toBeUndefined()
  })

  describe('with h3: true', () => {
    it('stores the sessions of a package that uses h3, far beyond what a cookie holds', async () => {
      const visitor = new Visitor()
      const { id } = (await visitor.get(`${one.url}/library?write=100000`)).json()
      expect((await visitor.get(`${two.url}/library`)).json()).toEqual({ id, length: 100_000 })
      expect(visitor.cookies.get('library')).toMatch(/^[\w-]{32}\.1\.[\w-]{43}$/)
      const old = new Visitor(Object.fromEntries(visitor.cookies))
      expect((await visitor.get(`${two.url}/library?remove=1`)).text).toBe('removed')
      expect(visitor.cookies.size).toBe(0)
      expect((await old.get(`${two.url}/library`)).json()).toEqual({
        id: expect.not.stringContaining(String(id)),
      })
    })

    it('stores the sessions of a handler that imports h3, in a cookie and by a header', async () => {
      const visitor = new Visitor()
      const first = (await visitor.get(`${one.url}/library?own=1`)).json()
      expect(first).toEqual({ times: 1, token: visitor.cookies.get('own') })
      expect(first['token']).toMatch(/^[\w-]{32}\.1\.[\w-]{43}$/)
      const second = await new Visitor().get(`${two.url}/library?own=1`, { 'x-own': String(first['token']) })
      expect(second.json()).toMatchObject({ times: 2 })
      expect(second.headers.get('set-cookie')).toBeNull()
      expect((await visitor.get(`${two.url}/library?own=1`)).json()).toMatchObject({ times: 3 })
    })

    it('adopts a session that h3 has sealed, once', async () => {
      const session = { id: `sealed-${release.tool}`, createdAt: Date.now() - 1000, data: { name: 'Ada' } }
      const event = { context: { sessions: { library: session } } }
      const config = { password: LIBRARY_PASSWORD, name: 'library' }
      const sealed = { library: await sealSession(event as never, config) }
      const visitor = new Visitor(sealed)
      const taken = (await visitor.get(`${one.url}/library`)).json()
      expect(taken).toEqual({ id: expect.any(String), name: 'Ada' })
      expect(visitor.cookies.get('library')).toMatch(/^[\w-]+\.1\.[\w-]{43}$/)
      expect((await visitor.get(`${two.url}/library`)).json()).toEqual(taken)
      await visitor.get(`${two.url}/library?remove=1`)
      const replayed = (await new Visitor(sealed).get(`${two.url}/library`)).json()
      expect(replayed).toEqual({ id: expect.any(String) })
      expect(replayed['id']).not.toBe(taken['id'])
      // Others may know the session from before, for the seconds of their cache.
      await withServer({}, async (url) => {
        expect((await new Visitor(sealed).get(`${url}/library`)).json()).toEqual({ id: expect.any(String) })
      })
    })
  })

  describe('by its environment', () => {
    it('gets another cookie, cache and storage', async () => {
      const own = {
        NITRO_SESSIONS_NAME: 'sid',
        NITRO_SESSIONS_MAX_AGE: '3600',
        NITRO_SESSIONS_COOKIE_SECURE: 'false',
        NITRO_SESSIONS_COOKIE_SAME_SITE: 'strict',
        NITRO_SESSIONS_CACHE: 'false',
        NITRO_SESSIONS_STORAGE_DRIVER: 'memory',
      }
      await withServer(own, async (url) => {
        const visitor = new Visitor()
        const { headers } = await visitor.get(`${url}/visit`)
        expect(headers.get('set-cookie')).toMatch(
          /^sid=[^;]+; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/,
        )
        expect((await visitor.get(`${url}/visit`)).json()['visits']).toBe(2)
        expect((await visitor.get(`${url}/sdk`)).json()).toEqual({ loaded: 0 })
      })
    })

    it('accepts several passwords: the first signs, all verify', async () => {
      const visitor = new Visitor()
      await visitor.get(`${one.url}/visit`)
      await withServer({ NITRO_SESSION_PASSWORD: `${NEW_PASSWORD}, ${PASSWORD}` }, async (url) => {
        expect((await visitor.get(`${url}/visit`)).json()['visits']).toBe(2)
      })
      await withServer({ NITRO_SESSION_PASSWORD: NEW_PASSWORD }, async (url) => {
        expect((await visitor.get(`${url}/visit`)).json()['visits']).toBe(3)
      })
    })

    it('does not store direct changes with autoSave off', async () => {
      await withServer({ NITRO_SESSIONS_AUTO_SAVE: 'false' }, async (url) => {
        const visitor = new Visitor()
        await visitor.get(`${url}/visit`)
        expect(visitor.cookies.size).toBe(0)
      })
    })

    it('responds with 503, and sets no cookie, while the storage is unavailable', async () => {
      await withServer({ NITRO_SESSIONS_STORAGE_ENDPOINT: 'http://127.0.0.1:1' }, async (url) => {
        const { status, headers } = await new Visitor().get(`${url}/visit`)
        expect(status).toBe(503)
        expect(headers.get('set-cookie')).toBeNull()
      })
    })

    const missing = 'missing: set the variable NITRO_SESSION_PASSWORD'
    it.each([
      ['no password', { NITRO_SESSION_PASSWORD: '' }, missing],
      ['a short password', { NITRO_SESSION_PASSWORD: 'short' }, 'fewer than 32 characters'],
      ['a short old password', { NITRO_SESSION_PASSWORD: `${PASSWORD},short` }, 'fewer than 32 characters'],
      ['an invalid number', { NITRO_SESSIONS_MAX_AGE: 'soon' }, 'NITRO_SESSIONS_MAX_AGE'],
      ['a table that is none', { NITRO_SESSIONS_STORAGE_TABLE: '?' }, 'NITRO_SESSIONS_STORAGE_TABLE'],
      [
        'a driver that is not there',
        { NITRO_SESSIONS_STORAGE_DRIVER: 'redis' },
        'unsession/drivers/dynamodb, memory',
      ],
    ])('refuses to start with %s, and prints one line', async (_, own, message) => {
      const { code, output } = await startInVain(project, { ...env, ...own })
      expect(code).toBe(1)
      expect(output).toMatch(/^\[unsession\] [^\n]+\n$/)
      expect(output).toContain(message)
    })
  })
})

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exposedKeys } from '../../src/nuxt/options.ts'
import { startInVain } from '../nitro/server.ts'
import type { Browser } from '../support/browser.ts'
import { inExtent } from '../support/extent.ts'
import { describeInBrowser } from './in-browser.ts'
import { compile, type DevelopmentServer, startDevelopment, typecheck } from './project.ts'
import { post, signedIn, useApp, visitor } from './app.ts'

const app = useApp('nuxt', 'test/nuxt/fixtures/app')

/** The header of a browser's request for a page. Nuxt then renders errors as pages. */
const AS_PAGE: RequestInit = { headers: { accept: 'text/html' } }

/** Returns the text that a page shows about the session. */
async function shown(browser: Browser, url: string): Promise<string | undefined> {
  const html = await (await browser.fetch(url)).text()
  return /<p id="session">([^<]*)<\/p>/.exec(html)?.[1]?.trim()
}

describe('the build', () => {
  it('prints no warning', () => {
    expect(app.printed).toContain('Build complete')
    expect(app.printed.replaceAll(/error-\d{3}/g, '')).not.toMatch(/warn|error|duplicate|deprecat|circular/i)
  })

  it('knows the types of sessions in server, pages, shared code and configuration', async () => {
    expect(await typecheck(app.project)).toBe('')
  }, 120_000)
})

describe('the module', () => {
  it.each([['user'], [[1]], [{ user: true }]])('refuses to expose %j', (expose) => {
    expect(() => exposedKeys({ expose } as never)).toThrow(
      'option `sessions.expose` must be an array of keys',
    )
  })

  it.each(inExtent(['nodenext', 'bundler'], (each) => each === 'nodenext'))(
    'has correct types under moduleResolution %s',
    async (moduleResolution) => {
      const consumer = `
      import sessions, { type ModuleOptions } from 'unsession/nuxt'
      const options: ModuleOptions = { storage: { table: 'sessions' }, maxAge: 60, expose: ['user'] }
      // @ts-expect-error keys are strings
      export const wrong: ModuleOptions = { expose: [1] }
      // @ts-expect-error it is a module of Nuxt
      export const none: string = sessions
      export default options`
      const compilerOptions = {
        target: 'es2022',
        module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution,
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: [],
      }
      const folder = join(app.project, moduleResolution)
      await mkdir(folder)
      await writeFile(join(folder, 'consumer.ts'), consumer)
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
      )
      expect(await compile(app.project, ['-p', moduleResolution])).toBe('')
    },
    60_000,
  )
})

describe('sessions in the server', () => {
  it('use the module’s options, are saved automatically, and are seen by the other instance', async () => {
    const browser = await signedIn(app.one.url)
    const [cookie] = [...browser.jar.values()]
    expect(cookie?.text).toMatch(
      /^shop=[\w-]{32}\.1\.[\w-]{43}; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(await browser.json(`${app.two.url}/api/cart`, post({ product: 'tea' }))).toEqual(['tea'])
    expect(await browser.json(`${app.one.url}/api/session`)).toEqual({
      id: cookie?.value.split('.')[0],
      data: { user: { name: 'Ada' }, secret: 'what only the server knows of Ada', cart: ['tea'] },
      isNew: false,
      expiresAt: expect.any(Number),
      // By `useStorage('sessions')` and by `useSessionStore()`.
      stored: true,
      version: 2,
    })
  })

  it('store sessions without the SDK', async () => {
    await app.withServer({}, async (url) => {
      const browser = visitor()
      expect(await shown(browser, `${url}/`)).toBe('nobody has nothing (0)')
      await browser.fetch(`${url}/api/sign-in`, post({ name: 'Ada' }))
      expect(await shown(browser, `${url}/`)).toBe('Ada has nothing (0)')
      expect(await browser.json(`${url}/sdk`)).toEqual({ loaded: 0 })
    })
  })

  it('read the environment variables of the server', async () => {
    const own = {
      NUXT_SESSIONS_NAME: 'sid',
      NUXT_SESSIONS_MAX_AGE: '60',
      NUXT_SESSIONS_STORAGE_DRIVER: 'memory',
    }
    await app.withServer(own, async (url) => {
      const browser = await signedIn(url)
      expect([...browser.jar.keys()]).toEqual(['sid'])
      const { expiresAt } = await browser.json(`${url}/api/session`)
      expect(expiresAt - Date.now()).toBeLessThanOrEqual(60_000)
      expect(await browser.json(`${url}/sdk`)).toEqual({ loaded: 0 })
    })
  })

  it.each([
    ['no password', { NUXT_SESSION_PASSWORD: '' }, 'missing: set the variable NUXT_SESSION_PASSWORD'],
    ['a short password', { NUXT_SESSION_PASSWORD: 'short' }, 'fewer than 32 characters'],
    ['an invalid number', { NUXT_SESSIONS_MAX_AGE: 'soon' }, 'NUXT_SESSIONS_MAX_AGE'],
  ])('refuse to start with %s, and print one line', async (_, own, message) => {
    const { code, output } = await startInVain(app.project, { ...app.env, ...own })
    expect(code).toBe(1)
    expect(output).toMatch(/^\[unsession\] [^\n]+\n$/)
    expect(output).toContain(message)
  })
})

describe('the data that pages see', () => {
  it('contains exposed and computed keys from the start, and nothing else', async () => {
    const browser = await signedIn(app.one.url)
    await browser.fetch(`${app.one.url}/api/cart`, post({ product: 'tea' }))
    for (const { url } of [app.one, app.two]) {
      const response = await browser.fetch(`${url}/`)
      const html = await response.text()
      expect(html).toMatch(/<p id="session">Ada has tea \(1\) *</)
      expect(html).not.toContain('what only the server knows')
      expect(response.headers.get('vary')).toBe('Cookie')
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
    const response = await browser.fetch(`${app.two.url}/_session`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ user: { name: 'Ada' }, cart: ['tea'], cartSize: 1 })
  })

  it('starts no session, and sets no cookie', async () => {
    const before = await app.table.count()
    const browser = visitor()
    expect(await shown(browser, `${app.one.url}/`)).toBe('nobody has nothing (0)')
    expect(await browser.json(`${app.one.url}/_session`)).toEqual({ cartSize: 0 })
    expect(browser.jar.size).toBe(0)
    expect(await app.table.count()).toBe(before)
  })

  it.each(['/cached', '/isr', '/static', '/public', '/cdn', '/browser'])(
    'is not part of %s, which is the same for everybody',
    async (path) => {
      const [ada, nobody] = [await signedIn(app.one.url), visitor()]
      for (const browser of [ada, ada, nobody]) {
        const response = await browser.fetch(app.one.url + path)
        const html = await response.text()
        expect(html).not.toMatch(/\b(?:Ada|nobody)\b/)
        expect(html).toContain(path === '/browser' ? '__NUXT_DATA__' : '<p id="session">unknown</p>')
        expect(response.headers.get('set-cookie')).toBeNull()
      }
    },
  )

  it('lets the app set how long the browser may store a page', async () => {
    const browser = await signedIn(app.one.url)
    const response = await browser.fetch(`${app.one.url}/private`)
    expect(await response.text()).toContain('Ada has nothing')
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
  })

  it('does not prevent the caching of a cached page', async () => {
    const responses = [
      await visitor().fetch(`${app.two.url}/cached`),
      await (await signedIn(app.two.url)).fetch(`${app.two.url}/cached`),
    ]
    const [first, second] = responses.map(({ headers }) => headers)
    expect(first?.get('cache-control')).toMatch(/^s-maxage=60/)
    expect(second?.get('last-modified')).toBe(first?.get('last-modified'))
  })

  it('is never cached over HTTP, with any rules of the app for all routes', async () => {
    const browsers = await Promise.all(['Ada', 'Grace'].map((name) => signedIn(app.one.url, name)))
    const seen = []
    for (const browser of [...browsers, visitor()]) seen.push(await browser.json(`${app.one.url}/_session`))
    expect(seen.map(({ user }) => user?.name)).toEqual(['Ada', 'Grace', undefined])
  })

  it('is known to route middleware', async () => {
    const browser = await signedIn(app.one.url)
    expect(await shown(browser, `${app.two.url}/account`)).toBe('Ada has nothing (0)')
    await browser.fetch(`${app.one.url}/api/sign-out`, post())
    const response = await browser.fetch(`${app.two.url}/account`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, '/'])
  })

  it('makes the page fail while the storage is unavailable', async () => {
    const browser = await signedIn(app.one.url)
    await app.withServer({ NUXT_SESSIONS_STORAGE_ENDPOINT: 'http://127.0.0.1:1' }, async (url) => {
      const response = await browser.fetch(`${url}/`, AS_PAGE)
      expect(response.status).toBe(503)
      expect(response.headers.get('set-cookie')).toBeNull()
      const html = await response.text()
      expect(html).toContain('The session cannot be read')
      expect(html).not.toMatch(/\b(?:nobody|Ada)\b|127\.0\.0\.1:1\b/)
      expect(html).not.toContain(app.table.table)
      expect((await browser.fetch(`${url}/_session`)).status).toBe(503)
      expect((await browser.fetch(`${url}/nowhere`)).status).toBe(503)
    })
  })

  it.each(['/nowhere', '/cdn/nowhere'])('is not part of the error page of %s', async (path) => {
    const response = await (await signedIn(app.one.url)).fetch(app.one.url + path, AS_PAGE)
    const html = await response.text()
    expect(response.status).toBe(404)
    expect(html).toContain('__NUXT_DATA__')
    expect(html).not.toMatch(/\bAda\b/)
  })

  it('stays private when the page sets a public Cache-Control', async () => {
    const response = await (await signedIn(app.one.url)).fetch(`${app.one.url}/late`)
    expect(await response.text()).toContain('Ada has nothing')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('cdn-cache-control')).toBeNull()
  })
})

describeInBrowser(app)

describe('development', () => {
  it('creates a password, starts a DynamoDB, and keeps sessions after a restart', async () => {
    const browser = visitor()
    const first = await develop(({ url }) => browser.fetch(`${url}/api/sign-in`, post({ name: 'Ada' })))
    expect(first).toContain('Created a password for sessions in .env')
    expect(first).toContain('Sessions are stored in an embedded DynamoDB in .data/dynamodb')
    expect(await readFile(join(app.project, '.env'), 'utf8')).toMatch(/^NUXT_SESSION_PASSWORD=[\w-]{43}\n$/)

    await develop(async ({ url }) => expect(await shown(browser, `${url}/`)).toBe('Ada has nothing (0)'))
  }, 120_000)

  /** Runs a development server. @returns its output */
  async function develop(use: (server: DevelopmentServer) => Promise<unknown>): Promise<string> {
    const server = await startDevelopment(app.project, '/sdk')
    try {
      await use(server)
    } finally {
      await server.stop()
    }
    return server.output()
  }
})

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startDynamoDB } from '../../src/testing/index.ts'
import { Browser } from '../support/browser.ts'
import { type Packed, pack, ROOT, run } from '../support/pack.ts'
import { pageText } from '../support/snippets.ts'
import { APPS, type AppServer, makeApp, startApp } from './apps.ts'

const MANIFEST = JSON.parse(pageText('package.json')) as { version: string; license: string }
const PASSWORD = 'a password of at least 32 characters'
const MINUTES = 60_000

let packed: Packed
let tarball: string
beforeAll(async () => {
  packed = await pack()
  tarball = join(packed.folder, readdirSync(packed.folder).find((name) => name.endsWith('.tgz')) ?? '')
})
afterAll(() => packed?.remove())

describe('the release', () => {
  it('has its version and its date in the changelog', () => {
    const [, date = ''] =
      new RegExp(String.raw`^## \[${MANIFEST.version.replaceAll('.', String.raw`\.`)}\] - (.+)$`, 'm').exec(
        pageText('CHANGELOG.md'),
      ) ?? []
    expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/)
  })

  it(
    'is new to the registry',
    async (context) => {
      const asked = await run('npm', ['view', `unsession@${MANIFEST.version}`, 'version', '--json'], {
        timeout: MINUTES,
      })
        .then(({ stdout }) => stdout.trim())
        .catch(({ stdout }: { stdout: string }) => stdout)
      // npm prints nothing for a package that exists without this version, and E404 for a package that does not exist.
      if (asked !== '' && !asked.includes('E404') && !asked.includes(MANIFEST.version)) {
        context.skip(`the registry could not be asked: ${asked}`)
      }
      expect(asked).not.toMatch(new RegExp(`^"?${MANIFEST.version}"?$`))
    },
    2 * MINUTES,
  )

  it('has a licence', () => {
    const text = readFileSync(join(packed.folder, 'package/LICENSE'), 'utf8')
    expect(text).toContain(`${MANIFEST.license} License`)
  })

  it('has records for later releases to read', () => {
    expect(readdirSync(join(ROOT, 'test/fixtures/aged'))).toContain(MANIFEST.version)
  })

  it('has exports, types and files that fit together', async () => {
    const pkgDir = join(packed.folder, 'package')
    const { messages, pkg } = await publint({ pkgDir, strict: true, pack: false })
    expect(messages.map((message) => formatMessage(message, pkg as Record<string, unknown>))).toEqual([])
  })

  it(
    'is small enough, in what an app loads at its start and in what npm downloads',
    async () => {
      const { stdout } = await run(process.execPath, [join(ROOT, 'test/bench/run.mjs'), 'size', '--json'], {
        cwd: ROOT,
      })
      const rows = JSON.parse(stdout.slice(stdout.indexOf('['))) as { name: string; met: boolean }[]
      expect(rows.find(({ name }) => name.includes('when the app starts'))).toMatchObject({ met: true })
      expect(statSync(tarball).size).toBeLessThan(1_000_000)
    },
    MINUTES,
  )
})

describe.each(APPS)('an empty app with $name', (spec) => {
  let server: AppServer
  let database: Awaited<ReturnType<typeof startDynamoDB>>
  beforeAll(async () => {
    const folder = join(packed.folder, spec.name.replaceAll(/\W+/g, '-'))
    await mkdir(folder)
    await makeApp(folder, tarball, spec)
    database = await startDynamoDB()
    const { endpoint, region, credentials, table } = database
    server = await startApp(folder, spec, {
      SESSION_PASSWORD: PASSWORD,
      NITRO_SESSION_PASSWORD: PASSWORD,
      NUXT_SESSION_PASSWORD: PASSWORD,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      DYNAMODB_SESSIONS_TABLE_NAME: table,
    })
  }, 15 * MINUTES)
  afterAll(async () => {
    await server?.stop()
    await database?.stop()
  })

  it('runs its quick start', async () => {
    const open = (): Browser =>
      new Browser((path, init) => fetch(server.url + path, { redirect: 'manual', ...init }))
    const post = (body: object): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const [visitor, ada] = [open(), open()]
    if (spec.files['server/routes/visits.ts']) {
      for (const visits of [1, 2]) expect(await ada.json('/visits')).toEqual({ visits })
      expect(await visitor.json('/visits')).toEqual({ visits: 1 })
      return
    }
    const signIn = spec.files['nuxt.config.ts'] ? '/api/sign-in' : '/sign-in'
    const credentials = { email: 'ada@example.com', password: 'correct horse' }
    expect((await visitor.fetch(signIn, post({ ...credentials, password: 'guess' }))).status).toBe(401)
    // With Hono the answer is a redirection.
    expect((await ada.fetch(signIn, post(credentials))).status).toBeLessThan(400)
    expect(await (await ada.fetch('/')).text()).toMatch(/Ada/)
    expect(await (await visitor.fetch('/')).text()).toMatch(/stranger/)
  })
})

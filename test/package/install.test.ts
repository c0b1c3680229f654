import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inExtent } from '../support/extent.ts'
import { linksOf } from '../support/links.ts'
import { type Packed, ROOT, pack, run } from '../support/pack.ts'

/** Exported values of each entry; types are checked by compiling against them below. */
const EXPORTS: Record<string, string[]> = {
  unsession: [
    'ConflictError',
    'SessionGoneError',
    'UnsessionError',
    'answerHandshake',
    'checkHealth',
    'compressed',
    'createSessionStore',
    'devalue',
    'encrypted',
    'json',
    'signToken',
    'verifyToken',
  ],
  'unsession/drivers/dynamodb': ['DRIVER_DEPENDENCIES', 'default'],
  'unsession/express': ['createExpressStore', 'getSession', 'sessionMiddleware', 'useSession'],
  'unsession/fetch': [
    'clearSession',
    'getSession',
    'sessionMiddleware',
    'updateSession',
    'useSession',
    'warm',
  ],
  'unsession/h3': ['clearSession', 'getSession', 'sessionMiddleware', 'updateSession', 'useSession', 'warm'],
  'unsession/migrate': ['django', 'expressSession', 'fromDjango', 'fromExpressSession'],
  'unsession/nitro': ['default', 'runtimeTypes', 'sessionsModule'],
  'unsession/nitro/runtime': ['clearSession', 'getSession', 'updateSession', 'useSession', 'useSessionStore'],
  'unsession/nuxt': ['default'],
  'unsession/table': [
    'clearExpired',
    'clearExpiredHandler',
    'createTable',
    'deleteTable',
    'describeTable',
    'enableTimeToLive',
    'iamPolicy',
    'tableTemplate',
  ],
  'unsession/testing': ['startDynamoDB', 'testConditionalDriver', 'testSessionStore'],
}

/** Releases that an app can install with the package: name in the app → name in this repository. */
const COMPANIONS: Record<string, Record<string, string>> = {
  'unstorage 1 and h3 1': { unstorage: 'unstorage', h3: 'h3v1', nuxt: 'nuxt' },
  'unstorage 2 and h3 2': { unstorage: 'unstorage2', h3: 'h3', nuxt: 'nuxt' },
}

const CONSUMER = `
import { createSessionStore, ConflictError, type SessionStore } from 'unsession'
import dynamodb, { DRIVER_DEPENDENCIES, type DynamoDBOptions } from 'unsession/drivers/dynamodb'
import { useSession } from 'unsession/h3'
import { fromExpressSession } from 'unsession/migrate'
import { createTable, describeTable } from 'unsession/table'
import { startDynamoDB } from 'unsession/testing'
import { createStorage } from 'unstorage'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { H3Event } from 'h3'

const options: DynamoDBOptions = { table: 'sessions', region: 'eu-west-1', batch: { maxInFlight: 8 } }
const client = new DynamoDBClient({})
const storage = createStorage({ driver: dynamodb(options) })
createStorage({ driver: dynamodb({ client }) })
createStorage({ driver: dynamodb({ client: DynamoDBDocumentClient.from(client) }) })
const store: SessionStore = createSessionStore({ storage, maxAge: 3600 })
createSessionStore({ storage: dynamodb() })

export async function handler(event: H3Event): Promise<string[]> {
  const adopt = fromExpressSession({ storage, secret: 'old' })
  const session = await useSession<{ cart: string[] }>(event, { store, password: 'p'.repeat(32), adopt })
  await session.update({ cart: ['x'] })
  const cart: string[] = session.data.cart ?? []
  return cart
}
export const dependency: string = DRIVER_DEPENDENCIES.client.name
export const tools = [createTable, describeTable, startDynamoDB]
export const isConflict = (error: unknown): boolean => error instanceof ConflictError
// @ts-expect-error an option that does not exist is refused by the compiler
dynamodb({ tabel: 'sessions' })
`

/** How `npm test` compiles the consumer with each. A whole run does both. */
const COMPILED: Record<string, string> = {
  'unstorage 1 and h3 1': 'nodenext',
  'unstorage 2 and h3 2': 'bundler',
}

describe('the packed package', () => {
  let packed: Packed
  beforeAll(async () => {
    packed = await pack()
  })
  afterAll(() => packed.remove())

  it('contains the build, the documentation and the license, and nothing else', async () => {
    const { stdout } = await run('find', ['package', '-type', 'f'], { cwd: packed.folder })
    const files = stdout.trim().split('\n')
    expect(files).toEqual(
      expect.arrayContaining(['package/README.md', 'package/LICENSE', 'package/package.json']),
    )
    const isWanted =
      /^package\/(dist\/.+\.(mjs|d\.mts)|docs\/[^.][^/]*(\/[^.][^/]*)*|[A-Z]+\.md|LICENSE|package\.json)$/
    expect(files.filter((file) => !isWanted.test(file))).toEqual([])
  })

  it('contains the targets of all links in its pages', async () => {
    const names = await readdir(join(packed.folder, 'package'), { recursive: true })
    const pages = names.filter((name) => name.endsWith('.md'))
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/nuxt.md']))
    for (const page of pages) {
      const links = linksOf(await readFile(join(packed.folder, 'package', page), 'utf8'))
      const targets = links.map((link) => join(dirname(page), link.split('#')[0] || basename(page)))
      expect(targets.filter((target) => !names.includes(target.replace(/\/$/, '')))).toEqual([])
    }
  })

  it('has the listed entries', async () => {
    const { exports } = JSON.parse(await readFile(join(packed.folder, 'package/package.json'), 'utf8'))
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json')
    expect(entries.map((entry) => entry.replace('.', 'unsession')).toSorted()).toEqual(
      Object.keys(EXPORTS).toSorted(),
    )
  })

  describe.each(Object.entries(COMPANIONS))('with %s', (name, companions) => {
    let project: string
    beforeAll(async () => {
      project = await packed.project(name.replaceAll(' ', '-'), companions, { 'consumer.ts': CONSUMER })
    })

    it('exports the listed names, and does not load the SDK on import', async () => {
      const script = `
        const entries = ${JSON.stringify(Object.keys(EXPORTS))}
        const names = {}
        for (const entry of entries) names[entry] = Object.keys(await import(entry)).sort()
        const { createRequire } = await import('node:module')
        const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('@aws-sdk'))
        console.log(JSON.stringify({ names, loaded }))`
      await writeFile(join(project, 'names.mjs'), script)
      const { stdout } = await run(process.execPath, ['names.mjs'], { cwd: project })
      expect(JSON.parse(stdout)).toEqual({ names: EXPORTS, loaded: [] })
    })

    it.each(inExtent(['nodenext', 'bundler'], (each) => each === COMPILED[name]))(
      'has correct types under moduleResolution %s',
      { timeout: 120_000 },
      async (moduleResolution) => {
        const compilerOptions = {
          target: 'es2022',
          module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
          moduleResolution,
          strict: true,
          noEmit: true,
          types: ['node'],
        }
        const config = join(project, `tsconfig.${moduleResolution}.json`)
        await writeFile(config, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
        const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
        const output = await run(process.execPath, [tsc, '-p', config], { cwd: project }).then(
          () => '',
          (error: { stdout: string }) => error.stdout,
        )
        // Ignores errors in the declarations of other packages.
        const ours = output.split('\n').filter((line) => /^(consumer|node_modules\/unsession)/.test(line))
        expect(ours).toEqual([])
      },
    )

    it('works as a driver of a storage, and lets the process exit after dispose()', async () => {
      const script = `
        import { createStorage } from 'unstorage'
        import dynamodb from 'unsession/drivers/dynamodb'
        import { startDynamoDB } from 'unsession/testing'
        const db = await startDynamoDB()
        const storage = createStorage({ driver: dynamodb(db.options) })
        await storage.setItem('a', { b: 1 }, { ttl: 60 })
        console.log(JSON.stringify(await Promise.all([storage.getItem('a'), storage.getItem('none')])))
        await storage.dispose()
        await db.stop()`
      await writeFile(join(project, 'storage.mjs'), script)
      const { stdout } = await run(process.execPath, ['storage.mjs'], { cwd: project, timeout: 10_000 })
      expect(stdout.trim()).toBe('[{"b":1},null]')
    })
  })
})

import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { developmentPassword, developmentStorage } from '../../src/nitro/build/development.ts'
import { h3Users } from '../../src/nitro/build/packages-using-h3-sessions.ts'
import { driverModule } from '../../src/nitro/build/host-module.ts'
import { sessionsModule } from '../../src/nitro/index.ts'
import { setup } from '../../src/nitro/build/module.ts'
import type { NitroLike } from '../../src/nitro/build/nitro.ts'

const HOST = { passwordVariables: ['NITRO_SESSION_PASSWORD'] } as const

function nitroOf(options: Partial<NitroLike['options']> = {}): NitroLike & { said: string[] } {
  const said: string[] = []
  return {
    said,
    options: {
      rootDir: '/nowhere',
      dev: false,
      preset: 'node-server',
      runtimeConfig: {},
      storage: {},
      devStorage: {},
      plugins: [],
      experimental: {},
      tasks: {},
      virtual: {},
      imports: false,
      ...options,
    },
    logger: { info: (message) => void said.push(message) },
    hooks: { hook: () => {} },
  }
}

describe('a driver by name', () => {
  it.each([
    ['redis', fileURLToPath(new URL('../../node_modules/unstorage/drivers/redis.mjs', import.meta.url))],
    ['fsLite', fileURLToPath(new URL('../../node_modules/unstorage/drivers/fs-lite.mjs', import.meta.url))],
    ['unsession/drivers/dynamodb', expect.stringMatching(/\/drivers\/dynamodb\.mjs$/)],
    ['@scope/driver', '@scope/driver'],
    ['./server/driver.ts', '/app/server/driver.ts'],
    ['/elsewhere/driver.ts', '/elsewhere/driver.ts'],
    ['constructor', 'constructor'],
  ])('%s is imported as %s', (name, module) => {
    expect(driverModule(name, '/app')).toEqual(module)
  })
})

describe('the module', () => {
  it('takes the options of the configuration, unless it has been given its own', async () => {
    const nitro = nitroOf({ sessions: { maxAge: 1 } })
    await sessionsModule().setup(nitro)
    expect(nitro.options.runtimeConfig).toMatchObject({ sessions: { maxAge: 1 } })
    await sessionsModule({ maxAge: 2 }).setup(nitro)
    expect(nitro.options.runtimeConfig).toMatchObject({ sessions: { maxAge: 2 } })
  })

  it("puts a driver's files into the bundle where they are the project's", async () => {
    const inlined = async (driver: string, path: string): Promise<boolean> => {
      const nitro = nitroOf({ rootDir: '/app' })
      await setup(nitro, { storage: { driver } }, HOST)
      const matchers = nitro.options.externals?.inline ?? []
      return matchers.some((each) =>
        typeof each === 'function' ? each(path) : path.startsWith(String(each)),
      )
    }
    expect(await inlined('./storage/driver.mjs', '/app/storage/driver.mjs')).toBe(true)
    expect(await inlined('./storage/driver.mjs', '/app/lib/helper.mjs')).toBe(true)
    expect(await inlined('../shared/driver.mjs', '/shared/driver.mjs')).toBe(true)
    expect(await inlined('./storage/driver.mjs', '/app/node_modules/one/index.mjs')).toBe(false)
    expect(await inlined('fs', 'unstorage/drivers/fs')).toBe(false)
    expect(await inlined('@scope/driver', '@scope/driver')).toBe(false)
  })

  it("registers its task only where tasks are turned on, and not in place of the app's own", async () => {
    const name = 'sessions:clear-expired'
    const without = nitroOf()
    await setup(without, {}, HOST)
    expect(without.options.tasks).toEqual({})
    const withTasks = nitroOf({ experimental: { tasks: true } })
    await setup(withTasks, {}, HOST)
    expect(withTasks.options.tasks[name]?.handler).toMatch(/task\.mjs$/)
    const own = nitroOf({ experimental: { tasks: true }, tasks: { [name]: { handler: 'mine' } } })
    await setup(own, {}, HOST)
    expect(own.options.tasks[name]).toEqual({ handler: 'mine' })
  })

  it('refuses a mount point that the app uses', async () => {
    for (const name of ['storage', 'devStorage']) {
      const nitro = nitroOf({ [name]: { sessions: { driver: 'redis' } } })
      await expect(setup(nitro, {}, HOST)).rejects.toThrow(/set the driver in `sessions.storage`/)
    }
  })

  it('does not change, in development, a storage with a driver or an endpoint', async () => {
    const nitro = nitroOf({ dev: true })
    for (const storage of [{ driver: 'redis' }, { endpoint: 'http://127.0.0.1:8000', table: 'mine' }]) {
      expect(await developmentStorage(nitro, storage)).toBe(storage)
    }
    expect(nitro.said).toEqual([])
  })
})

describe('the password of development', () => {
  const NAME = 'TEST_SESSION_PASSWORD'
  let rootDir: string
  beforeEach(async () => {
    rootDir = await mkdtemp(join(tmpdir(), 'unsession-password-'))
    vi.stubEnv(NAME, undefined)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(rootDir, { recursive: true })
  })
  const make = async (options: Partial<NitroLike['options']> = {}): Promise<string[]> => {
    const nitro = nitroOf({ rootDir, ...options })
    await developmentPassword(nitro, { passwordVariables: [NAME] })
    return nitro.said
  }

  it('is written to a file that only its owner can read, and used at once', async () => {
    expect(await make()).toEqual([expect.stringContaining(`in .env as ${NAME}`)])
    expect(await readFile(join(rootDir, '.env'), 'utf8')).toBe(`${NAME}=${process.env[NAME]}\n`)
    expect((await stat(join(rootDir, '.env'))).mode & 0o777).toBe(0o600)
    expect(await make()).toEqual([])
  })

  it('is valid until the server stops when the file is not writable', async () => {
    await mkdir(join(rootDir, '.env'))
    expect(await make()).toEqual([expect.stringContaining('only until this server stops')])
    expect(process.env[NAME]).toHaveLength(43)
  })

  it('is not created when the configuration has one', async () => {
    expect(await make({ runtimeConfig: { session: { password: 'p'.repeat(32) } } })).toEqual([])
    expect(process.env[NAME]).toBeUndefined()
  })
})

describe('packages that use the session functions of h3', () => {
  let root: string
  let isUser: (name: string) => boolean
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'unsession-h3-users-'))
    const uses = "import { useSession } from 'h3'"
    const packages: [name: string, manifest: object, source: string][] = [
      ['uses', { peerDependencies: { h3: '*' } }, uses],
      ['@scope/uses', { dependencies: { h3: '*' } }, uses],
      ['by-another', { dependencies: { 'by-a-third': '*' } }, ''],
      ['by-a-third', { dependencies: { '@scope/uses': '*', 'by-another': '*' } }, ''],
      ['circle-a', { dependencies: { 'circle-b': '*', uses: '*' } }, ''],
      ['circle-b', { dependencies: { 'circle-a': '*' } }, ''],
      ['of-its-own', { dependencies: { nested: '*' } }, ''],
      ['of-its-own/node_modules/nested', { dependencies: { h3: '*' } }, uses],
      ['handlers-only', { dependencies: { h3: '*' } }, "import { eventHandler } from 'h3'"],
      ['same-name', { dependencies: { h3: '*' } }, 'export const useSession = 1'],
      ['not-installed', { dependencies: { missing: '*' } }, ''],
      ['nitropack', { dependencies: { uses: '*', h3: '*' } }, uses],
    ]
    for (const [name, manifest, source] of packages) {
      const folder = join(root, 'node_modules', name)
      await mkdir(join(folder, 'dist'), { recursive: true })
      await writeFile(join(folder, 'package.json'), JSON.stringify({ name, ...manifest }))
      await writeFile(join(folder, 'dist/index.mjs'), source)
    }
    await mkdir(join(root, 'node_modules/no-manifest'))
    const test = h3Users()
    isUser = (name) => test(join(root, 'node_modules', name, 'dist/index.mjs'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  it.each([
    'uses',
    '@scope/uses',
    'by-another',
    'by-a-third',
    'circle-a',
    'circle-b',
    'of-its-own',
    'of-its-own/node_modules/nested',
  ])('include %s', (name) => {
    expect(isUser(name)).toBe(true)
  })

  it.each(['handlers-only', 'same-name', 'not-installed', 'nitropack', 'no-manifest', 'nowhere'])(
    'do not include %s',
    (name) => {
      expect(isUser(name)).toBe(false)
    },
  )

  it('are no files outside of node_modules', () => {
    expect(h3Users()(join(dirname(root), 'server/routes/index.ts'))).toBe(false)
  })
})

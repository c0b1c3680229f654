import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack, ROOT, run } from '../support/pack.ts'
import { cli, environment, RELEASES } from './project.ts'

const config = (tool: string): string => `
import { defineNitroConfig } from '${tool}/config'
import sessions, { sessionsModule } from 'unsession/nitro'

export default defineNitroConfig({
  compatibilityDate: '2026-01-01',
  srcDir: 'server',
  modules: ['unsession/nitro', sessions, sessionsModule({ idleTimeout: 60 })],
  sessions: {
    storage: { driver: 'redis', url: 'redis://localhost' },
    cookie: { sameSite: 'lax' },
    cache: false,
    maxAge: 3600,
    h3: true,
  },
})
// @ts-expect-error an option that does not exist
defineNitroConfig({ sessions: { maxage: 3600 } })
// @ts-expect-error an option of another type
defineNitroConfig({ sessions: { storage: { table: 3 } } })
`

/** Returns an app that declares the type of its session data, with uses that the compiler must accept or reject. */
const handler = (imports: string, module: string): string => `
${imports}
declare module '${module}' {
  interface SessionData {
    user?: { name: string }
    visits?: number
  }
}

export default defineEventHandler(async (event) => {
  const session = await useSession(event)
  const name: string | undefined = session.data.user?.name
  await session.update(({ visits = 0 }) => ({ visits: visits + 1 }))
  // @ts-expect-error a key that does not exist
  session.data.nobody = name
  // @ts-expect-error a value of another type
  await session.update({ visits: 'many' })
  const own = await useSession<{ cart: string[] }>(event, { name: 'cart' })
  const cart: string[] = own.data.cart
  await updateSession(event, {}, { visits: cart.length })
  await useSessionStore().destroyAll({ user: 'ada' })
  return session.data
})
`

const NAMES = 'useSession, updateSession, useSessionStore'

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

/** Checks a project's types. @returns the errors in its own files and in this package */
async function complaints(project: string, tsconfig: object): Promise<string[]> {
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const output = await run(process.execPath, [tsc, '--noEmit', '-p', '.'], { cwd: project }).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  )
  const isOthers = /^(?:\s|$|node_modules\/(?!unsession\/))/
  return output.split('\n').filter((line) => !isOthers.test(line))
}

/** In ms. The compiler reads about a thousand files of Nitro for each test. */
const TIMEOUT = 120_000

const RUNTIME = 'unsession/nitro/runtime'

describe.each(RELEASES)('types with $name', ({ tool, companions }) => {
  const define = tool === 'nitro' ? '{ defineHandler as defineEventHandler }' : '{ defineEventHandler }'
  const imports = `import { ${NAMES} } from '${RUNTIME}'\nimport ${define} from 'h3'`

  it.runIf(tool === 'nitropack')(
    'are correct under the generated tsconfig (bundler), without an import',
    async () => {
      const files = {
        'nitro.config.ts': config(tool),
        'server/routes/index.ts': handler('export {}', '#sessions'),
      }
      const project = await packed.project(`types-${tool}`, companions, files, tool)
      await run(process.execPath, [cli(tool), 'prepare'], { cwd: project, env: environment() })
      expect(await complaints(project, { extends: './.nitro/types/tsconfig.json' })).toEqual([])
    },
    TIMEOUT,
  )

  const resolutions: [string, Record<string, string>][] = [
    ['nodenext', { 'nitro.config.ts': config(tool) }],
    ['bundler', {}],
  ]
  it.each(tool === 'nitro' ? resolutions : resolutions.slice(0, 1))(
    'are correct under moduleResolution %s',
    async (moduleResolution, files) => {
      const all = { ...files, 'handler.ts': handler(imports, RUNTIME) }
      const project = await packed.project(`types-${tool}-${moduleResolution}`, companions, all, tool)
      const compilerOptions = {
        target: 'es2022',
        module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution,
        strict: true,
        // Some of Nitro's own declarations have type errors.
        skipLibCheck: true,
        types: ['node'],
      }
      expect(await complaints(project, { compilerOptions, files: Object.keys(all) })).toEqual([])
    },
    TIMEOUT,
  )
})

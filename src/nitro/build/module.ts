import { invalidOption } from '../../../drivers/utils/errors.ts'
import { cachePlugin } from './cache-plugin.ts'
import { type BundlerPlugin, h3Plugin } from './h3-plugin.ts'
import { h3Users } from './packages-using-h3-sessions.ts'
import { developmentPassword, developmentStorage } from './development.ts'
import { type SessionsHost, driverModule, hostModule, isFile } from './host-module.ts'
import type { AutoImports, NitroLike } from './nitro.ts'
import { type ModuleOptions, checkSessionsOptions, runtimeOptions } from './options.ts'
import { DIST, distFile, RUNTIME_TYPES } from './paths.ts'

const AUTO_IMPORTS = ['useSession', 'getSession', 'updateSession', 'clearSession', 'useSessionStore']

/** Where `useStorage` finds the sessions. */
const MOUNT = 'sessions'

const CLEAR_EXPIRED = 'sessions:clear-expired'

/** Behind what the app itself calls by one of these names. */
const BEHIND_APP = -1

/** Make sessions part of a server that is being built. */
export async function setup(nitro: NitroLike, given: ModuleOptions, host: SessionsHost): Promise<void> {
  checkSessionsOptions(given)
  checkMount(nitro)
  const options = nitro.options.dev ? await forDevelopment(nitro, given, host) : given
  const driver = options.storage?.driver
  addRuntimeConfig(nitro, options)
  addModules(nitro, host, driver)
  addTypes(nitro)
  addToBundle(nitro, [DIST, ...driverFiles(driver, nitro.options.rootDir)])
  addBundlerPlugin(nitro, cachePlugin())
  if (options.h3) replaceH3(nitro)
}

/** unstorage refuses a second mount, but only when the server starts. */
function checkMount({ options: { storage, devStorage } }: NitroLike): void {
  if (!storage[MOUNT] && !devStorage[MOUNT]) return
  throw invalidOption(
    `storage.${MOUNT}`,
    'is where the module puts its own; name the driver in `sessions.storage`',
  )
}

async function forDevelopment(
  nitro: NitroLike,
  options: ModuleOptions,
  host: SessionsHost,
): Promise<ModuleOptions> {
  await developmentPassword(nitro, host)
  return { ...options, storage: await developmentStorage(nitro, options.storage) }
}

function addRuntimeConfig(nitro: NitroLike, options: ModuleOptions): void {
  const sessions = runtimeOptions(options)
  const add = (): void => {
    nitro.options.runtimeConfig = { ...nitro.options.runtimeConfig, sessions }
  }
  add()
  // A change of the configuration, in development, comes without what modules have added.
  nitro.hooks.hook('rollup:reload', add)
}

function addModules(nitro: NitroLike, host: SessionsHost, driver: string | undefined): void {
  const { options } = nitro
  options.virtual['#unsession/host'] = () => hostModule(nitro, host, driver)
  options.virtual['#sessions'] = `export * from ${JSON.stringify(distFile('nitro/runtime/index.mjs'))}`
  options.plugins.unshift(distFile('nitro/runtime/plugin.mjs'))
  if (options.experimental.tasks) {
    options.tasks[CLEAR_EXPIRED] ??= {
      handler: distFile('nitro/runtime/task.mjs'),
      description: 'Remove expired sessions',
    }
  }
  if (options.imports) addAutoImports(options.imports)
}

/** In place of h3's own functions of these names. */
function addAutoImports(imports: AutoImports): void {
  const isTheirs = (name: unknown): boolean => typeof name !== 'string' || !AUTO_IMPORTS.includes(name)
  imports.presets = imports.presets?.map((preset) =>
    typeof preset === 'object' && preset.from === 'h3'
      ? { ...preset, imports: (preset.imports ?? []).filter(isTheirs) }
      : preset,
  )
  const ours = AUTO_IMPORTS.map((name) => ({ name, from: '#sessions', priority: BEHIND_APP }))
  imports.imports = [...(imports.imports ?? []), ...ours]
}

/**
 * What a driver of the project's own is made of. Nitro 2 loses, in development, what a module of the bundle imports by a relative
 * path and is not in the bundle itself: so all of the project's files are, and nothing of a driver that is a package's.
 */
function driverFiles(driver: string | undefined, rootDir: string): BundleMatcher[] {
  if (driver === undefined || !isFile(driver)) return []
  const isOwn = (path: string): boolean =>
    path.startsWith(`${rootDir}/`) && !path.slice(rootDir.length).includes('/node_modules/')
  return [driverModule(driver, rootDir), isOwn]
}

/** The start of a path or of a package's name, or whether a path is meant. */
type BundleMatcher = string | ((path: string) => boolean)

/** Make modules part of the bundle, in development too, where Nitro leaves packages as they are. */
function addToBundle({ options }: NitroLike, modules: BundleMatcher[]): void {
  const { externals, noExternals, traceDeps } = options
  options.externals = { ...externals, inline: [...(externals?.inline ?? []), ...modules] }
  // Nitro 3 from its betas on.
  if (traceDeps && noExternals !== true) {
    const paths = modules.filter((module) => typeof module === 'string')
    options.noExternals = [...(noExternals || []), ...paths]
  }
}

function replaceH3(nitro: NitroLike): void {
  addToBundle(nitro, [h3Users()])
  addBundlerPlugin(nitro, h3Plugin())
}

function addBundlerPlugin(nitro: NitroLike, plugin: BundlerPlugin): void {
  nitro.hooks.hook('rollup:before', (_, { plugins }) => void plugins.unshift(plugin))
}

function addTypes({ hooks }: NitroLike): void {
  hooks.hook('types:extend', ({ tsConfig }) => {
    const { compilerOptions } = tsConfig ?? {}
    if (compilerOptions) compilerOptions.paths = { ...compilerOptions.paths, '#sessions': [RUNTIME_TYPES] }
  })
}

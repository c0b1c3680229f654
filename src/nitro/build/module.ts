import { invalidOption } from '../../../drivers/utils/errors.ts'
import { cachePlugin } from './cache-plugin.ts'
import { type BundlerPlugin, h3Plugin } from './h3-plugin.ts'
import { h3Users } from './packages-using-h3-sessions.ts'
import { developmentPassword, developmentStorage } from './development.ts'
import { type SessionsHost, driverModule, hostModule, isFile } from './host-module.ts'
import type { AutoImports, NitroLike } from './nitro.ts'
import { type ModuleOptions, checkSessionsOptions, runtimeOptions } from './options.ts'
import { optionalPackagesPlugin } from './optional-packages.ts'
import { DIST, distFile, RUNTIME_TYPES } from './paths.ts'

const AUTO_IMPORTS = ['useSession', 'getSession', 'updateSession', 'clearSession', 'useSessionStore']

/** The mount point of the sessions in `useStorage`. */
const MOUNT = 'sessions'

const CLEAR_EXPIRED = 'sessions:clear-expired'

/** Priority of the auto-imports. It is lower than the default 0, so that functions of the app with the same names win. */
const BEHIND_APP = -1

/** Adds sessions to a server that is being built. */
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
  addBundlerPlugin(nitro, optionalPackagesPlugin())
  if (options.h3) replaceH3(nitro)
}

/** Throws if the app uses the mount point itself. unstorage would refuse the second mount too, but only when the server starts. */
function checkMount({ options: { storage, devStorage } }: NitroLike): void {
  if (!storage[MOUNT] && !devStorage[MOUNT]) return
  throw invalidOption(
    `storage.${MOUNT}`,
    'is reserved for the storage of the sessions; remove it, and set the driver in `sessions.storage`',
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
  // In development, a change of the configuration file replaces the runtime configuration and removes the additions of modules.
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

/** Adds the auto-imports. They replace h3's own functions of these names. */
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
 * Returns matchers for the files of a driver that belongs to the project. In development, Nitro 2 cannot find a module that a bundled
 * module imports by a relative path, unless it is bundled too. So all files of the project are bundled. A driver of a package is not.
 */
function driverFiles(driver: string | undefined, rootDir: string): BundleMatcher[] {
  if (driver === undefined || !isFile(driver)) return []
  const isOwn = (path: string): boolean =>
    path.startsWith(`${rootDir}/`) && !path.slice(rootDir.length).includes('/node_modules/')
  return [driverModule(driver, rootDir), isOwn]
}

/** The start of a path or of a package name, or a function that returns whether a path matches. */
type BundleMatcher = string | ((path: string) => boolean)

/** Adds modules to the bundle. In development Nitro would not bundle packages. */
function addToBundle({ options }: NitroLike, modules: BundleMatcher[]): void {
  const { externals, noExternals, traceDeps } = options
  options.externals = { ...externals, inline: [...(externals?.inline ?? []), ...modules] }
  // Nitro 3, from its first beta on.
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

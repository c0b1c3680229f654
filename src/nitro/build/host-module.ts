import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtinDrivers } from 'unstorage'
import type { NitroLike } from './nitro.ts'
import { distFile } from './paths.ts'

/** Values that depend on the framework. */
export interface SessionsHost {
  /** Names of the variables that may contain the password. Messages name the first one. */
  passwordVariables: readonly [string, ...string[]]
}

/** The driver that each server contains. It loads the AWS SDK at its first call. */
const DYNAMODB = 'unsession/drivers/dynamodb'

/**
 * Returns the source of `#unsession/host`, see `runtime/host.d.ts`.
 *
 * @param driver - name of the driver in the options
 */
export function hostModule(nitro: NitroLike, host: SessionsHost, driver: string | undefined): string {
  const { rootDir, dev, preset } = nitro.options
  const runtime = runtimeModules(nitro)
  const names = [...new Set([DYNAMODB, 'memory', ...(driver === undefined ? [] : [driver])])]
  const modules = names.map((name) => JSON.stringify(driverModule(name, rootDir)))
  const entries = names.map((name, index) => `${JSON.stringify(name)}: driver${index}`)
  return [
    `import { useRuntimeConfig } from '${runtime.config}'`,
    `import { useStorage } from '${runtime.storage}'`,
    ...modules.map((module, index) => `import driver${index} from ${module}`),
    'export { useRuntimeConfig, useStorage }',
    `export const drivers = { ${entries.join(', ')} }`,
    `export const passwordVariables = ${JSON.stringify(host.passwordVariables)}`,
    "export const envPrefix = useRuntimeConfig().nitro?.envPrefix || process.env.NITRO_ENV_PREFIX || 'NITRO_'",
    `export const isDevelopment = ${dev}`,
    `export const isPrerendering = ${preset === 'nitro-prerender'}`,
  ].join('\n')
}

/** Returns the modules with Nitro's own functions. */
function runtimeModules({ routing, options }: NitroLike): { config: string; storage: string } {
  if (routing === undefined) {
    return { config: 'nitropack/runtime/internal/config', storage: 'nitropack/runtime/internal/storage' }
  }
  const isPublic = canResolve('nitro/storage', options.rootDir)
  const folder = isPublic ? 'nitro' : 'nitro/runtime/internal'
  return { config: `${folder}/runtime-config`, storage: `${folder}/storage` }
}

function canResolve(module: string, rootDir: string): boolean {
  try {
    return createRequire(join(rootDir, 'nitro.config')).resolve(module) !== ''
  } catch {
    return false
  }
}

/**
 * Returns the module to import for a driver's name. Drivers of unstorage are resolved from this package. The app may have no unstorage
 * of its own, and pnpm and Yarn PnP let an app import only packages that it names.
 */
export function driverModule(name: string, rootDir: string): string {
  if (name === DYNAMODB) return distFile('drivers/dynamodb.mjs')
  const builtin = Object.entries(builtinDrivers).find(([known]) => known === name)?.[1]
  if (builtin !== undefined) return fileURLToPath(import.meta.resolve(builtin)).replaceAll('\\', '/')
  return isFile(name) ? resolve(rootDir, name) : name
}

/** Returns whether a driver's name is a path and not a package name. */
export function isFile(name: string): boolean {
  return name.startsWith('.') || isAbsolute(name)
}

import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { builtinDrivers } from 'unstorage'
import type { NitroLike } from './nitro.ts'
import { distFile } from './paths.ts'

/** What differs from one framework to the next. */
export interface SessionsHost {
  /** Where the password is: names of variables, the first one for messages. */
  passwordVariables: readonly [string, ...string[]]
}

/** The driver that is always there; it loads the SDK at its first call. */
const DYNAMODB = 'unsession/drivers/dynamodb'

/**
 * The text of `#unsession/host`, see `runtime/host.d.ts`.
 *
 * @param driver - name of the driver that the options name
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

/** Where the server finds Nitro's own functions. */
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

/** What to import for a driver's name. */
export function driverModule(name: string, rootDir: string): string {
  if (name === DYNAMODB) return distFile('drivers/dynamodb.mjs')
  const builtin = Object.entries(builtinDrivers).find(([known]) => known === name)?.[1]
  if (builtin !== undefined) return builtin
  return isFile(name) ? resolve(rootDir, name) : name
}

/** Whether a driver's name is a path, and not that of a package. */
export function isFile(name: string): boolean {
  return name.startsWith('.') || isAbsolute(name)
}

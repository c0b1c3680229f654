/**
 * The module for nitropack 2 and Nitro 3.
 *
 * @module unsession/nitro
 */

import type { SessionsHost } from './build/host-module.ts'
import { setup } from './build/module.ts'
import type { NitroLike } from './build/nitro.ts'
import type { ModuleOptions } from './build/options.ts'

export { RUNTIME_TYPES as runtimeTypes } from './build/paths.ts'
export type { SessionsHost } from './build/host-module.ts'
export type { ModuleOptions, SessionStorageOptions } from './build/options.ts'

declare module 'nitropack/types' {
  interface NitroOptions {
    sessions?: ModuleOptions
  }
}

declare module 'nitro/types' {
  interface NitroOptions {
    sessions?: ModuleOptions
  }
}

/** A Nitro module, for nitropack 2 and nitro 3. */
export interface SessionsModule {
  /** Name of the module: `unsession`. */
  name: string
  /** Adds sessions to a server that is being built. Nitro calls it. */
  setup: (nitro: NitroLike) => Promise<void>
}

const NITRO: SessionsHost = { passwordVariables: ['NITRO_SESSION_PASSWORD', 'NUXT_SESSION_PASSWORD'] }

/**
 * Returns a Nitro module that adds sessions to the server.
 *
 * @param given - options of the module. Default: `sessions` in the configuration of Nitro
 * @param host - values for frameworks that are built on Nitro. Default: those of Nitro
 * @returns the module. Its `setup` throws `INVALID_OPTION` for an invalid option
 *
 * @example
 * ```ts
 * export default defineNitroConfig({ modules: [sessionsModule({ idleTimeout: 30 * 60 })] })
 * ```
 */
export function sessionsModule(given?: ModuleOptions, host: SessionsHost = NITRO): SessionsModule {
  return {
    name: 'unsession',
    setup: (nitro) => setup(nitro, given ?? nitro.options.sessions ?? {}, host),
  }
}

/**
 * The module to name in the configuration of Nitro. Its options are under `sessions`.
 *
 * @example
 * ```ts
 * export default defineNitroConfig({ modules: ['unsession/nitro'], sessions: { idleTimeout: 30 * 60 } })
 * ```
 */
const sessions: SessionsModule = sessionsModule()

export default sessions

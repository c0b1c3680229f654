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

/** A module of Nitro, for nitropack 2 and nitro 3. */
export interface SessionsModule {
  name: string
  setup: (nitro: NitroLike) => Promise<void>
}

const NITRO: SessionsHost = { passwordVariables: ['NITRO_SESSION_PASSWORD', 'NUXT_SESSION_PASSWORD'] }

/**
 * A module of Nitro that puts sessions into the server.
 *
 * @param given - options; those of Nitro's own configuration, `sessions`, where they are left out
 * @param host - for frameworks on Nitro
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

const sessions: SessionsModule = sessionsModule()

/**
 * The module that Nitro's configuration names.
 *
 * @example
 * ```ts
 * export default defineNitroConfig({ modules: ['unsession/nitro'], sessions: { idleTimeout: 30 * 60 } })
 * ```
 */
export default sessions

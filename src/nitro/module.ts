import { h3Plugin } from './h3-plugin.ts'
import { h3Users } from './h3-users.ts'
import { type SessionsHost, driverModule, hostModule } from './host-module.ts'
import type { NitroLike } from './nitro.ts'
import { type SessionsOptions, runtimeOptions } from './options.ts'
import { DIST, distFile } from './paths.ts'

const AUTO_IMPORTS = ['useSession', 'getSession', 'updateSession', 'clearSession', 'useSessionStore']

/** Nitro takes h3's own functions of these names at priority 1. */
const BEFORE_H3 = 2

/** Make sessions part of a server that is being built. */
export async function setup(nitro: NitroLike, options: SessionsOptions, host: SessionsHost): Promise<void> {
  const runtime = runtimeOptions(options)
  const driver = options.storage?.driver
  const addRuntimeConfig = (): void => {
    nitro.options.runtimeConfig = { ...nitro.options.runtimeConfig, sessions: runtime }
  }
  addRuntimeConfig()
  // A change of the configuration, in development, comes without what modules have added.
  nitro.hooks.hook('rollup:reload', addRuntimeConfig)

  const { options: target } = nitro
  target.virtual['#unsession/host'] = () => hostModule(nitro, host, driver)
  target.virtual['#sessions'] = `export * from ${JSON.stringify(distFile('nitro/runtime/index.mjs'))}`
  target.plugins.unshift(distFile('nitro/runtime/plugin.mjs'))
  const inline: unknown[] = [DIST]
  if (driver !== undefined) inline.push(driverModule(driver, target.rootDir))
  if (options.h3) {
    inline.push(h3Users())
    nitro.hooks.hook('rollup:before', (_, { plugins }) => void plugins.unshift(h3Plugin()))
  }
  target.externals = { ...target.externals, inline: [...(target.externals?.inline ?? []), ...inline] }
  if (target.imports) {
    const ours = AUTO_IMPORTS.map((name) => ({ name, from: '#sessions', priority: BEFORE_H3 }))
    target.imports.imports = [...(target.imports.imports ?? []), ...ours]
  }
}

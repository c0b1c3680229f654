/**
 * The module for Nuxt 4.
 *
 * @module unsession/nuxt
 */

import {
  addImports,
  addPlugin,
  addServerHandler,
  addServerPlugin,
  addServerTemplate,
  addTypeTemplate,
  createResolver,
  defineNuxtModule,
  extendRouteRules,
} from 'nuxt/kit'
import type { Nuxt, NuxtModule } from 'nuxt/schema'
import { checkSessionsOptions } from '../nitro/build/options.ts'
import { type SessionsHost, sessionsModule } from '../nitro/index.ts'
import { exposedKeys, type ModuleOptions } from './options.ts'
import { exposedRoute, exposedTypes, HOOK_TYPES, SESSION_TYPES } from './templates.ts'

export type { ModuleOptions } from './options.ts'

const HOST: SessionsHost = { passwordVariables: ['NUXT_SESSION_PASSWORD', 'NITRO_SESSION_PASSWORD'] }

/** The route that serves the exposed data to the browser. */
const ROUTE = '/_session'

/**
 * The module for Nuxt 4. It adds server-side sessions.
 *
 * Auto-imports in the server: `useSession(event)`, `getSession`, `updateSession`, `clearSession` and `useSessionStore()`. In pages:
 * `useSessionData()`.
 *
 * @example
 * ```ts
 * export default defineNuxtConfig({
 *   modules: ['unsession/nuxt'],
 *   sessions: { storage: { table: 'sessions' }, idleTimeout: 30 * 60, expose: ['user'] },
 * })
 * ```
 */
const sessions: NuxtModule<ModuleOptions> = defineNuxtModule<ModuleOptions>({
  meta: { name: 'unsession', configKey: 'sessions', compatibility: { nuxt: '>=4.0.0' } },
  setup({ expose, ...options }: ModuleOptions, nuxt: Nuxt) {
    checkSessionsOptions(options, { expose: true })
    const keys = exposedKeys({ expose })
    const { resolve } = createResolver(import.meta.url)

    nuxt.hook('nitro:config', (config) => {
      config.modules = [...(config.modules ?? []), sessionsModule(options, HOST)]
    })

    const composable = resolve('./runtime/app/use-session-data')
    // Nuxt's declarations would name the file without an extension, and TypeScript finds no `.d.mts` that way.
    addImports({ name: 'useSessionData', from: composable, typeFrom: `${composable}.d.mts` })
    addPlugin(resolve('./runtime/app/plugin.server'))
    addPlugin(resolve('./runtime/app/plugin.client'))

    addServerTemplate({
      filename: '#unsession/exposed-keys',
      getContents: () => `export const exposedKeys = ${JSON.stringify(keys)}`,
    })
    addServerPlugin(resolve('./runtime/server/plugin'))
    addServerTemplate({
      filename: '#unsession/exposed-route',
      getContents: () => exposedRoute(resolve('./runtime/server/exposed-data')),
    })
    addServerHandler({ route: ROUTE, method: 'get', handler: '#unsession/exposed-route' })
    // The response belongs to one visitor. So these rules override rules that an app sets for all routes.
    extendRouteRules(
      ROUTE,
      { cache: false, isr: false, prerender: false, headers: { 'cache-control': 'no-store' } },
      { override: true },
    )

    const everywhere = { nuxt: true, nitro: true, shared: true, node: true }
    addTypeTemplate({ filename: 'types/sessions.d.ts', getContents: () => SESSION_TYPES }, everywhere)
    addTypeTemplate(
      { filename: 'types/sessions-exposed.d.ts', getContents: () => exposedTypes(keys) },
      everywhere,
    )
    addTypeTemplate({ filename: 'types/sessions-hooks.d.ts', getContents: () => HOOK_TYPES }, { nitro: true })
  },
})

export default sessions

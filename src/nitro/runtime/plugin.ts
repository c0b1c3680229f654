import {
  envPrefix,
  isDevelopment,
  isPrerendering,
  passwordVariables,
  useRuntimeConfig,
} from '#unsession/host'
import { invalidOption, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { warm } from '../../h3/warm.ts'
import { type SessionMiddleware, sealResponse, sessionMiddleware } from '../../h3/middleware.ts'
import { type SessionRuntime, getSessionRuntime } from './sessions.ts'
import { unknownVariables } from './unknown-variables.ts'

/** Where a handler of the app that wraps the built one finds the promise of {@link warm}, see docs/lambda.md. */
const WARM = Symbol.for('unsession.warm')

/** The part of a running Nitro that the plugin uses. */
interface NitroApp {
  /** Nitro 2: the app of h3 1. Its options contain its hooks. */
  readonly h3App?: { readonly options: AppHooks }
  /** Nitro 3: the app of h3 2. */
  readonly h3?: WebApp
  /** Nitro 3.0.0: the app of h3 2. */
  readonly _h3?: WebApp
  readonly hooks: NitroHooks
}

interface NitroHooks {
  hook(name: 'close', hook: () => Promise<void>): unknown
  hook(name: 'request', hook: () => void): unknown
  /** Nitro 3. */
  hook(name: 'response', hook: (response: Response, event: H3EventLike) => void): unknown
}

interface WebApp {
  readonly '~middleware'?: unknown[]
  /** Nitro 3.0.0: returns the list of middleware for a request. */
  _getMiddleware?(...args: unknown[]): unknown[]
}

type AppHook = (...args: never[]) => unknown

interface AppHooks {
  onRequest?: AppHook
  onBeforeResponse?: AppHook
  onAfterResponse?: AppHook
  onError?: AppHook
}

/** Starts the session runtime with the server, so that an invalid configuration is reported before the first request. */
export default function startSessions(nitroApp: NitroApp): void {
  if (isPrerendering) return
  const sessions = startOrStop()
  const known = { places: useRuntimeConfig()['sessions'], envPrefix, passwords: passwordVariables }
  for (const message of unknownVariables(process.env, known)) console.warn(message)
  nitroApp.hooks.hook('close', sessions.dispose)
  // Lambda sets this variable. Its init phase has a whole core, also for a function with little memory.
  if (process.env['AWS_LAMBDA_FUNCTION_NAME']) Object.assign(globalThis, { [WARM]: warm(sessions) })
  if (sessions.autoSave) attach(nitroApp, sessionMiddleware(sessions.config))
}

function startOrStop(): SessionRuntime {
  try {
    return getSessionRuntime()
  } catch (thrown) {
    const error = explained(thrown)
    // A development server shows the error and continues, so that the developer can correct the configuration. A Worker has no
    // process to end, and prints the error itself.
    if (isDevelopment || isWorker() || typeof process.exit !== 'function') throw error
    console.error(error instanceof Error ? error.message : error)
    return process.exit(1)
  }
}

/** Returns whether this is Cloudflare's runtime. */
function isWorker(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}

/** Returns an error that names the setting, if functions of Node.js are missing from the build. Nitro puts stubs in their place. */
function explained(error: unknown): unknown {
  const words = error instanceof Error ? error.message : ''
  if (!words.startsWith('[unenv] ')) return error
  return new UnsessionError(
    'DEPENDENCY_MISSING',
    `this server was built without the functions of Node.js (${words.slice('[unenv] '.length)}); ` +
      'set `cloudflare: { nodeCompat: true }` in the configuration of Nitro, or `nitro: { cloudflare: { nodeCompat: true } }` in that of Nuxt, and build again',
    { cause: error },
  )
}

/** Adds the middleware before all others, so that it handles the responses of all of them. */
function attach({ h3App, h3, _h3, hooks }: NitroApp, middleware: SessionMiddleware): void {
  const app = h3 ?? _h3
  if (!h3App) sealLast(hooks)
  if (h3App) attachHooks(h3App.options, middleware)
  else if (app?._getMiddleware) {
    const others = app._getMiddleware.bind(app)
    app._getMiddleware = (...args) => [middleware, ...others(...args)]
  } else if (app?.['~middleware']) {
    app['~middleware'].unshift(middleware)
  } else {
    throw invalidOption(
      'sessions.autoSave',
      'must be false with this release of Nitro, which is not supported',
    )
  }
}

/** Adds a hook that runs after all hooks of the app's own plugins. They are registered after this plugin, so it waits for a request. */
function sealLast(hooks: NitroHooks): void {
  let isHooked = false
  hooks.hook('request', () => {
    if (!isHooked) hooks.hook('response', sealResponse)
    isHooked = true
  })
}

/**
 * Adds the hooks of h3 1. Nitro 2 has its own hooks for these events, but it ignores their errors. Then the client would get a success
 * although its session was not stored.
 */
function attachHooks(hooks: AppHooks, middleware: SessionMiddleware): void {
  // Nitro's hook must run first, because it creates the context that identifies sub-requests.
  hooks.onRequest = inOrder(hooks.onRequest, middleware.onRequest)
  hooks.onBeforeResponse = inOrder(middleware.onBeforeResponse, hooks.onBeforeResponse)
  hooks.onAfterResponse = inOrder(middleware.onAfterResponse, hooks.onAfterResponse)
  hooks.onError = inOrder(middleware.onError, hooks.onError)
}

function inOrder(...hooks: (AppHook | undefined)[]): AppHook {
  return async (...args) => {
    for (const hook of hooks) await hook?.(...args)
  }
}

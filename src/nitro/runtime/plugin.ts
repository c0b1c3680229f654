import { isDevelopment, isPrerendering } from '#unsession/host'
import { invalidOption } from '../../../drivers/utils/errors.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { type SessionMiddleware, sealResponse, sessionMiddleware } from '../../h3/middleware.ts'
import { type SessionRuntime, getSessionRuntime } from './sessions.ts'

/** The part of a running Nitro that is needed. */
interface NitroApp {
  /** Nitro 2: the app of h3 1, whose options are its hooks. */
  readonly h3App?: { readonly options: AppHooks }
  /** Nitro 3: the app of h3 2. */
  readonly h3?: WebApp
  /** Its name in Nitro 3.0.0. */
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
  /** Nitro 3.0.0 puts the middleware together for each request. */
  _getMiddleware?(...args: unknown[]): unknown[]
}

type AppHook = (...args: never[]) => unknown

interface AppHooks {
  onRequest?: AppHook
  onBeforeResponse?: AppHook
  onAfterResponse?: AppHook
  onError?: AppHook
}

/** A plugin of Nitro: starts the session layer with the server, so that a bad configuration does not wait for a request. */
export default function startSessions(nitroApp: NitroApp): void {
  if (isPrerendering) return
  const sessions = startOrStop()
  nitroApp.hooks.hook('close', sessions.dispose)
  if (sessions.autoSave) attach(nitroApp, sessionMiddleware(sessions.config))
}

function startOrStop(): SessionRuntime {
  try {
    return getSessionRuntime()
  } catch (error) {
    // A development server shows it and waits for the correction.
    if (isDevelopment || typeof process.exit !== 'function') throw error
    console.error(error instanceof Error ? error.message : error)
    return process.exit(1)
  }
}

/** Outside of all other middleware, so that it sees what any of them answers. */
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
    throw invalidOption('sessions.autoSave', 'must be false with this release of Nitro, which is not known')
  }
}

/** Completes responses after all hooks that the app's own plugins have. They are registered after this one. */
function sealLast(hooks: NitroHooks): void {
  let isHooked = false
  hooks.hook('request', () => {
    if (!isHooked) hooks.hook('response', sealResponse)
    isHooked = true
  })
}

/**
 * Nitro 2 has hooks of its own for these moments, but goes on where they throw: a session that could not be stored would be
 * answered as if it had been.
 */
function attachHooks(hooks: AppHooks, middleware: SessionMiddleware): void {
  // Nitro's own comes first: it makes the context by which sub-requests are recognized.
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

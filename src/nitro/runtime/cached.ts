import { createHash } from 'node:crypto'
import { isRead, runCachedWork } from '../../h3/request/cached-work.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { runCachedHandler, storeBeforeResponse } from '../../h3/middleware.ts'

type Handler = (event: H3EventLike) => unknown
type AnyFunction = (...args: unknown[]) => unknown

interface CacheOptions {
  integrity?: unknown
  headersOnly?: boolean
}

/** The functions with which an app defines cached work. Each release of Nitro has some of these names. */
interface CacheModule {
  defineCachedFunction?: DefineFunction
  cachedFunction?: DefineFunction
  defineCachedEventHandler?: DefineHandler
  cachedEventHandler?: DefineHandler
  defineCachedHandler?: DefineHandler
}

type DefineFunction = (fn: AnyFunction, options?: CacheOptions) => AnyFunction
type DefineHandler = (handler: Handler, options?: CacheOptions) => Handler

/** Returns whether the response of a handler's event is cached. */
type IsCached = (
  event: H3EventLike,
  options: CacheOptions | undefined,
  entered: WeakMap<object, unknown>,
) => boolean

/**
 * Returns Nitro's caching functions, changed so that cached work has no session.
 *
 * @param cache - the module of Nitro 2 and of Nitro 3.0.0
 */
export function withoutSessions(cache: CacheModule): CacheModule {
  return wrapped(cache, (event, options, entered) =>
    // Nitro 2 makes an event of its own for a cache. Nitro 3.0.0 caches every GET and HEAD.
    event.runtime || event.req ? isRead(event.req?.method) && !options?.headersOnly : !entered.has(event),
  )
}

/**
 * Returns the functions of ocache, changed so that cached work has no session. The betas of Nitro 3 cache with ocache.
 *
 * A handler that fills a cache gets a request with fewer headers instead of the client's. A handler that bypasses the cache gets the
 * client's request, and ocache reads its response headers right after it.
 */
export function withoutSessionsOfOcache(cache: CacheModule): CacheModule {
  return wrapped(cache, (event, _, entered) => event.req !== entered.get(event))
}

function wrapped(cache: CacheModule, isCached: IsCached): CacheModule {
  const handlers = (define: DefineHandler | undefined): DefineHandler | undefined =>
    define &&
    ((handler, options) => {
      const entered = new WeakMap<object, unknown>()
      const inner = named(handler, (event) =>
        isCached(event, options, entered)
          ? runCachedHandler(event, () => handler(event))
          : storeBeforeResponse(event, () => handler(event)),
      )
      const cached = define(inner, identified(handler, options))
      return named(cached, (event) => {
        entered.set(event, event.req)
        return cached(event)
      })
    })
  return {
    ...functionsOf(cache),
    defineCachedEventHandler: handlers(cache.defineCachedEventHandler),
    cachedEventHandler: handlers(cache.cachedEventHandler),
    defineCachedHandler: handlers(cache.defineCachedHandler),
  }
}

function functionsOf(cache: CacheModule): CacheModule {
  const functions = (define: DefineFunction | undefined): DefineFunction | undefined =>
    define &&
    ((fn, options) =>
      define(
        named(fn, (...args) => runCachedWork(() => fn(...args))),
        identified(fn, options),
      ))
  return {
    defineCachedFunction: functions(cache.defineCachedFunction),
    cachedFunction: functions(cache.cachedFunction),
  }
}

/** Gives a function the name and the properties of another one. The keys of a cache contain the name. */
function named<F extends object>(original: F, replacement: F): F {
  const { name } = original as { name?: string }
  return Object.defineProperty(Object.assign(replacement, original), 'name', { value: name })
}

/**
 * Returns cache options with an `integrity` made from the source of the original function. By default caches make it from the source
 * of the given function, and that is the wrapper here.
 */
function identified(original: object, options: CacheOptions | undefined): CacheOptions | undefined {
  if (!options || options.integrity !== undefined) return options
  const text = JSON.stringify([String(original), options], (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
  return { ...options, integrity: createHash('sha256').update(text).digest('base64url') }
}

import { createHash } from 'node:crypto'
import { isRead, runCachedWork } from '../../h3/cached-work.ts'
import type { H3EventLike } from '../../h3/event.ts'
import { runCachedHandler, storeBeforeResponse } from '../../h3/middleware.ts'

type Handler = (event: H3EventLike) => unknown
type AnyFunction = (...args: unknown[]) => unknown

interface CacheOptions {
  integrity?: unknown
  headersOnly?: boolean
}

/** The functions by which an app has something cached. A release of Nitro has some of these names. */
interface CacheModule {
  defineCachedFunction?: DefineFunction
  cachedFunction?: DefineFunction
  defineCachedEventHandler?: DefineHandler
  cachedEventHandler?: DefineHandler
  defineCachedHandler?: DefineHandler
}

type DefineFunction = (fn: AnyFunction, options?: CacheOptions) => AnyFunction
type DefineHandler = (handler: Handler, options?: CacheOptions) => Handler

/**
 * Returns Nitro's functions for caching with sessions kept out of everything that is cached.
 *
 * @param cache - the module of Nitro 2 and of Nitro 3.0.0, which gives its handlers other requests or other events
 */
export function withoutSessions(cache: CacheModule): CacheModule {
  const handlers = (define: DefineHandler | undefined): DefineHandler | undefined =>
    define &&
    ((handler, options) => {
      const isCached = (event: H3EventLike): boolean => isRead(methodOf(event)) && !options?.headersOnly
      return define(inCache(handler, isCached), identified(handler, options))
    })
  return {
    ...functionsOf(cache),
    defineCachedEventHandler: handlers(cache.defineCachedEventHandler),
    cachedEventHandler: handlers(cache.cachedEventHandler),
    defineCachedHandler: handlers(cache.defineCachedHandler),
  }
}

/**
 * Returns the functions of ocache, by which the betas of Nitro 3 cache, with sessions kept out of everything that is cached.
 *
 * A handler that is called for a cache gets a request with fewer headers in place of the client's. One that bypasses the cache
 * gets the client's own, and its headers are taken as soon as it is done.
 */
export function withoutSessionsOfOcache(cache: CacheModule): CacheModule {
  const { defineCachedHandler: define } = cache
  return {
    ...functionsOf(cache),
    defineCachedHandler:
      define &&
      ((handler, options) => {
        const requests = new WeakMap<object, unknown>()
        const isCached = (event: H3EventLike): boolean => event.req !== requests.get(event)
        const cached = define(inCache(handler, isCached), identified(handler, options))
        const entered: Handler = (event) => {
          requests.set(event, event.req)
          return cached(event)
        }
        return Object.assign(entered, cached)
      }),
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

function inCache(handler: Handler, isCached: (event: H3EventLike) => boolean): Handler {
  return named(handler, (event) =>
    isCached(event)
      ? runCachedHandler(event, () => handler(event))
      : storeBeforeResponse(event, () => handler(event)),
  )
}

function methodOf({ method, req }: H3EventLike): string | undefined {
  return method ?? req?.method
}

/** Gives a function the name and the properties of another one. A cache makes its keys of the name. */
function named<F extends object>(original: F, replacement: F): F {
  const { name } = original as { name?: string }
  return Object.defineProperty(Object.assign(replacement, original), 'name', { value: name })
}

/** Caches compare what the source text of a function is made of, which is not that of the function in its place. */
function identified(original: object, options: CacheOptions | undefined): CacheOptions | undefined {
  if (!options || options.integrity !== undefined) return options
  const text = JSON.stringify([String(original), options], (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
  return { ...options, integrity: createHash('sha256').update(text).digest('base64url') }
}

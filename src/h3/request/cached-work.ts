import { AsyncLocalStorage } from 'node:async_hooks'
import { isObject } from '../../../drivers/utils/validate.ts'
import type { H3EventLike } from './event.ts'

/** Has a value while the framework fills a cache. It is global, because bundlers may make two copies of this module. */
const filling: AsyncLocalStorage<true> = shared('unsession.cached-work', () => new AsyncLocalStorage())

function shared<T>(name: string, make: () => T): T {
  const known = globalThis as { [key: symbol]: T | undefined }
  return (known[Symbol.for(name)] ??= make())
}

/** Runs work whose result is cached and given to other visitors. No call in it returns a session of a visitor. */
export function runCachedWork<T>(work: () => T): T {
  return filling.run(true, work)
}

/** Returns whether the caller runs in {@link runCachedWork}. */
export function isFillingCache(): boolean {
  return filling.getStore() === true
}

/**
 * Returns whether an event was made to fill a cache. Nitro 2 makes such events, and names the cache in their context. The visitor's
 * event and sub-requests share that context.
 */
export function isCacheEvent({ context, node }: H3EventLike): boolean {
  return isFillingCache() || isNitroCache(context) || isNitroCache(node?.req.__unenv__)
}

/**
 * Returns whether the platform stores the response of an event and gives it to other visitors. It does so for routes with the rule
 * `isr` (incremental static regeneration).
 */
export function isRegenerated(event: H3EventLike): boolean {
  return Boolean(routeRulesOf(event.context)?.isr) && isRead(methodOf(event))
}

function routeRulesOf(context: ContextLike = {}): RouteRules | undefined {
  return context._nitro?.routeRules ?? context.routeRules
}

/** The part of an event's context that Nitro sets. */
interface ContextLike {
  /** Nitro 2. */
  readonly _nitro?: { readonly routeRules?: RouteRules }
  /** Nitro 3. */
  readonly routeRules?: RouteRules
}

interface RouteRules {
  readonly isr?: unknown
}

/** Returns whether Nitro 2 has named a cache in a context. An app may use the same name for another value. */
function isNitroCache(context: unknown): boolean {
  const cache = isObject(context) && context['cache']
  const options = isObject(cache) && cache['options']
  return isObject(options) && typeof options['getKey'] === 'function' && 'integrity' in options
}

/** Returns whether responses to a method are cached. */
export function isRead(method: string | undefined): boolean {
  return method === undefined || method === 'GET' || method === 'HEAD'
}

function methodOf({ method, req }: H3EventLike): string | undefined {
  return method ?? req?.method
}

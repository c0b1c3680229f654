import { getRouteRules, useNitroApp } from 'nitropack/runtime'
import { exposedKeys } from '#unsession/exposed-keys'
import { useSession } from '../../../nitro/runtime/index.ts'
import type { ExposedData, ServerEvent } from '../types.ts'

declare module 'nitropack/types' {
  interface NitroRuntimeHooks {
    'sessions:expose': (exposed: object, event: ServerEvent) => void | Promise<void>
  }
}

/**
 * What pages may see of the session of a request, as JSON makes it: a copy, the same in the page and over HTTP.
 *
 * @returns `undefined` where the response is one for everybody
 * @throws what the storage fails with, and what a hook throws
 */
export async function exposedData(event: ServerEvent): Promise<ExposedData | undefined> {
  if (isForEverybody(event)) return undefined
  const exposed = await listedKeys(event)
  await useNitroApp().hooks.callHook('sessions:expose', exposed, event)
  const data: ExposedData = JSON.parse(JSON.stringify(exposed))
  if (Object.keys(data).length > 0) exposing.add(event)
  return data
}

async function listedKeys(event: ServerEvent): Promise<object> {
  if (exposedKeys.length === 0) return {}
  const { data } = await useSession<Record<string, unknown>>(event)
  return Object.fromEntries(
    exposedKeys.filter((key) => Object.hasOwn(data, key)).map((key) => [key, data[key]]),
  )
}

/** Whether others get the response too: it is prerendered, or a cache keeps it, here or on its way. */
function isForEverybody(event: ServerEvent): boolean {
  const { cache, isr, prerender } = getRouteRules(event)
  // A cached handler is given a request without cookies, but the context of the one that came.
  const isCached = cache || isr || event.context.cache !== undefined || isCachedOnItsWay(event)
  return Boolean(import.meta.prerender || prerender || isCached)
}

/** Whether the app lets caches between here and the browser keep the response, which may not mind its `Vary`. */
function isCachedOnItsWay(event: ServerEvent): boolean {
  const control = cacheControl(event)
  const isKept = control !== '' && !/\b(?:private|no-store|no-cache)\b/i.test(control)
  return isKept || cdnHeaders(event).length > 0
}

/** Requests whose response has something of a session in it. */
const exposing = new WeakSet<ServerEvent>()

/** Whether a response has nothing of a session in it and may be kept for everybody, as the page has said meanwhile. */
export function isSharedWithoutData(event: ServerEvent): boolean {
  return !exposing.has(event) && isForEverybody(event)
}

/**
 * Keep a response with something of a session in it out of caches, those of others whatever the page has said meanwhile, and,
 * unless the app has decided about it, the one behind the back button.
 */
export function keepPrivate(event: ServerEvent): void {
  if (!exposing.has(event)) return
  const { res } = event.node
  if (cacheControl(event) === '' || isCachedOnItsWay(event)) res.setHeader('cache-control', 'no-store')
  for (const name of cdnHeaders(event)) res.removeHeader(name)
}

function cacheControl(event: ServerEvent): string {
  return String(event.node.res.getHeader('cache-control') ?? '')
}

function cdnHeaders(event: ServerEvent): string[] {
  return event.node.res
    .getHeaderNames()
    .filter((name) => /(?:cdn-cache|surrogate|edge)-control$|^x-accel-expires$/i.test(name))
}

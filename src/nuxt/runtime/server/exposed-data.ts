import { getRouteRules, useNitroApp } from 'nitropack/runtime'
import { exposedKeys } from '#unsession/exposed-keys'
import { useSession } from '../../../nitro/runtime/index.ts'
import type { ExposedData, ServerEvent } from '../types.ts'

/**
 * Returns the part of a request's session that pages may read. It is a copy made with JSON, so that pages get the same value from the
 * payload and over HTTP.
 *
 * @returns `undefined` if several visitors may get the response
 * @throws the error of the storage or of a hook
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

/** Returns whether several visitors may get the response: it is prerendered, or a cache of the server or of the network stores it. */
function isForEverybody(event: ServerEvent): boolean {
  const { cache, isr, prerender } = getRouteRules(event)
  // A cached handler gets a request without cookies, but with the context of the visitor's request.
  const isCached = cache || isr || event.context.cache !== undefined || isCachedOnItsWay(event)
  return Boolean(import.meta.prerender || prerender || isCached)
}

/** Returns whether the app allows shared caches to store the response. Such caches may ignore `Vary`. */
function isCachedOnItsWay(event: ServerEvent): boolean {
  const control = cacheControl(event)
  const isKept = control !== '' && !/\b(?:private|no-store|no-cache)\b/i.test(control)
  return isKept || cdnHeaders(event).length > 0
}

/** Events whose response contains data of a session. */
const exposing = new WeakSet<ServerEvent>()

/** Returns whether a response contains no session data and may be stored for all visitors. The page may have set that while it rendered. */
export function isSharedWithoutData(event: ServerEvent): boolean {
  return !exposing.has(event) && isForEverybody(event)
}

/**
 * Sets `Cache-Control` of a response that contains session data.
 *
 * - Shared caches must not store it, even if the page has allowed them to.
 * - The browser must not store it either, unless the app has set `Cache-Control`. Otherwise the back button shows old data.
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

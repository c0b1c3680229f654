import { addVary, keepPrivate, setCookies } from '../h3/response/web-headers.ts'

/**
 * Returns a copy of a response. A response can be immutable. An app can also return one object, kept in a constant, to several
 * visitors. Properties that frameworks add, such as `crossws`, are copied too.
 */
export function copyOf(response: Response): Response {
  const copy = new Response(response.body, response)
  for (const [name, value] of Object.entries(response)) {
    if (!(name in copy))
      Object.defineProperty(copy, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return copy
}

/** Adds the prepared headers of sessions to those of a response. */
export function addPrepared(headers: Headers, prepared: Headers): void {
  const vary = prepared.get('vary')
  if (vary) addVary(headers, vary)
  const timing = prepared.get('server-timing')
  if (timing) headers.append('server-timing', timing)
  const retryAfter = prepared.get('retry-after')
  if (retryAfter) headers.set('retry-after', retryAfter)
  const cookies = byName(prepared.getSetCookie())
  if (cookies.size === 0) return
  setCookies(headers, cookies)
  keepPrivate(headers)
}

/** Groups `Set-Cookie` headers by cookie name. The removal of a cookie needs one header for each domain. */
function byName(cookies: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const cookie of cookies) {
    const name = cookie.slice(0, cookie.indexOf('='))
    groups.set(name, [...(groups.get(name) ?? []), cookie])
  }
  return groups
}

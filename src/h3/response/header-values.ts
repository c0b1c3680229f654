/** A metric up to its comma. A comma in quotes is text. */
const METRIC = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g

/** Returns a `Server-Timing` header with a metric in place of the one of that name. */
export function withMetric(known: string | null, name: string, metric: string): string {
  const others = known?.match(METRIC)?.map((each) => each.trim()) ?? []
  return [...others.filter((each) => each.split(';', 1)[0] !== name), metric].join(', ')
}

/** Returns two `Vary` headers as one. No field is named twice. */
export function joinVary(known: string, added: string): string {
  const fields = new Map<string, string>()
  for (const field of `${known},${added}`.split(',')) {
    const text = field.trim()
    if (text && !fields.has(text.toLowerCase())) fields.set(text.toLowerCase(), text)
  }
  return fields.has('*') ? '*' : [...fields.values()].join(', ')
}

/** Returns `Set-Cookie` headers with given ones in place of all others of their names. */
export function withCookies(
  known: readonly string[],
  cookies: ReadonlyMap<string, readonly string[]>,
): string[] {
  const others = known.filter((cookie) => !cookies.has(cookie.slice(0, Math.max(0, cookie.indexOf('=')))))
  return [...others, ...[...cookies.values()].flat()]
}

/** What a response with a session cookie says where the app lets shared caches keep it. */
const PRIVATE = 'private, no-store'

/** Headers that tell a shared cache to keep a response, whatever its `Cache-Control` says. */
const FOR_SHARED_CACHES = /^(?:[\w-]*cdn-cache-control|surrogate-control|edge-control|x-accel-expires)$/i

/** Returns whether a header speaks to shared caches only, such as `CDN-Cache-Control`. */
export function isForSharedCaches(name: string): boolean {
  return FOR_SHARED_CACHES.test(name)
}

/**
 * Returns the `Cache-Control` of a response that sets a session cookie.
 *
 * A shared cache may keep a response with `public` or `s-maxage`, and every response that says neither `private`, `no-store`
 * nor `no-cache` (RFC 9111, section 3). It would give the cookie to other visitors.
 *
 * @param given - what the app says; empty if it says nothing
 */
export function privateCacheControl(given: string): string {
  if (given === '') return 'no-store'
  const directives = new Set(given.split(',').map((each) => each.trim().split('=', 1)[0]?.toLowerCase()))
  const isShared = directives.has('public') || directives.has('s-maxage')
  const isKeptOut =
    ['no-store', 'no-cache'].some((each) => directives.has(each)) || /\bprivate\b(?!\s*=)/i.test(given)
  return isShared || !isKeptOut ? PRIVATE : given
}

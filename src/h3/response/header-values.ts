/** One metric of a `Server-Timing` header. A comma in quotes is part of the metric. */
const METRIC = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g

/** Returns a `Server-Timing` header with a metric. It replaces a metric of the same name. */
export function withMetric(known: string | null, name: string, metric: string): string {
  const others = known?.match(METRIC)?.map((each) => each.trim()) ?? []
  return [...others.filter((each) => each.split(';', 1)[0] !== name), metric].join(', ')
}

/** Returns the union of two `Vary` headers. */
export function joinVary(known: string, added: string): string {
  const fields = new Map<string, string>()
  for (const field of `${known},${added}`.split(',')) {
    const text = field.trim()
    if (text && !fields.has(text.toLowerCase())) fields.set(text.toLowerCase(), text)
  }
  return fields.has('*') ? '*' : [...fields.values()].join(', ')
}

/** Returns `Set-Cookie` headers with the given cookies. They replace all cookies of the same names. */
export function withCookies(
  known: readonly string[],
  cookies: ReadonlyMap<string, readonly string[]>,
): string[] {
  const others = known.filter((cookie) => !cookies.has(cookie.slice(0, Math.max(0, cookie.indexOf('=')))))
  return [...others, ...[...cookies.values()].flat()]
}

/** The `Cache-Control` of a response with a session cookie that the app allows shared caches to store. */
const PRIVATE = 'private, no-store'

/** Headers that let a shared cache store a response, even if its `Cache-Control` does not. */
const FOR_SHARED_CACHES = /^(?:[\w-]*cdn-cache-control|surrogate-control|edge-control|x-accel-expires)$/i

/** Returns whether only shared caches read a header, such as `CDN-Cache-Control`. */
export function isForSharedCaches(name: string): boolean {
  return FOR_SHARED_CACHES.test(name)
}

/**
 * Returns the `Cache-Control` of a response that sets a session cookie.
 *
 * A shared cache may store a response with `public` or `s-maxage`, and a response without `private`, `no-store` and `no-cache`
 * (RFC 9111, section 3). It would send the cookie to other visitors.
 *
 * @param given - the `Cache-Control` that the app has set; empty if it has set none
 */
export function privateCacheControl(given: string): string {
  if (given === '') return 'no-store'
  const directives = new Set(given.split(',').map((each) => each.trim().split('=', 1)[0]?.toLowerCase()))
  const isShared = directives.has('public') || directives.has('s-maxage')
  const isKeptOut =
    ['no-store', 'no-cache'].some((each) => directives.has(each)) || /\bprivate\b(?!\s*=)/i.test(given)
  return isShared || !isKeptOut ? PRIVATE : given
}

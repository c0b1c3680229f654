import { isForSharedCaches, joinVary, privateCacheControl, withCookies } from './header-values.ts'

/** Adds request headers that the response depends on to `Vary`. */
export function addVary(headers: Headers, fields: string): void {
  const known = headers.get('vary')
  headers.set('vary', known ? joinVary(known, fields) : fields)
}

/** Sets cookies. They replace all cookies of the same names. */
export function setCookies(headers: Headers, cookies: ReadonlyMap<string, readonly string[]>): void {
  const all = withCookies(headers.getSetCookie(), cookies)
  headers.delete('set-cookie')
  for (const each of all) headers.append('set-cookie', each)
}

/** Headers whose methods were replaced already. */
const watched = new WeakSet<Headers>()

/**
 * Keeps a response out of shared caches, even if other code sets `Cache-Control` later. No hook runs between the handler and the
 * moment when the server reads the headers. So the methods of the headers are replaced.
 */
export function keepPrivate(headers: Headers): void {
  headers.set('cache-control', privateCacheControl(headers.get('cache-control') ?? ''))
  removeForSharedCaches(headers)
  if (watched.has(headers)) return
  watched.add(headers)
  const set = headers.set.bind(headers)
  const append = headers.append.bind(headers)
  headers.set = (name, value) => {
    if (name.toLowerCase() === 'cache-control') set(name, privateCacheControl(value))
    else if (!isForSharedCaches(name)) set(name, value)
  }
  headers.append = (name, value) => {
    if (name.toLowerCase() === 'cache-control')
      set(name, privateCacheControl(`${headers.get(name) ?? ''}, ${value}`))
    else if (!isForSharedCaches(name)) append(name, value)
  }
}

/** Removes all headers that only shared caches read. */
export function removeForSharedCaches(headers: Headers): void {
  for (const name of Array.from(headers.keys()).filter(isForSharedCaches)) headers.delete(name)
}

import type { H3EventLike, NodeResponse, WebResponse } from '../request/event.ts'
import { isForSharedCaches, joinVary, privateCacheControl, withCookies, withMetric } from './header-values.ts'
import type { ResponseHead } from './response-head.ts'

/**
 * The headers that h3 2 prepares for a response. There are two sets of them, and only the second one goes out with an error.
 * Both override the headers of a `Response` that a handler returns.
 */
export class WebHead implements ResponseHead {
  readonly #event: H3EventLike
  readonly #response: WebResponse
  readonly #node: NodeResponse | undefined
  #cookies: Map<string, readonly string[]> | undefined
  /** Headers whose `cache-control` is ours. */
  #kept: Headers[] | undefined

  constructor(event: H3EventLike, response: WebResponse, node: NodeResponse | undefined) {
    this.#event = event
    this.#response = response
    this.#node = node
  }

  get isOpen(): boolean {
    // When h3 has made the response it lets go of what was prepared for it, and would prepare another one in vain.
    return this.#event.res === this.#response && !this.#node?.headersSent
  }

  setCookie(name: string, ...cookies: string[]): void {
    const all = (this.#cookies ??= new Map())
    all.set(name, cookies)
    for (const headers of this.#prepared()) setCookies(headers, all)
  }

  vary(field: string): void {
    for (const headers of this.#prepared()) addVary(headers, field)
  }

  serverTiming(name: string, metric: string): void {
    for (const headers of this.#prepared()) {
      headers.set(TIMING, withMetric(headers.get(TIMING), name, metric))
    }
  }

  retryAfter(delay: number): void {
    const { headers, errHeaders = headers } = this.#response
    errHeaders.set('retry-after', String(delay))
  }

  noStore(): void {
    for (const headers of this.#prepared()) {
      if (!headers.has('cache-control')) (this.#kept ??= []).push(headers)
      keepPrivate(headers)
    }
  }

  yieldTo(response: Response): Response {
    for (const headers of this.#prepared()) {
      const vary = response.headers.get('vary')
      if (vary) addVary(headers, vary)
      const own = response.headers.get('cache-control')
      const isOurs = this.#kept?.includes(headers) && headers.get('cache-control') === 'no-store'
      if (isOurs && own !== null) headers.set('cache-control', privateCacheControl(own))
    }
    return this.#cookies ? withoutSharedCaches(response) : response
  }

  withhold(): void {
    if (!this.#cookies || !this.isOpen) return
    const none = new Map(Array.from(this.#cookies.keys(), (name) => [name, []]))
    for (const headers of this.#prepared()) {
      setCookies(headers, none)
      if (this.#kept?.includes(headers)) headers.delete('cache-control')
    }
  }

  seal(response: Response): void {
    if (!this.#cookies) return
    const { headers } = response
    setCookies(headers, this.#cookies)
    headers.set('cache-control', privateCacheControl(headers.get('cache-control') ?? ''))
    removeForSharedCaches(headers)
  }

  #prepared(): Headers[] {
    const { headers, errHeaders } = this.#response
    return errHeaders ? [headers, errHeaders] : [headers]
  }
}

const TIMING = 'server-timing'

function addVary(headers: Headers, fields: string): void {
  const known = headers.get('vary')
  headers.set('vary', known ? joinVary(known, fields) : fields)
}

function setCookies(headers: Headers, cookies: ReadonlyMap<string, readonly string[]>): void {
  const all = withCookies(headers.getSetCookie(), cookies)
  headers.delete('set-cookie')
  for (const each of all) headers.append('set-cookie', each)
}

/** Headers that are watched already. */
const watched = new WeakSet<Headers>()

/**
 * Keeps a response out of shared caches, whatever code says later: no hook of h3 2 runs between a handler and the moment
 * when the headers are taken, so the headers themselves are watched.
 */
function keepPrivate(headers: Headers): void {
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

function removeForSharedCaches(headers: Headers): void {
  for (const name of Array.from(headers.keys()).filter(isForSharedCaches)) headers.delete(name)
}

/** Returns a response without the headers that tell shared caches to keep it. */
function withoutSharedCaches(response: Response): Response {
  if (!Array.from(response.headers.keys()).some(isForSharedCaches)) return response
  const renewed = new Response(response.body, response)
  removeForSharedCaches(renewed.headers)
  return renewed
}

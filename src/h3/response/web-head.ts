import type { H3EventLike, NodeResponse, WebResponse } from '../request/event.ts'
import { isForSharedCaches, privateCacheControl, withMetric } from './header-values.ts'
import type { ResponseHead } from './response-head.ts'
import { addVary, keepPrivate, removeForSharedCaches, setCookies } from './web-headers.ts'

/**
 * The headers that h3 2 prepares for a response. There are two sets, and an error response has only the second one. Both override
 * the headers of a `Response` that a handler returns.
 */
export class WebHead implements ResponseHead {
  readonly #event: H3EventLike
  readonly #response: WebResponse
  readonly #node: NodeResponse | undefined
  #cookies: Map<string, readonly string[]> | undefined
  /** Headers whose `cache-control` was set by this class and not by the app. */
  #kept: Headers[] | undefined

  constructor(event: H3EventLike, response: WebResponse, node: NodeResponse | undefined) {
    this.#event = event
    this.#response = response
    this.#node = node
  }

  get isOpen(): boolean {
    // After h3 has created the response, `event.res` returns another prepared response, which is never sent.
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

  mergeHeadersInto(response: Response): Response {
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
    keepPrivate(headers)
  }

  #prepared(): Headers[] {
    const { headers, errHeaders } = this.#response
    return errHeaders ? [headers, errHeaders] : [headers]
  }
}

const TIMING = 'server-timing'

/** Returns a response without the headers that let shared caches store it. */
function withoutSharedCaches(response: Response): Response {
  if (!Array.from(response.headers.keys()).some(isForSharedCaches)) return response
  const renewed = new Response(response.body, response)
  removeForSharedCaches(renewed.headers)
  return renewed
}

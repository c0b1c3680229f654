import { isWebResponse, type NodeResponse, type H3EventLike, type WebResponse } from './event.ts'

/** The headers of a response that has not gone out yet, of h3 1 or h3 2. */
export interface ResponseHead {
  /** Whether what is set still reaches the client. */
  readonly isOpen: boolean
  /** Sets a cookie, in place of what was set for it before. @param cookies - text of a `set-cookie` header, or of several */
  setCookie(name: string, ...cookies: string[]): void
  /** Name a request header that the response depends on. */
  vary(field: string): void
  /** Set a metric of the header `Server-Timing`, in place of what was set for it before. */
  serverTiming(name: string, metric: string): void
  /** Should an error go out, say when to try again. @param delay - seconds */
  retryAfter(delay: number): void
  /** Keep the response out of caches, unless the handler has decided about them. */
  noStore(): void
  /**
   * Make room for what a `Response` that the handler returns says itself.
   *
   * @returns the response to send instead of it
   */
  yieldTo(response: Response): Response
}

/** The response that an event will get, where there is one. */
export function responseHead(event: H3EventLike): ResponseHead | undefined {
  const { res } = event
  const nodeResponse = event.node?.res
  if (isWebResponse(res)) return new WebHead(event, res, nodeResponse)
  return nodeResponse && new NodeHead(event, nodeResponse)
}

/** h3 2 prepares two sets of headers: of an error, only the second one goes out. Both override those of a `Response`. */
class WebHead implements ResponseHead {
  readonly #event: H3EventLike
  readonly #response: WebResponse
  readonly #node: NodeResponse | undefined
  /** Headers whose `cache-control` is ours. */
  readonly #kept: Headers[] = []

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
    for (const headers of this.#prepared()) {
      const others = headers.getSetCookie().filter((other) => !other.startsWith(`${name}=`))
      headers.delete('set-cookie')
      for (const each of [...others, ...cookies]) headers.append('set-cookie', each)
    }
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
      if (headers.has('cache-control')) continue
      headers.set('cache-control', 'no-store')
      this.#kept.push(headers)
    }
  }

  yieldTo(response: Response): Response {
    for (const headers of this.#prepared()) {
      const vary = response.headers.get('vary')
      if (vary) addVary(headers, vary)
      const isOurs = this.#kept.includes(headers) && headers.get('cache-control') === 'no-store'
      if (isOurs && response.headers.has('cache-control')) headers.delete('cache-control')
    }
    return response
  }

  #prepared(): Headers[] {
    const { headers, errHeaders } = this.#response
    return errHeaders ? [headers, errHeaders] : [headers]
  }
}

/** h3 1 writes to Node's response, or to a stand-in for it, errors included. A `Response` overrides what is there. */
class NodeHead implements ResponseHead {
  readonly #event: H3EventLike
  readonly #response: NodeResponse

  constructor(event: H3EventLike, response: NodeResponse) {
    this.#event = event
    this.#response = response
  }

  get isOpen(): boolean {
    return !this.#response.headersSent && !this.#event.handled
  }

  setCookie(name: string, ...cookies: string[]): void {
    const others = [this.#response.getHeader('set-cookie') ?? []].flat().map(String)
    this.#response.setHeader('set-cookie', [
      ...others.filter((other) => !other.startsWith(`${name}=`)),
      ...cookies,
    ])
  }

  vary(field: string): void {
    const isFirst = this.#response.getHeader('vary') === undefined
    this.#response.setHeader('vary', isFirst ? field : joinVary(this.#varied(), field))
  }

  serverTiming(name: string, metric: string): void {
    const known = [this.#response.getHeader(TIMING) ?? []].flat().join(', ')
    this.#response.setHeader(TIMING, withMetric(known, name, metric))
  }

  retryAfter(delay: number): void {
    this.#response.setHeader('retry-after', String(delay))
  }

  noStore(): void {
    if (this.#response.getHeader('cache-control') === undefined)
      this.#response.setHeader('cache-control', 'no-store')
  }

  yieldTo(response: Response): Response {
    const vary = response.headers.get('vary')
    if (!vary) return response
    const renewed = new Response(response.body, response)
    renewed.headers.set('vary', joinVary(vary, this.#varied()))
    return renewed
  }

  #varied(): string {
    return [this.#response.getHeader('vary') ?? []].flat().join(', ')
  }
}

const TIMING = 'server-timing'

/** A metric up to its comma; a comma in quotes is text. */
const METRIC = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g

/** A `Server-Timing` header with a metric in place of the one of that name. */
function withMetric(known: string | null, name: string, metric: string): string {
  const others = known?.match(METRIC)?.map((each) => each.trim()) ?? []
  return [...others.filter((each) => each.split(';', 1)[0] !== name), metric].join(', ')
}

function addVary(headers: Headers, fields: string): void {
  const known = headers.get('vary')
  headers.set('vary', known ? joinVary(known, fields) : fields)
}

/** Two `vary` headers as one, without saying anything twice. */
function joinVary(known: string, added: string): string {
  const fields = new Map<string, string>()
  for (const field of `${known},${added}`.split(',')) {
    const text = field.trim()
    if (text && !fields.has(text.toLowerCase())) fields.set(text.toLowerCase(), text)
  }
  return fields.has('*') ? '*' : [...fields.values()].join(', ')
}

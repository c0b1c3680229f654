/** Request headers of Node: by name in lower case. */
type NodeHeaders = Record<string, string | string[] | undefined>

/**
 * The part of an event that sessions need. Events of h3 1.15 and of h3 2 have this type. So does an object with only `headers`.
 * It has no response, so its session can be read and changed, but not started.
 *
 * @example
 * ```ts
 * const session = await useSession({ headers: request.headers }, config)
 * ```
 */
export interface H3EventLike {
  /** Request of h3 2. */
  readonly req?: WebRequest | undefined
  /** Prepared response of h3 2. */
  readonly res?: object | undefined
  /** Node's request and response. h3 1 always has them, h3 2 on Node only. */
  readonly node?: { readonly req: NodeRequest; readonly res?: NodeResponse | undefined } | undefined
  /** h3 1: whether a response was sent. */
  readonly handled?: boolean | undefined
  /** Request of a web server. Its headers are used if the event has neither `req` nor `node`. */
  readonly request?: { readonly headers: Headers } | undefined
  /** Request headers. They are used if the event has none of `req`, `node` and `request`. */
  readonly headers?: Headers | undefined
  /** Context of the event. Nitro puts the route rules into it, and whether the response is for a cache. */
  readonly context?: object | undefined
  /** Server that the request came from, in h3 2. */
  readonly runtime?: Runtime | undefined
  /** Method of the request, in h3 1. */
  readonly method?: string | undefined
  /** Path of the request with its query, in h3 1. */
  readonly path?: string | undefined
}

/** The part of a web request that sessions need. */
interface WebRequest {
  readonly headers: Headers | NodeHeaders
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly runtime?: Runtime | undefined
}

/** The server that a request of h3 2 came from. */
interface Runtime {
  readonly node?: { readonly req: NodeRequest; readonly res?: NodeResponse | undefined } | undefined
}

/** The part of Node's request that sessions need. */
export interface NodeRequest {
  /** Headers, by name in lower case. */
  readonly headers: NodeHeaders
  /** Context of a request that came without a socket. It is the context of the event that made the request, or the platform's. */
  readonly __unenv__?: unknown
}

/** The part of Node's response that sessions need. Servers without sockets make substitutes of this type. */
export interface NodeResponse {
  statusCode: number
  statusMessage?: string | undefined
  readonly headersSent: boolean
  readonly destroyed?: boolean | undefined
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string | string[]): unknown
  getHeaderNames?(): string[]
  removeHeader?(name: string): unknown
  end?(...args: unknown[]): unknown
}

/** The part of h3 2's prepared response that sessions need. */
export interface WebResponse {
  readonly status?: number | undefined
  readonly headers: Headers
  /** Headers of an error response, sent instead of `headers`. The first releases of h3 2 send `headers` with errors too. */
  readonly errHeaders?: Headers | undefined
}

/** Returns the headers of an event's request. */
export function requestHeaders(event: H3EventLike): Headers | NodeHeaders {
  return event.req?.headers ?? event.node?.req.headers ?? event.request?.headers ?? event.headers ?? {}
}

/**
 * Returns the object that identifies an event's request. Several events of one request share it, such as those of a mounted app.
 * Two requests never share it, even if they share a context.
 */
export function requestIdentity(event: H3EventLike): object {
  const headers = requestHeaders(event)
  return isWebHeaders(headers) ? headers : (event.node?.req ?? event)
}

/** Returns the value of a request header. @param name - in lower case */
export function headerOf(headers: Headers | NodeHeaders, name: string): string | undefined {
  const value = isWebHeaders(headers) ? headers.get(name) : headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Returns the `cookie` header of an event's request. */
export function cookiesOf(event: H3EventLike): string {
  return headerOf(requestHeaders(event), 'cookie') ?? ''
}

/** Returns whether headers are a `Headers` object. A header named `get` is a string, so no client can imitate one. */
export function isWebHeaders(headers: Headers | NodeHeaders): headers is Headers {
  return typeof headers.get === 'function'
}

/** Returns whether an event's response is a prepared response of h3 2. h3 sends its headers after the handler. */
export function isWebResponse(response: object | undefined): response is WebResponse {
  return response !== undefined && 'headers' in response && response.headers instanceof Headers
}

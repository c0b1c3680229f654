/** Request headers as Node has them: by lower-case name. */
type NodeHeaders = Record<string, string | string[] | undefined>

/**
 * The part of an event that sessions need. Events of h3 1.15 and of h3 2 fit, and so do bare ones made of `headers`,
 * which have no response: their sessions can be read and changed, but not started.
 */
export interface H3EventLike {
  readonly req?: WebRequest
  readonly res?: object
  readonly node?: { readonly req: NodeRequest; readonly res?: NodeResponse | undefined }
  readonly handled?: boolean
  readonly request?: { readonly headers: Headers }
  readonly headers?: Headers
  /** Nitro says here what it knows of a request: its route rules, and whether the response is for a cache. */
  readonly context?: object
  readonly runtime?: Runtime | undefined
  readonly method?: string
  readonly path?: string
}

/** The part of a web request that sessions need. */
interface WebRequest {
  readonly headers: Headers | NodeHeaders
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly runtime?: Runtime | undefined
}

/** The server that a request came from, as h3 2 tells. */
interface Runtime {
  readonly node?: { readonly req: object; readonly res?: object | undefined } | undefined
}

/** The part of Node's request that sessions need. */
export interface NodeRequest {
  readonly headers: NodeHeaders
  /** Context of a request that was made without a socket: of the event that made it, or of the platform. */
  readonly __unenv__?: unknown
}

/** What this package uses of Node's response, and of the stand-ins for it that servers without sockets make. */
export interface NodeResponse {
  statusCode: number
  statusMessage?: string
  readonly headersSent: boolean
  readonly destroyed?: boolean
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string | string[]): unknown
  getHeaderNames?(): string[]
  removeHeader?(name: string): unknown
  end?(...args: unknown[]): unknown
}

/** What this package uses of h3 2's prepared response. */
export interface WebResponse {
  readonly status?: number
  readonly headers: Headers
  /** What goes out instead of `headers` when the answer is an error; its first releases send `headers` then too. */
  readonly errHeaders?: Headers
}

/** The headers of an event's request. */
export function requestHeaders(event: H3EventLike): Headers | NodeHeaders {
  return event.req?.headers ?? event.node?.req.headers ?? event.request?.headers ?? event.headers ?? {}
}

/**
 * Returns the object that stands for an event's request. Several events of one request share it, such as those of a mounted
 * app. No two requests share it, even if they share a context.
 */
export function requestIdentity(event: H3EventLike): object {
  const headers = requestHeaders(event)
  return isWebHeaders(headers) ? headers : (event.node?.req ?? event)
}

/** A request header's value. @param name - in lower case */
export function headerOf(headers: Headers | NodeHeaders, name: string): string | undefined {
  const value = isWebHeaders(headers) ? headers.get(name) : headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Returns the `cookie` header of an event's request. */
export function cookiesOf(event: H3EventLike): string {
  return headerOf(requestHeaders(event), 'cookie') ?? ''
}

/** A header called `get` is text, so no client passes for an h3 2 event. */
export function isWebHeaders(headers: Headers | NodeHeaders): headers is Headers {
  return typeof headers.get === 'function'
}

/** Whether an event's response is h3 2's: prepared headers, written when the handler is done. */
export function isWebResponse(response: object | undefined): response is WebResponse {
  return response !== undefined && 'headers' in response && response.headers instanceof Headers
}

/** Request headers as Node has them: by lower-case name. */
type NodeHeaders = Record<string, string | string[] | undefined>

/**
 * The part of an event that sessions need. Events of h3 1.15 and of h3 2 fit, and so do bare ones made of `headers`,
 * which have no response: their sessions can be read and changed, but not started.
 */
export interface H3EventLike {
  readonly req?: { readonly headers: Headers | NodeHeaders; readonly url?: string | undefined }
  readonly res?: object
  readonly node?: { readonly req: { readonly headers: NodeHeaders }; readonly res?: NodeResponse | undefined }
  readonly handled?: boolean
  readonly request?: { readonly headers: Headers }
  readonly headers?: Headers
  /** Not used; h3's own bare events have one. */
  readonly context?: object
}

/** What this package uses of Node's response. */
export interface NodeResponse {
  readonly statusCode: number
  readonly headersSent: boolean
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string | string[]): unknown
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
 * The object that stands for an event's request. Several events of one request, such as those of a mounted app, share it,
 * and no two requests do: not even where a context is handed from one to the next.
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

/** A header called `get` is text, so no client passes for an h3 2 event. */
export function isWebHeaders(headers: Headers | NodeHeaders): headers is Headers {
  return typeof headers.get === 'function'
}

/** Whether an event's response is h3 2's: prepared headers, written when the handler is done. */
export function isWebResponse(response: object | undefined): response is WebResponse {
  return response !== undefined && 'headers' in response && response.headers instanceof Headers
}

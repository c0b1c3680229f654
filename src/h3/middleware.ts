import { UnsessionError } from '../../drivers/utils/errors.ts'
import { runCachedWork } from './request/cached-work.ts'
import { resolveConfig, type SessionConfig } from './config.ts'
import { isWebResponse, type H3EventLike } from './request/event.ts'
import { exposeConfig, firstRequest, keepRequest, RequestState } from './request.ts'

const HTTP_RESPONSE: unique symbol = Symbol.for('h3.HTTPResponse')

/** What h3 1 is about to send. */
interface Outgoing {
  body?: unknown
}

/** A middleware of h3 2 that is also, spread into `createApp`, the hooks of an app of h3 1. */
export interface SessionMiddleware {
  (event: H3EventLike, next: () => unknown): Promise<unknown>
  /** h3 1: makes the configuration that of the request. */
  onRequest(event: H3EventLike): void
  /** h3 1: stores what the handler changed. */
  onBeforeResponse(event: H3EventLike, response: Outgoing): Promise<void>
  /** h3 1: waits for a response that the handler sent itself and that is held until the session is stored. */
  onAfterResponse(event: H3EventLike): Promise<void>
  /** h3 1: stores what the handler changed before it threw. */
  onError(error: Error, event: H3EventLike): Promise<void>
}

/**
 * Stores what handlers change in a session directly, before the response goes out, whatever it is: a value, a `Response`,
 * a stream, a thrown error below 500. A failed request (500 and above) stores nothing. Behind it `useSession(event)`
 * needs no configuration.
 *
 * Where a handler returns a `Response`, its own `Cache-Control` stands and its `Vary` is completed.
 *
 * @param config - as for `useSession`
 * @throws {UnsessionError} `INVALID_OPTION`, here and now
 *
 * @example h3 2
 * ```ts
 * app.use(sessionMiddleware({ store, password }))
 * ```
 * @example h3 1
 * ```ts
 * const app = createApp({ ...sessionMiddleware({ store, password }) })
 * ```
 */
export function sessionMiddleware(config: SessionConfig): SessionMiddleware {
  const resolved = resolveConfig(config)

  async function middleware(event: H3EventLike, next: () => unknown): Promise<unknown> {
    if (typeof next !== 'function') {
      throw new UnsessionError(
        'INVALID_OPTION',
        'with h3 1, spread the middleware into the app, createApp({ ...sessionMiddleware(config) }), instead of using it',
      )
    }
    // Kept here: an event may get another request on its way, as Nitro 3 gives it one without cookies to fill a cache.
    const request = exposeConfig(event, resolved)
    if (!request) return next()
    keepRequest(event, request)
    let result: unknown
    try {
      result = await next()
    } catch (error) {
      await request.flush(event, errorStatus(error))
      throw error
    }
    return finish(request, event, result)
  }

  return Object.assign(middleware, {
    onRequest(event: H3EventLike): void {
      exposeConfig(event, resolved)
    },
    async onBeforeResponse(event: H3EventLike, response: Outgoing): Promise<void> {
      const request = RequestState.of(event)
      // The handler has answered by itself, which Nitro's router takes for a response without content.
      if (event.handled) return request?.settle()
      // h3 throws a returned error, and comes back to `onError` with it.
      if (request && !(response.body instanceof Error))
        response.body = await finish(request, event, response.body)
    },
    async onAfterResponse(event: H3EventLike): Promise<void> {
      await RequestState.of(event)?.settle()
    },
    async onError(error: Error, event: H3EventLike): Promise<void> {
      try {
        await RequestState.of(event)?.flush(event, errorStatus(error))
      } catch (failure) {
        // Thrown from here it would end the process, so it goes out in place of the error.
        Object.assign(error, { statusCode: errorStatus(failure), cause: failure })
      }
    },
  })
}

/**
 * Sets the headers of a request's session again on the response that goes out. Releases of Nitro 3 make the response to an
 * error without them, or set the cookie twice.
 */
export function sealResponse(response: Response, event: H3EventLike): void {
  firstRequest(event)?.seal(response)
}

/** Runs a handler whose response is cached. What its request has set before for its own visitor is not cached with it. */
export async function runCachedHandler(event: H3EventLike, handler: () => unknown): Promise<unknown> {
  try {
    return await runCachedWork(handler)
  } finally {
    firstRequest(event)?.withhold()
  }
}

/**
 * Runs a handler, and stores what it changed in the request's session. For frameworks that take the headers of a response
 * as soon as the handler is done, before any middleware.
 */
export async function storeBeforeResponse(event: H3EventLike, handler: () => unknown): Promise<unknown> {
  const request = firstRequest(event)
  // Nitro 3.0.0 takes headers from requests that bypass its cache, too.
  if (request) keepRequest(event, request)
  const result = await handler()
  return request ? finish(request, event, result) : result
}

/** Store what was changed, unless the request has failed. @returns what to send */
async function finish(request: RequestState, event: H3EventLike, result: unknown): Promise<unknown> {
  await request.flush(event, statusOf(event, result))
  return result instanceof Response ? request.mergeHeadersInto(event, result) : result
}

/** The status that a result of a handler goes out with. */
function statusOf(event: H3EventLike, result: unknown): number {
  if (result instanceof Error) return errorStatus(result)
  const own = isResponse(result) ? statusIn(result) : undefined
  return own ?? (isWebResponse(event.res) ? event.res.status : event.node?.res?.statusCode) ?? 200
}

/** The status that h3 makes of something thrown. */
function errorStatus(error: unknown): number {
  return typeof error === 'number' ? error : (statusIn(error) ?? 500)
}

function statusIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const status = 'status' in value ? value.status : 'statusCode' in value ? value.statusCode : undefined
  return typeof status === 'number' ? status : undefined
}

/** A `Response`, or h3 2's lighter one, which it marks with a symbol. */
function isResponse(value: unknown): boolean {
  return value instanceof Response || (typeof value === 'object' && value !== null && HTTP_RESPONSE in value)
}

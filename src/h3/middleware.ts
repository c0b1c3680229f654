import { UnsessionError } from '../../drivers/utils/errors.ts'
import { runCachedWork } from './request/cached-work.ts'
import { resolveConfig, type SessionConfig } from './config.ts'
import { isWebResponse, type H3EventLike } from './request/event.ts'
import { exposeConfig, firstRequest, keepRequest, RequestState } from './request.ts'

const HTTP_RESPONSE: unique symbol = Symbol.for('h3.HTTPResponse')

/** The response that h3 1 will send. */
interface Outgoing {
  body?: unknown
}

/** A middleware of h3 2. Its methods are the hooks of an app of h3 1: spread it into `createApp`. */
export interface SessionMiddleware {
  /** Runs the handlers of h3 2 that follow, and stores the changes they made to the session. */
  (event: H3EventLike, next: () => unknown): Promise<unknown>
  /** Hook of h3 1: sets the configuration of the request. */
  onRequest(event: H3EventLike): void
  /** Hook of h3 1: stores the changes that the handler made. */
  onBeforeResponse(event: H3EventLike, response: Outgoing): Promise<void>
  /** Hook of h3 1: waits for a response that the handler wrote itself and that is held until the session is stored. */
  onAfterResponse(event: H3EventLike): Promise<void>
  /** Hook of h3 1: stores the changes that the handler made before it threw. */
  onError(error: Error, event: H3EventLike): Promise<void>
}

/**
 * Returns a middleware that stores direct changes of `session.data` before the response is sent. `useSession(event)` after it needs
 * no configuration.
 *
 * - The handler may return a value, a `Response` or a stream, or throw an error with a status below 500.
 * - A request that fails with a status of 500 and above stores nothing.
 * - A `Response` that the handler returns keeps its `Cache-Control`, unless that lets shared caches store a session cookie. Its `Vary`
 *   is extended.
 *
 * @param config - as for `useSession`
 * @returns a middleware for h3 2, and hooks for h3 1
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid configuration, at once and not at the first request
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
        'with h3 1, do not pass the middleware to `use`: spread it into the app, createApp({ ...sessionMiddleware(config) })',
      )
    }
    // The request is kept here, because an event may get another one: Nitro 3 replaces it with one without cookies to fill a cache.
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
      // The handler has written the response itself. Without this, Nitro's router would send a response without content.
      if (event.handled) return request?.settle()
      // h3 throws an error that a handler returned, and then calls `onError` with it.
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
        // An error thrown here would end the process. So the response reports it in place of the handler's error.
        Object.assign(error, { statusCode: errorStatus(failure), cause: failure })
      }
    },
  })
}

/**
 * Sets the headers of a request's session again on the final response. Some releases of Nitro 3 create the response to an error
 * without them, or set the cookie twice.
 */
export function sealResponse(response: Response, event: H3EventLike): void {
  firstRequest(event)?.seal(response)
}

/** Runs a handler whose response is cached. Session cookies that the request has set before are not cached with it. */
export async function runCachedHandler(event: H3EventLike, handler: () => unknown): Promise<unknown> {
  try {
    return await runCachedWork(handler)
  } finally {
    firstRequest(event)?.withhold()
  }
}

/**
 * Runs a handler and stores the changes it made to the request's session. It is for frameworks that read the headers of a response
 * right after the handler, before any middleware.
 */
export async function storeBeforeResponse(event: H3EventLike, handler: () => unknown): Promise<unknown> {
  const request = firstRequest(event)
  // Nitro 3.0.0 removes headers also from requests that bypass its cache.
  if (request) keepRequest(event, request)
  const result = await handler()
  return request ? finish(request, event, result) : result
}

/** Stores the changes of a request unless it has failed. @returns the result to send */
async function finish(request: RequestState, event: H3EventLike, result: unknown): Promise<unknown> {
  await request.flush(event, statusOf(event, result))
  return result instanceof Response ? request.mergeHeadersInto(event, result) : result
}

/** Returns the status of the response that h3 creates from a handler's result. */
function statusOf(event: H3EventLike, result: unknown): number {
  if (result instanceof Error) return errorStatus(result)
  const own = isResponse(result) ? statusIn(result) : undefined
  return own ?? (isWebResponse(event.res) ? event.res.status : event.node?.res?.statusCode) ?? 200
}

/** Returns the status of the response that h3 creates from a thrown value. */
function errorStatus(error: unknown): number {
  return typeof error === 'number' ? error : (statusIn(error) ?? 500)
}

function statusIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const status = 'status' in value ? value.status : 'statusCode' in value ? value.statusCode : undefined
  return typeof status === 'number' ? status : undefined
}

/** Returns whether a value is a `Response`, or an `HTTPResponse` of h3 2, which has a symbol. */
function isResponse(value: unknown): boolean {
  return value instanceof Response || (typeof value === 'object' && value !== null && HTTP_RESPONSE in value)
}

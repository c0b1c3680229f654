import { resolveConfig, type SessionConfig } from '../h3/config.ts'
import { failedSave } from '../h3/response/failed-save.ts'
import { exposeConfig, type RequestState } from '../h3/request.ts'
import { FetchEvent } from './fetch-event.ts'
import { warnOfLostCookie } from './lost-cookie.ts'

type Awaitable<T> = T | Promise<T>

/** A middleware that runs the handler of a request and adds the session's headers to the response. See `sessionMiddleware`. */
export interface SessionMiddleware {
  /**
   * Runs the handler of a request.
   *
   * @param request - the `Request` object of the server. Handlers must pass the same object to `useSession`
   * @param next - calls the handler
   * @returns the response to send
   * @throws the error that the handler throws
   */
  (request: Request, next: () => Awaitable<Response>): Promise<Response>
  /** Runs a handler that may return nothing. With Bun it does so after the server has upgraded the connection to a WebSocket. */
  (request: Request, next: () => Awaitable<Response | undefined>): Promise<Response | undefined>
}

/**
 * Returns a middleware that gives each `Request` its sessions and adds their cookies to the `Response`. `useSession(request)` inside
 * of it needs no configuration.
 *
 * - Direct changes of `session.data` are stored before the response is sent, unless its status is 500 or above.
 * - The response waits for writes that the handler did not await. A write that begins after the response rejects with `HEADERS_SENT`.
 * - The response has `Vary: Cookie` if a session was used. With a session cookie, shared caches must not store it.
 * - If the session cannot be stored, the response is an error. While the storage is unavailable it is 503 with `Retry-After`.
 * - If the handler throws a `Response`, the middleware adds the session's headers and throws it. Other errors are thrown unchanged:
 *   direct changes are not stored, and no cookie is sent. So put the middleware around the code that turns errors into responses.
 *
 * If a session was used, the response is a copy of the handler's. If several middlewares run for one request, the outermost one adds
 * the headers.
 *
 * @param config - as for `useSession`
 * @returns a middleware for all requests of the server
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid configuration, before any request
 *
 * @example
 * ```ts
 * const sessions = sessionMiddleware({ store, password })
 *
 * export default { fetch: (request: Request) => sessions(request, () => app.fetch(request)) }
 * ```
 */
export function sessionMiddleware(config: SessionConfig): SessionMiddleware {
  const resolved = resolveConfig(config)

  function middleware(request: Request, next: () => Awaitable<Response>): Promise<Response>
  function middleware(
    request: Request,
    next: () => Awaitable<Response | undefined>,
  ): Promise<Response | undefined>
  async function middleware(
    request: Request,
    next: () => Awaitable<Response | undefined>,
  ): Promise<Response | undefined> {
    const event = FetchEvent.of(request)
    const state = exposeConfig(event, resolved)
    // Cached work has no session. If an outer middleware runs for the request, it adds the headers to the response.
    if (!state || event.isOpen) return next()
    event.open()
    try {
      return await finish(event, state, await next())
    } catch (error) {
      if (error instanceof Response) throw await finish(event, state, error)
      if (event.hasCookies) warnOfLostCookie('error')
      throw error
    } finally {
      event.close()
    }
  }
  return middleware
}

/** Stores the changes of the handler. @returns the response to send */
async function finish(
  event: FetchEvent,
  state: RequestState,
  response: Response | undefined,
): Promise<Response | undefined> {
  if (!response) {
    // Without a response no cookie can be sent, so no session can be started.
    event.close()
    await state.pending(101)
    return undefined
  }
  try {
    await state.pending(response.status)
  } catch (error) {
    const { body, ...init } = failedSave(error)
    return event.complete(new Response(body, init))
  }
  return event.complete(response)
}

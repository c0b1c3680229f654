import { resolveConfig, type SessionConfig } from '../h3/config.ts'
import { failedSave } from '../h3/response/failed-save.ts'
import { exposeConfig, type RequestState } from '../h3/request.ts'
import { FetchEvent } from './fetch-event.ts'
import { warnOfLostCookie } from './lost-cookie.ts'

type Awaitable<T> = T | Promise<T>

/** Runs the handler of a request, and completes its response. {@link sessionMiddleware} makes it. */
export interface SessionMiddleware {
  /**
   * @param request - what the server hands over. Handlers give the same object to `useSession`
   * @param next - runs the handler
   */
  (request: Request, next: () => Awaitable<Response>): Promise<Response>
  /** For handlers that return nothing when the server has upgraded the connection by itself, such as those of Bun. */
  (request: Request, next: () => Awaitable<Response | undefined>): Promise<Response | undefined>
}

/**
 * Makes the middleware that gives each `Request` its sessions and puts their cookies on the `Response`. Inside of it
 * `useSession(request)` needs no configuration.
 *
 * - Direct changes of `session.data` are stored before the response leaves, unless its status is 500 or above.
 * - Writes that the handler has not awaited are waited for. A write that begins after the response rejects with `HEADERS_SENT`.
 * - A response that a session was used for says `Vary: Cookie`, and one with a session cookie is not for shared caches.
 * - If the session cannot be stored, the response is an error: 503 with `Retry-After` while the storage is out of reach.
 * - A `Response` that the handler throws is completed and thrown. Other errors are thrown as they are: direct changes are not
 *   stored, and no cookie is sent. So put the middleware around the code that turns errors into responses.
 *
 * The response is a copy of what the handler returns, unless no session was used. Of several middlewares around one request the
 * outermost one completes the response.
 *
 * @param config - as for `useSession`
 * @throws {UnsessionError} `INVALID_OPTION` for a bad configuration, before any request
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
    // Cached work has no session. An outer middleware of the request completes the response.
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

/** Stores what the handler has changed. @returns the response to send */
async function finish(
  event: FetchEvent,
  state: RequestState,
  response: Response | undefined,
): Promise<Response | undefined> {
  if (!response) {
    // No response takes a cookie, so no session can begin.
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

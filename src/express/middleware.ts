import { resolveConfig, type SessionConfig } from '../h3/config.ts'
import type { NodeRequest, NodeResponse } from '../h3/request/event.ts'
import { exposeConfig, openSession } from '../h3/request.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import type { Session } from '../core/session.ts'
import type { SessionValues } from '../core/types.ts'
import { requestSession } from './request-session.ts'

/** A request of Node, of Express, or of a framework that extends them. */
export interface ExpressRequest extends NodeRequest {
  /** See {@link sessionMiddleware}. */
  session?: unknown
  /** Id of the session. */
  sessionID?: string | undefined
}

/** A response of Node, of Express, or of a framework that extends them. */
export type ExpressResponse = NodeResponse

/** A middleware of Express, or of another framework with `use((req, res, next) => …)`. */
export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => void

/** The sessions of requests that have passed the middleware. */
const sessions = new WeakMap<object, Session>()

/**
 * Returns a middleware that gives each request `req.session`, with the methods of express-session: `save`, `regenerate`, `destroy`,
 * `reload`, `touch`, and `cookie.maxAge`. Use it in place of express-session.
 *
 * The session is that of `useSession` in h3, Nitro and Nuxt: with the same store, password and name, a visitor has one session in all
 * of them. Direct changes of `req.session` are stored before the first byte of the response, unless its status is 500 or above. If
 * they cannot be stored, the response is an error: 503 with `Retry-After` while the storage is unavailable.
 *
 * @param config - as for `useSession`
 * @returns a middleware. It does nothing if the request has a session already
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid configuration, before any request
 * @example
 * ```ts
 * app.use(sessionMiddleware({ store, password: process.env.SESSION_PASSWORD! }))
 * app.post('/cart', (req, res) => {
 *   req.session.cart = [...(req.session.cart ?? []), req.body.sku]
 *   res.redirect('/cart')
 * })
 * ```
 */
export function sessionMiddleware(config: SessionConfig): ExpressMiddleware {
  const resolved = resolveConfig(config)
  return (request, response, next) => {
    if (request.session !== undefined) return next()
    const event = { node: { req: request, res: response } }
    exposeConfig(event, resolved)
    openSession(event).then(
      (session) => {
        sessions.set(request, session)
        expose(request, session)
        process.nextTick(next)
      },
      (error: unknown) => process.nextTick(next, error),
    )
  }
}

/**
 * Returns the session of a request, for what express-session has no method: `bind`, `update`, `once`, `setExpiry`, `token`. Its `data`
 * is `req.session`.
 *
 * @param request - a request that has passed {@link sessionMiddleware}
 * @returns the loaded session
 * @throws {UnsessionError} `INVALID_OPTION` if the request has not passed the middleware
 * @example
 * ```ts
 * app.post('/sign-in', async (req, res) => {
 *   const session = await useSession<{ user?: string }>(req)
 *   session.bind('ada')
 *   await session.update({ user: 'ada' })
 *   res.redirect('/')
 * })
 * ```
 */
export async function useSession<T extends object = SessionValues>(request: object): Promise<Session<T>> {
  const session = sessions.get(request)
  if (session) return session as Session<object> as Session<T>
  throw invalidOption('request', 'must be a request that has passed sessionMiddleware')
}

/** Returns the session of a request. An alias of {@link useSession}, for linters that expect `use…` to be a React hook. */
export const getSession: typeof useSession = useSession

/** Sets `req.session` and `req.sessionID`. The session's data is read at first access, so that other requests have no cost. */
function expose(request: ExpressRequest, session: Session): void {
  const shared = { configurable: true, enumerable: true }
  const remove = (): void => {
    Object.defineProperty(request, 'session', { ...shared, value: undefined, writable: true })
  }
  Object.defineProperty(request, 'session', {
    ...shared,
    get: () => requestSession(session, remove),
    set() {
      throw invalidOption(
        'req.session',
        'cannot be replaced: call req.session.destroy() or req.session.regenerate(), or set its members',
      )
    },
  })
  Object.defineProperty(request, 'sessionID', { ...shared, get: () => session.id })
}

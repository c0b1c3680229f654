/**
 * Sessions for frameworks that hand over a `Request` and take a `Response`.
 *
 * @module unsession/fetch
 */

import type { SessionConfig } from '../h3/config.ts'
import * as h3 from '../h3/index.ts'
import type { SessionPatch } from '../core/patch.ts'
import type { Session } from '../core/session.ts'
import type { SessionValues } from '../core/types.ts'
import { FetchEvent } from './fetch-event.ts'

export type {
  AdoptedSession,
  Adopter,
  ConflictingValues,
  ConflictResolver,
  AdoptableSession,
  Session,
  SessionConfig,
  SessionCookieOptions,
  SessionExpiry,
  SessionPatch,
  Unseal,
  UnsealedSession,
} from '../h3/index.ts'
export { sessionMiddleware, type SessionMiddleware } from './middleware.ts'
export { warm } from '../h3/warm.ts'

/**
 * Returns the session of a request. All calls with one `Request` share one read, and one session for each name.
 *
 * A request without a live session gets an empty one. The storage is not called for it before the first write. `sessionMiddleware`
 * sends its cookie. Without the middleware a session can be read and changed, but not started.
 *
 * @param request - the `Request` object that `sessionMiddleware` was given. A clone is another request
 * @param config - store, password and options. Optional inside of `sessionMiddleware`
 * @returns the loaded session
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid configuration, or if `request` is not a `Request`, before the store is
 * called. Errors of the storage are thrown too: an outage is never reported as "no session"
 *
 * @example
 * ```ts
 * const session = await useSession<{ cart: string[] }>(request)
 * await session.update((data) => ({ cart: [...(data.cart ?? []), 'socks'] }))
 * ```
 */
export async function useSession<T extends object = SessionValues>(
  request: Request,
  config?: SessionConfig,
): Promise<Session<T>> {
  return h3.useSession<T>(FetchEvent.of(request), config)
}

/** Returns the session of a request. An alias of {@link useSession}, for linters that expect `use…` to be a React hook. */
export const getSession: typeof useSession = useSession

/**
 * Changes the session of a request and stores it.
 *
 * @param request - as for {@link useSession}
 * @param config - as for {@link useSession}
 * @param patch - as for {@link Session.update}: keys to set, or a synchronous function that returns them
 * @returns the session as stored
 * @throws as {@link useSession} and {@link Session.update}
 *
 * @example
 * ```ts
 * await updateSession<{ visits?: number }>(request, config, ({ visits = 0 }) => ({ visits: visits + 1 }))
 * ```
 */
export async function updateSession<T extends object = SessionValues>(
  request: Request,
  config?: SessionConfig,
  patch?: SessionPatch<T>,
): Promise<Session<T>> {
  return h3.updateSession<T>(FetchEvent.of(request), config, patch)
}

/**
 * Destroys the session of a request and removes its cookie. The session is not read first.
 *
 * @param request - as for {@link useSession}
 * @param config - as for {@link useSession}
 * @throws as {@link useSession}
 *
 * @example
 * ```ts
 * if (pathname === '/sign-out') await clearSession(request)
 * ```
 */
export async function clearSession(request: Request, config?: SessionConfig): Promise<void> {
  await h3.clearSession(FetchEvent.of(request), config)
}

/**
 * `useSession` and the session middleware for h3 1 and h3 2.
 *
 * @module unsession/h3
 */

import type { SessionPatch } from '../core/patch.ts'
import type { Session } from '../core/session.ts'
import type { SessionValues } from '../core/types.ts'
import type { SessionConfig } from './config.ts'
import type { H3EventLike } from './request/event.ts'
import { closeSession, openSession } from './request.ts'

export type { SessionExpiry } from '../core/expiry.ts'
export type { ConflictingValues, ConflictResolver } from '../core/merge.ts'
export type { SessionPatch } from '../core/patch.ts'
export type { OnceWork, Session } from '../core/session.ts'
export type { AdoptedSession, AdoptableSession } from '../core/session.ts'
export type { Adopter, Unseal, UnsealedSession } from './adopter.ts'
export type { SessionConfig } from './config.ts'
export type { SessionCookieOptions } from './cookie.ts'
export type { H3EventLike } from './request/event.ts'
export { sessionMiddleware, type SessionMiddleware } from './middleware.ts'
export { warm } from './warm.ts'

/**
 * Returns the session of a request. All calls of one request share one read, and one session for each name.
 *
 * A request without a live session gets an empty one. The storage is not called for it before the first write.
 *
 * @param event - an event of h3 1.15 or h3 2
 * @param config - store, password and options. Optional if the request passed `sessionMiddleware`
 * @returns the loaded session
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid configuration, before the store is called. Errors of the storage are
 * thrown too: an outage is never reported as "no session"
 *
 * @example
 * ```ts
 * const session = await useSession<{ cart: string[] }>(event, { store, password })
 * await session.update((data) => ({ cart: [...(data.cart ?? []), 'socks'] }))
 * ```
 */
export function useSession<T extends object = SessionValues>(
  event: H3EventLike,
  config?: SessionConfig,
): Promise<Session<T>> {
  try {
    return typed(openSession(event, config))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Returns the session of a request. An alias of {@link useSession}, because h3 has both names. */
export const getSession: typeof useSession = useSession

/**
 * Changes the session of a request and stores it.
 *
 * @param event - an event of h3 1.15 or h3 2
 * @param config - as for {@link useSession}
 * @param patch - as for {@link Session.update}: keys to set, or a synchronous function that returns them
 * @returns the session as stored
 * @throws as {@link useSession} and {@link Session.update}
 *
 * @example
 * ```ts
 * await updateSession<{ visits?: number }>(event, config, ({ visits = 0 }) => ({ visits: visits + 1 }))
 * ```
 */
export async function updateSession<T extends object = SessionValues>(
  event: H3EventLike,
  config?: SessionConfig,
  patch?: SessionPatch<T>,
): Promise<Session<T>> {
  const session = await useSession<T>(event, config)
  return session.update(patch)
}

/**
 * Destroys the session of a request and removes its cookie. The session is not read first.
 *
 * @param event - an event of h3 1.15 or h3 2
 * @param config - as for {@link useSession}
 * @throws as {@link useSession}
 *
 * @example
 * ```ts
 * app.post('/logout', (event) => clearSession(event, config))
 * ```
 */
export async function clearSession(event: H3EventLike, config?: SessionConfig): Promise<void> {
  await closeSession(event, config)
}

/** Returns a session with the type of data that the app has declared. The type is not checked at run time. */
function typed<T extends object>(session: Promise<Session>): Promise<Session<T>> {
  return session as Promise<Session<object>> as Promise<Session<T>>
}

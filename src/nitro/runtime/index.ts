/**
 * The functions of `#sessions`, for server code of Nitro and Nuxt apps.
 *
 * @module unsession/nitro/runtime
 */

import type { SessionConfig } from '../../h3/config.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { clearSession as clear, updateSession as update, useSession as use } from '../../h3/index.ts'
import type { SessionPatch } from '../../core/patch.ts'
import type { Session } from '../../core/session.ts'
import type { SessionStore } from '../../core/types.ts'
import { getSessionRuntime } from './sessions.ts'

export type { H3EventLike } from '../../h3/request/event.ts'
export type { SessionPatch } from '../../core/patch.ts'
export type { Session } from '../../core/session.ts'
export type { SessionStore } from '../../core/types.ts'

/**
 * The data of the app's sessions. The app declares its type once, by augmentation of this interface.
 *
 * @example
 * ```ts
 * declare module '#sessions' {
 *   interface SessionData { user?: { name: string }, cart?: string[] }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type
export interface SessionData {}

/**
 * The values that the hook `sessions:expose` adds to those in the option `expose`. The app declares their types by augmentation of this
 * interface.
 *
 * @example
 * ```ts
 * declare module '#sessions' {
 *   interface ExposedSession { cartSize: number }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type
export interface ExposedSession {}

/** The type of session data: {@link SessionData} if the app has declared it, otherwise any keys. */
export type AppSessionData = keyof SessionData extends never ? Record<string, unknown> : SessionData

/**
 * Options that override those of the module for one call. An object is checked at its first use and the result is kept, so create it
 * once, outside of the handler.
 */
export type SessionOverrides = Partial<SessionConfig>

/**
 * Returns the session of a request, with the options of the module.
 *
 * @param event - the event of the request
 * @param overrides - options for this call, such as the `name` of another session
 * @returns the loaded session
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid option. Errors of the storage are thrown too: an outage is never reported as
 * "no session"
 *
 * @example
 * ```ts
 * export default defineEventHandler(async (event) => {
 *   const session = await useSession(event)
 *   session.data.visits = (session.data.visits ?? 0) + 1
 *   return session.data
 * })
 * ```
 */
export function useSession<T extends object = AppSessionData>(
  event: H3EventLike,
  overrides?: SessionOverrides,
): Promise<Session<T>> {
  return use<T>(event, configOf(overrides))
}

/** Returns the session of a request. An alias of {@link useSession}, because h3 has both names. */
export const getSession: typeof useSession = useSession

/**
 * Changes the session of a request and stores it.
 *
 * @param event - the event of the request
 * @param overrides - as for {@link useSession}
 * @param patch - keys to set, or a synchronous function that changes the data or returns keys to set
 * @returns the session as stored
 * @throws as {@link useSession} and {@link Session.update}
 *
 * @example
 * ```ts
 * await updateSession(event, {}, ({ visits = 0 }) => ({ visits: visits + 1 }))
 * ```
 */
export function updateSession<T extends object = AppSessionData>(
  event: H3EventLike,
  overrides?: SessionOverrides,
  patch?: SessionPatch<T>,
): Promise<Session<T>> {
  return update<T>(event, configOf(overrides), patch)
}

/**
 * Destroys the session of a request and removes its cookie. The session is not read first.
 *
 * @param event - the event of the request
 * @param overrides - as for {@link useSession}
 * @throws as {@link useSession}
 *
 * @example
 * ```ts
 * export default defineEventHandler((event) => clearSession(event))
 * ```
 */
export function clearSession(event: H3EventLike, overrides?: SessionOverrides): Promise<void> {
  return clear(event, configOf(overrides))
}

/**
 * Returns the store of this server's sessions. Handlers, tasks and plugins use it to list, load and destroy sessions.
 *
 * @returns the same store at each call
 * @throws {UnsessionError} `INVALID_OPTION` if the configuration of the server is invalid
 *
 * @example
 * ```ts
 * await useSessionStore().destroyAll({ user: 'ada' })
 * ```
 */
export function useSessionStore(): SessionStore {
  return getSessionRuntime().store
}

const merged = new WeakMap<SessionOverrides, SessionConfig>()

function configOf(overrides: SessionOverrides | undefined): SessionConfig {
  const { config } = getSessionRuntime()
  if (!overrides) return config
  const known = merged.get(overrides)
  if (known) return known
  const result = { ...config, ...overrides }
  merged.set(overrides, result)
  return result
}

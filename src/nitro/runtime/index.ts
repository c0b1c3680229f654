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
 * What the app's session holds, said once and merged in by the app.
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

/** What pages get to see of a session beside the keys that are exposed as they are; merged in by the app. */
// oxlint-disable-next-line typescript/no-empty-object-type
export interface ExposedSession {}

/** The app's {@link SessionData}; anything, where the app has not said. */
export type AppSessionData = keyof SessionData extends never ? Record<string, unknown> : SessionData

/** What a call may say otherwise than the module's options. An object is read once: keep it outside of the handler. */
export type SessionOverrides = Partial<SessionConfig>

/**
 * The session of a request, as the module's options say.
 *
 * @param event - the event of the request
 * @param overrides - what is to be otherwise for this call, such as the `name` of another session
 * @throws {UnsessionError} whatever the storage fails with: an outage is never taken for "no session"
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

/** The session of a request, under h3's other name for it. See {@link useSession}. */
export const getSession: typeof useSession = useSession

/**
 * Change the session of a request and store it.
 *
 * @param event - the event of the request
 * @param overrides - as for {@link useSession}
 * @param patch - keys to set, or a function that changes the data or returns keys to set
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
 * End the session of a request, record and cookie.
 *
 * @param event - the event of the request
 * @param overrides - as for {@link useSession}
 */
export function clearSession(event: H3EventLike, overrides?: SessionOverrides): Promise<void> {
  return clear(event, configOf(overrides))
}

/**
 * The store of this server's sessions: to list, load and end them, in handlers, tasks and plugins.
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

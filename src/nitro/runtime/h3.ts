import type { Unseal } from '../../h3/adopter.ts'
import type { SessionConfig } from '../../h3/config.ts'
import type { SessionCookieOptions } from '../../h3/cookie.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { clearSession, updateSession, useSession } from '../../h3/index.ts'
import type { SessionPatch } from '../../core/patch.ts'
import type { Session } from '../../core/session.ts'
import type { SessionValues } from '../../core/types.ts'
import { getSessionRuntime } from './sessions.ts'

/** The configuration that h3's own functions take. Out of the environment, numbers may be text and what is missing empty. */
export interface H3SessionConfig {
  password?: string
  name?: string
  maxAge?: number | string
  idleTimeout?: number | string
  cookie?: false | H3CookieOptions
  sessionHeader?: false | string
  generateId?: () => string
}

/** Attributes of the cookie; it ends with the session, whatever they say of that. */
interface H3CookieOptions extends SessionCookieOptions {
  maxAge?: number
  expires?: Date
}

/** h3's functions of these names, with the data in this server's store. */
export interface H3Sessions {
  useSession(event: H3EventLike, config?: H3SessionConfig): Promise<Session>
  getSession(event: H3EventLike, config?: H3SessionConfig): Promise<Session>
  updateSession(
    event: H3EventLike,
    config?: H3SessionConfig,
    patch?: SessionPatch<SessionValues>,
  ): Promise<Session>
  clearSession(event: H3EventLike, config?: H3SessionConfig): Promise<void>
}

/**
 * What takes the place of h3's session functions. Their configuration keeps its meaning; sessions that h3 has sealed into
 * cookies are taken over.
 *
 * @param unseal - `unsealSession` of the h3 whose place is taken
 */
export function storedSessions(unseal: Unseal): H3Sessions {
  return {
    useSession: async (event, config) => useSession(event, stored(config, unseal)),
    getSession: async (event, config) => useSession(event, stored(config, unseal)),
    updateSession: async (event, config, patch) => updateSession(event, stored(config, unseal), patch),
    clearSession: async (event, config) => clearSession(event, stored(config, unseal)),
  }
}

/** The key that nuxt-auth-utils and packages like it keep the signed-in user under. */
const SIGN_IN_KEYS: readonly string[] = ['user']

function stored(given: H3SessionConfig = {}, unseal: Unseal): SessionConfig {
  const { store, config, passwordText } = getSessionRuntime()
  // A package that reads the module's own variable gets the list as it is written there. Any other text is one password.
  const password = given.password && given.password !== passwordText ? given.password : config.password
  const maxAge = Number(given.maxAge) || undefined
  const idleTimeout = Number(given.idleTimeout) || undefined
  return {
    store,
    password,
    name: given.name || 'h3',
    maxAge,
    idleTimeout,
    cookie: given.cookie && cookieOf(given.cookie),
    sessionHeader: given.sessionHeader,
    generateId: given.generateId,
    regenerateOn: config.regenerateOn ?? SIGN_IN_KEYS,
    adopt: (bare, { password }, sealed) => unseal(bare, { ...given, password, maxAge, idleTimeout }, sealed),
  }
}

function cookieOf(given: H3CookieOptions): SessionCookieOptions {
  const isOurs = ([name, value]: [string, unknown]): boolean =>
    value !== '' && name !== 'maxAge' && name !== 'expires'
  return Object.fromEntries(Object.entries(given).filter(isOurs))
}

import type { Unseal } from '../../h3/adopter.ts'
import type { SessionConfig } from '../../h3/config.ts'
import type { SessionCookieOptions } from '../../h3/cookie.ts'
import type { H3EventLike } from '../../h3/request/event.ts'
import { clearSession, updateSession, useSession } from '../../h3/index.ts'
import type { SessionPatch } from '../../core/patch.ts'
import type { Session } from '../../core/session.ts'
import type { SessionValues } from '../../core/types.ts'
import { getSessionRuntime } from './sessions.ts'

/** The configuration of h3's own functions. If it comes from the environment, numbers are text and missing options are empty text. */
export interface H3SessionConfig {
  password?: string
  name?: string
  maxAge?: number | string
  idleTimeout?: number | string
  cookie?: false | H3CookieOptions
  sessionHeader?: false | string
  generateId?: () => string
}

/** Attributes of the cookie, as in h3. `maxAge` and `expires` are ignored: the cookie expires with the session. */
interface H3CookieOptions extends SessionCookieOptions {
  maxAge?: number
  expires?: Date
}

/** Functions with the names and parameters of h3's, for sessions in this server's store. */
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
 * Returns functions that replace h3's session functions. Their configuration keeps its meaning. Sessions that h3 has sealed into
 * cookies are adopted.
 *
 * @param unseal - `unsealSession` of the replaced h3
 */
export function storedSessions(unseal: Unseal): H3Sessions {
  return {
    useSession: async (event, config) => useSession(event, stored(config, unseal)),
    getSession: async (event, config) => useSession(event, stored(config, unseal)),
    updateSession: async (event, config, patch) => updateSession(event, stored(config, unseal), patch),
    clearSession: async (event, config) => clearSession(event, stored(config, unseal)),
  }
}

/** Default of `regenerateOn`: nuxt-auth-utils and similar packages store the signed-in user under this key. */
const SIGN_IN_KEYS: readonly string[] = ['user']

function stored(given: H3SessionConfig = {}, unseal: Unseal): SessionConfig {
  const { store, config, passwordText } = getSessionRuntime()
  // A package that reads the module's variable passes its whole text, which may be a list. Any other text is one password.
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

/** Attributes of the cookie that this package has, too. h3 leaves the others to its cookie library. */
const ATTRIBUTES = new Set(['domain', 'path', 'secure', 'httpOnly', 'sameSite', 'priority', 'partitioned'])

function cookieOf(given: H3CookieOptions): SessionCookieOptions {
  const entries = Object.entries(given).filter(([name, value]) => ATTRIBUTES.has(name) && value !== '')
  return Object.fromEntries(entries.map(([name, value]) => [name, fromText(value)]))
}

/** Out of the environment, a flag may be text. */
function fromText(value: unknown): unknown {
  return value === 'true' || (value === 'false' ? false : value)
}

import { type Rule, type Rules, checkGiven, isFunction, isObject } from '../../drivers/utils/check.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { checkExpiry } from '../session/expiry.ts'
import type { ConflictResolver } from '../session/merge.ts'
import type { SessionOptions } from '../session/session.ts'
import { isSessionName, sign, type SigningKey, signingKeys } from '../session/token.ts'
import type { SessionStore } from '../session/types.ts'
import type { Adopter, Unseal } from './adopt.ts'
import { cookieAttributes, type SessionCookieOptions } from './cookie.ts'

/** Options of `useSession`, with the names and the meaning that h3's own have. An object is read once. */
export interface SessionConfig {
  /** Where sessions are: what `createSessionStore` returns. */
  store: SessionStore
  /** Random string of 32 characters or more, for signing; of several the first signs and all verify. */
  password: string | readonly string[]
  /** Name of the session, and of its cookie. Default `h3`. */
  name?: string
  /** Seconds from creation. Default: the store's. */
  maxAge?: number
  /** Seconds from last use. Default: the store's. */
  idleTimeout?: number
  /** Attributes of the cookie; `false` sets none. Default `HttpOnly; Secure; SameSite=Lax; Path=/`. */
  cookie?: SessionCookieOptions | false
  /** Name of a request header to carry the token instead of the cookie. The handler tells its client `session.token`. */
  sessionHeader?: string | false
  /** Makes ids: 1 to 128 characters of base64url, never one twice. Default: 192 random bits. */
  generateId?: () => string
  /** Store a session for everybody who comes without one, as h3 does. Default `false`: at the first write. */
  saveUninitialized?: boolean
  /** Decides between two requests that changed the same key at the same time. Default: the later one wins. */
  onConflict?: ConflictResolver
  /** Say in the header `Server-Timing` what the session took of the response's time; whoever gets it can read it. Default `false`. */
  serverTiming?: boolean
  /**
   * Takes over sessions from before, each once, at its first request: h3's own `unsealSession` those that h3 has sealed into
   * cookies, `fromExpressSession` and `fromDjango` of `unsession/migrate` those of other software.
   */
  adopt?: Unseal | Adopter
}

/** A {@link SessionConfig} checked, with its defaults, and made ready for use. */
export interface ResolvedConfig extends SessionOptions {
  readonly name: string
  readonly passwords: readonly string[]
  readonly keys: readonly [SigningKey, ...SigningKey[]]
  /** Where the token comes from: a request header, or the cookie. */
  readonly header: string | undefined
  /** Attributes of the cookie; `undefined` where none is set. */
  readonly attributes: string | undefined
  readonly saveUninitialized: boolean
  readonly serverTiming: boolean
  readonly adopt: Unseal | Adopter | undefined
}

const callable: Rule = [isFunction, 'must be a function']

const RULES: Rules<Pick<SessionConfig, 'name' | 'sessionHeader' | 'generateId' | 'onConflict' | 'adopt'>> = {
  name: [isSessionName, 'must be a cookie name: no space, comma, semicolon or `=`'],
  sessionHeader: [(value) => !value || isSessionName(value), 'must be a header name'],
  generateId: callable,
  onConflict: callable,
  adopt: [
    (value) => isFunction(value) || (isObject(value) && isFunction(value.find)),
    "must be h3's unsealSession, or what a function of unsession/migrate returns",
  ],
}

const resolved = new WeakMap<SessionConfig, ResolvedConfig>()

/** @throws {UnsessionError} `INVALID_OPTION`, naming the option, before anything is asked of the store */
export function resolveConfig(config: SessionConfig): ResolvedConfig {
  const known = resolved.get(config)
  if (known) return known
  const {
    store,
    name = 'h3',
    maxAge,
    idleTimeout,
    cookie,
    sessionHeader,
    generateId,
    onConflict,
    adopt,
  } = config
  if (typeof store?.load !== 'function')
    throw invalidOption('store', 'must be what createSessionStore returns')
  const keys = signingKeys(config.password)
  checkGiven(config, RULES)
  checkExpiry({ maxAge, idleTimeout })
  const header = sessionHeader ? sessionHeader.toLowerCase() : undefined
  const result: ResolvedConfig = {
    store,
    name,
    passwords: [config.password].flat(),
    keys,
    maxAge,
    idleTimeout,
    generateId,
    onConflict,
    header,
    attributes: cookie === false || header ? undefined : cookieAttributes(name, cookie ?? {}),
    sign: (id, version) => sign(name, id, version, keys[0]),
    saveUninitialized: config.saveUninitialized === true,
    serverTiming: config.serverTiming === true,
    adopt,
  }
  resolved.set(config, result)
  return result
}

import {
  type Rule,
  type Rules,
  checkOptions,
  isBoolean,
  isFunction,
  isObject,
  toArray,
} from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { SECONDS } from '../core/expiry.ts'
import type { ConflictResolver } from '../core/merge.ts'
import type { RequestSessionOptions } from '../core/session.ts'
import { isSessionName, sign, type SigningKey, signingKeys } from '../core/token.ts'
import type { SessionStore } from '../core/types.ts'
import type { Adopter, Unseal } from './adopter.ts'
import { cookieAttributes, type SessionCookieOptions } from './cookie.ts'
import { RecentConfigs } from './recent-configs.ts'

/**
 * Options of `useSession`. Those that h3's `useSession` has too keep their name and meaning.
 *
 * A configuration is checked at its first use. A new object with equal options is not checked again. Do not change an object after its
 * first use.
 */
export interface SessionConfig {
  /** Store of the sessions, created by `createSessionStore`. */
  store: SessionStore
  /**
   * Secret that signs the tokens: a random string of at least 32 characters. Of several passwords the first one signs and all of
   * them verify.
   */
  password: string | readonly string[]
  /** Name of the session and of its cookie. Default `h3`. */
  name?: string
  /** Maximum lifetime of a session in seconds, counted from its creation. Default: the store's `maxAge`. */
  maxAge?: number
  /** Lifetime of a session in seconds, counted from its last use. Default: the store's `idleTimeout`. */
  idleTimeout?: number
  /** Attributes of the cookie. `false` sets no cookie. Default `HttpOnly; Secure; SameSite=Lax; Path=/`. */
  cookie?: SessionCookieOptions | false
  /**
   * Name of a request header that may carry the token instead of the cookie, for clients that are not browsers. A request whose
   * header has a valid token uses that session and gets no cookie. All other requests use the cookie. The handler sends
   * `session.token` to its client. The header `authorization` is read as `Bearer <token>`. With `cookie: false` only the header
   * is read. Default: no header.
   */
  sessionHeader?: string | false
  /** Returns a new session id: 1 to 128 characters of base64url, different each time. Default: 192 random bits. */
  generateId?: () => string
  /** Whether to store a session for each client that has none, as h3 does. Default `false`: the first write stores it. */
  saveUninitialized?: boolean
  /** Returns the value of a key that two requests changed at the same time. Default: the later write wins. */
  onConflict?: ConflictResolver
  /**
   * Keys of the data. A write that adds or changes one of them gives the session a new id. This prevents session fixation: a
   * cookie that an attacker set before sign-in does not lead to the signed-in session. Default: no keys.
   */
  regenerateOn?: readonly string[]
  /**
   * Whether to send the time that the session took in the response header `Server-Timing`. Every client can read the header.
   * Default `false`.
   */
  serverTiming?: boolean
  /**
   * Adopts sessions of other software, each once, at the first request with its cookie. Pass h3's own `unsealSession` for sessions
   * that h3 has sealed into cookies. Pass the result of `fromExpressSession` or `fromDjango` (`unsession/migrate`) for sessions
   * in a table. Default: no session is adopted.
   */
  adopt?: Unseal | Adopter
}

/** A checked {@link SessionConfig} with its defaults. */
export interface ResolvedConfig extends RequestSessionOptions {
  readonly name: string
  readonly passwords: readonly string[]
  readonly keys: readonly [SigningKey, ...SigningKey[]]
  /** Header that may carry the token, in lower case. */
  readonly header: string | undefined
  /** Names of the request headers that choose the session, for `Vary`. */
  readonly vary: string
  /** Attributes of the cookie; `undefined` if no cookie is set. */
  readonly attributes: string | undefined
  /** The options that {@link attributes} are made from. */
  readonly cookie: SessionCookieOptions
  readonly saveUninitialized: boolean
  readonly serverTiming: boolean
  readonly adopt: Unseal | Adopter | undefined
}

const callable: Rule = [isFunction, 'must be a function']

const flag: Rule = [isBoolean, 'must be true or false']

const RULES: Rules<SessionConfig> = {
  store: [
    (value) => isObject(value) && isFunction(value.load),
    'must be a store that createSessionStore returned',
  ],
  // Checked with the keys that are made of it.
  password: [() => true, ''],
  name: [isSessionName, 'must be a cookie name without space, comma, `;` or `=`'],
  sessionHeader: [(value) => !value || isSessionName(value), 'must be a header name'],
  maxAge: SECONDS,
  idleTimeout: SECONDS,
  cookie: [
    (value) => value === false || isObject(value),
    'must be an object of attributes, or false for none',
  ],
  generateId: callable,
  saveUninitialized: flag,
  serverTiming: flag,
  onConflict: callable,
  regenerateOn: [
    (value) => Array.isArray(value) && value.every((key) => typeof key === 'string' && key !== ''),
    'must be an array of keys',
  ],
  adopt: [
    (value) => isFunction(value) || (isObject(value) && isFunction(value.find)),
    "must be h3's unsealSession, or the result of fromExpressSession or fromDjango",
  ],
}

const resolved = new WeakMap<SessionConfig, ResolvedConfig>()
const recent = new RecentConfigs<ResolvedConfig>()

/**
 * Returns a configuration with its defaults. The result is kept, see {@link RecentConfigs}.
 *
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option. The store is not called before
 */
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
    regenerateOn,
    adopt,
  } = config
  if (!isFunction(store?.load)) throw invalidOption('store', RULES.store[1])
  const equal = recent.recall(store, config)
  if (equal) return equal
  checkOptions(config, RULES)
  const keys = signingKeys(config.password)
  const header = sessionHeader ? sessionHeader.toLowerCase() : undefined
  const result: ResolvedConfig = {
    store,
    name,
    passwords: toArray(config.password),
    keys,
    maxAge,
    idleTimeout,
    generateId,
    onConflict,
    regenerateOn,
    header,
    vary: header ? (cookie === false ? header : `${header}, Cookie`) : 'Cookie',
    attributes: cookie === false ? undefined : cookieAttributes(name, cookie ?? {}),
    cookie: cookie || {},
    sign: (id, version) => sign(name, id, version, keys[0]),
    saveUninitialized: config.saveUninitialized === true,
    serverTiming: config.serverTiming === true,
    adopt,
  }
  resolved.set(config, result)
  recent.remember(store, config, result)
  return result
}

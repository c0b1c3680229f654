import {
  type Rule,
  type Rules,
  checkGiven,
  isFunction,
  isObject,
  toArray,
} from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { checkExpiry } from '../core/expiry.ts'
import type { ConflictResolver } from '../core/merge.ts'
import type { RequestSessionOptions } from '../core/session.ts'
import { isSessionName, sign, type SigningKey, signingKeys } from '../core/token.ts'
import type { SessionStore } from '../core/types.ts'
import type { Adopter, Unseal } from './adopter.ts'
import { cookieAttributes, type SessionCookieOptions } from './cookie.ts'
import { RecentConfigs } from './recent-configs.ts'

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
  /**
   * Name of a request header that may carry the token instead of the cookie, for clients that are no browsers. A request whose
   * header has a valid token uses that session and gets no cookie. Every other request works by cookie. The handler tells its
   * client `session.token`. The header `authorization` is read as `Bearer <token>`. With `cookie: false` the header is the only
   * way. Default: none.
   */
  sessionHeader?: string | false
  /** Makes ids: 1 to 128 characters of base64url, never one twice. Default: 192 random bits. */
  generateId?: () => string
  /** Store a session for everybody who comes without one, as h3 does. Default `false`: at the first write. */
  saveUninitialized?: boolean
  /** Decides between two requests that changed the same key at the same time. Default: the later one wins. */
  onConflict?: ConflictResolver
  /**
   * Keys of the data. A write that makes one of them appear or change gives the session a new id, so that a cookie that an
   * attacker has planted before sign-in does not lead to the signed-in session. Default: none.
   */
  regenerateOn?: readonly string[]
  /** Say in the header `Server-Timing` what the session took of the response's time; whoever gets it can read it. Default `false`. */
  serverTiming?: boolean
  /**
   * Takes over sessions from before, each once, at its first request: h3's own `unsealSession` those that h3 has sealed into
   * cookies, `fromExpressSession` and `fromDjango` of `unsession/migrate` those of other software.
   */
  adopt?: Unseal | Adopter
}

/** A {@link SessionConfig} checked, with its defaults, and made ready for use. */
export interface ResolvedConfig extends RequestSessionOptions {
  readonly name: string
  readonly passwords: readonly string[]
  readonly keys: readonly [SigningKey, ...SigningKey[]]
  /** Header that may carry the token, in lower case. */
  readonly header: string | undefined
  /** Request headers that choose the session, for `Vary`. */
  readonly vary: string
  /** Attributes of the cookie; `undefined` where none is set. */
  readonly attributes: string | undefined
  /** The options that {@link attributes} are made from. */
  readonly cookie: SessionCookieOptions
  readonly saveUninitialized: boolean
  readonly serverTiming: boolean
  readonly adopt: Unseal | Adopter | undefined
}

const callable: Rule = [isFunction, 'must be a function']

const RULES: Rules<
  Pick<SessionConfig, 'name' | 'sessionHeader' | 'generateId' | 'onConflict' | 'regenerateOn' | 'adopt'>
> = {
  name: [isSessionName, 'must be a cookie name: no space, comma, semicolon or `=`'],
  sessionHeader: [(value) => !value || isSessionName(value), 'must be a header name'],
  generateId: callable,
  onConflict: callable,
  regenerateOn: [
    (value) => Array.isArray(value) && value.every((key) => typeof key === 'string' && key !== ''),
    'must be an array of keys',
  ],
  adopt: [
    (value) => isFunction(value) || (isObject(value) && isFunction(value.find)),
    "must be h3's unsealSession, or what a function of unsession/migrate returns",
  ],
}

const resolved = new WeakMap<SessionConfig, ResolvedConfig>()
const recent = new RecentConfigs<ResolvedConfig>()

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
    regenerateOn,
    adopt,
  } = config
  if (typeof store?.load !== 'function')
    throw invalidOption('store', 'must be what createSessionStore returns')
  const equal = recent.recall(store, config)
  if (equal) return equal
  const keys = signingKeys(config.password)
  checkGiven(config, RULES)
  checkExpiry({ maxAge, idleTimeout })
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

import type { DynamoDBOptions } from '../../../drivers/dynamodb/config/options.ts'
import { checkNames, isObject } from '../../../drivers/utils/validate.ts'
import type { SessionCookieOptions } from '../../h3/cookie.ts'

/** The options of the DynamoDB driver that are plain data. */
type DriverOptions = Omit<DynamoDBOptions, 'client' | 'clientConfig' | 'credentials' | 'onCapacity'>

/** Where sessions are kept: a driver of unstorage, by its name, and its options: those of DynamoDB's, or another's. */
export interface SessionStorageOptions extends DriverOptions {
  /**
   * Name of a driver of unstorage, of a package that exports one, or a file's path, from the root folder or absolute.
   * Default: in production `unsession/drivers/dynamodb`; in development an embedded DynamoDB in `.data/dynamodb` where the
   * package `dynalite` is installed, else files in `.data/sessions`.
   */
  driver?: string
  /** Another driver's options, as plain data. */
  [option: string]: unknown
}

/**
 * Options of the module: the `sessions` block of `nitro.config` and of `nuxt.config`. Plain data, all optional. All but `h3`
 * can be set at run time, by variables such as `NITRO_SESSIONS_MAX_AGE`, `NUXT_SESSIONS_MAX_AGE` in Nuxt.
 */
export interface ModuleOptions {
  storage?: SessionStorageOptions
  /**
   * Sessions kept in the server's memory: seconds, entries and bytes at most. `false`: none. Default
   * `{ ttl: 10, max: 10_000, maxBytes: 67_108_864 }`.
   */
  cache?: { ttl?: number; max?: number; maxBytes?: number } | false
  /** Name of the session, and of its cookie. Default `h3`. */
  name?: string
  /** Seconds from creation. Default: no limit. */
  maxAge?: number
  /** Seconds from last use. Default: 14 days, unless there is a `maxAge`. */
  idleTimeout?: number
  /**
   * How far the end of an idle timeout may lag behind the last use, in seconds: reads write no more often. Default: the larger
   * of 5 minutes and 1/24 of `idleTimeout`, at most half of it; 7 days without an `idleTimeout`.
   */
  touchAfter?: number
  /** Attributes of the cookie; `false` sets none. Default `HttpOnly; Secure; SameSite=Lax; Path=/`. */
  cookie?: SessionCookieOptions | false
  /** Name of a request header to carry the token instead of the cookie. */
  sessionHeader?: string
  /** Store a session for everybody who comes without one. Default `false`: at the first write. */
  saveUninitialized?: boolean
  /**
   * Keys of the data. A write that makes one of them appear or change gives the session a new id. Default: none; `['user']`
   * for the functions that `h3: true` replaces.
   */
  regenerateOn?: string[]
  /** Say in the header `Server-Timing` what the session took of the response's time. Default `false`. */
  serverTiming?: boolean
  /** Store what handlers change in `session.data` before the response goes out. Default `true`. */
  autoSave?: boolean
  /**
   * Seconds a session may still be read as it was last seen by this server, while the storage is out of reach; writes fail all
   * the same. Default 0: reads fail too.
   */
  staleIfError?: number
  /**
   * Sessions created before this instant are expired: ISO text, or ms since the epoch. It ends all sessions after a secret has
   * leaked. Default: none.
   */
  notBefore?: string | number
  /** Bytes of a stored session at most. Default 400,000. */
  maxSize?: number
  /** How often a write that met another one is merged and tried again. Default 5. */
  maxRetries?: number
  /**
   * Make every `useSession`, `getSession`, `updateSession` and `clearSession` that the server imports from h3, packages
   * included, a stored one. Default `false`.
   */
  h3?: boolean
}

const OPTIONS: Record<keyof ModuleOptions, true> = {
  storage: true,
  cache: true,
  name: true,
  maxAge: true,
  idleTimeout: true,
  touchAfter: true,
  cookie: true,
  sessionHeader: true,
  saveUninitialized: true,
  regenerateOn: true,
  serverTiming: true,
  autoSave: true,
  staleIfError: true,
  notBefore: true,
  maxSize: true,
  maxRetries: true,
  h3: true,
}

/**
 * Every option that can be set at run time, without a value: a variable of the environment is read only for what is there.
 * What is given fills them in.
 */
const RUNTIME_PLACEHOLDERS = {
  name: '',
  maxAge: '',
  idleTimeout: '',
  touchAfter: '',
  sessionHeader: '',
  saveUninitialized: '',
  regenerateOn: '',
  serverTiming: '',
  autoSave: '',
  staleIfError: '',
  notBefore: '',
  maxSize: '',
  maxRetries: '',
  cache: { ttl: '', max: '', maxBytes: '' },
  cookie: { domain: '', path: '', secure: '', httpOnly: '', sameSite: '', priority: '', partitioned: '' },
  storage: {
    driver: '',
    table: '',
    region: '',
    endpoint: '',
    base: '',
    ttl: '',
    consistentRead: '',
    attributes: {
      key: '',
      value: '',
      expires: '',
      created: '',
      updated: '',
      version: '',
      user: '',
      writeId: '',
    },
    batch: { maxInFlight: '' },
    timeout: { connect: '', request: '' },
  },
}

/** What goes into the runtime configuration: options, and empty text where one is not given. */
export type RuntimeOptions = Record<string, unknown>

/** @throws {UnsessionError} `INVALID_OPTION` for an option that does not exist */
export function checkSessionsOptions(options: ModuleOptions): void {
  checkNames(options, OPTIONS, 'sessions.')
}

/** The options as runtime configuration. */
export function runtimeOptions(options: ModuleOptions): RuntimeOptions {
  return mergeDeep(RUNTIME_PLACEHOLDERS, { ...options, h3: undefined })
}

function mergeDeep(places: object, given: object): RuntimeOptions {
  const result: RuntimeOptions = { ...places }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const place = result[name]
    result[name] = isObject(place) && isObject(value) ? mergeDeep(place, value) : value
  }
  return result
}

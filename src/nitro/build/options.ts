import type { DynamoDBOptions } from '../../../drivers/dynamodb/config/options.ts'
import { checkNames, isObject } from '../../../drivers/utils/validate.ts'
import type { SessionCookieOptions } from '../../h3/cookie.ts'

/** The options of the DynamoDB driver that are plain data. */
type DriverOptions = Omit<DynamoDBOptions, 'client' | 'clientConfig' | 'credentials' | 'onCapacity'>

/** The storage of the sessions: the name of a driver and its options. The named options are those of the DynamoDB driver. */
export interface SessionStorageOptions extends DriverOptions {
  /**
   * Name of a driver of unstorage, name of a package that exports a driver, or path of a file, absolute or from the root folder.
   * Default in production: `unsession/drivers/dynamodb`. Default in development: an embedded DynamoDB in `.data/dynamodb` if the package
   * `dynalite` is installed, otherwise files in `.data/sessions`.
   */
  driver?: string
  /** Options of another driver, as plain data. */
  [option: string]: unknown
}

/**
 * Options of the module: the `sessions` block of `nitro.config` and of `nuxt.config`. All are optional and plain data.
 *
 * All but `h3` can be set at run time, by variables such as `NITRO_SESSIONS_MAX_AGE`, or `NUXT_SESSIONS_MAX_AGE` in Nuxt.
 */
export interface ModuleOptions {
  /** The storage of the sessions: a driver and its options. Default: DynamoDB; see {@link SessionStorageOptions.driver}. */
  storage?: SessionStorageOptions
  /**
   * Cache in the server's memory. `ttl` is in seconds, `max` in sessions and `maxBytes` in bytes. `false` turns it off. Default
   * `{ ttl: 10, max: 10_000, maxBytes: 67_108_864 }`.
   */
  cache?: { ttl?: number; max?: number; maxBytes?: number } | false
  /** Name of the session and of its cookie. Default `h3`. */
  name?: string
  /** Maximum lifetime of a session in seconds, counted from its creation. Default: no limit. */
  maxAge?: number
  /** Lifetime of a session in seconds, counted from its last use. Default: 14 days, or none if `maxAge` is set. */
  idleTimeout?: number
  /**
   * Minimum time in seconds between two writes that only extend the idle timeout. So a session that is only read may expire earlier,
   * by at most this time. Default: the larger of 5 minutes and 1/24 of `idleTimeout`, but at most half of it. Without an `idleTimeout`:
   * 7 days.
   */
  touchAfter?: number
  /** Attributes of the cookie. `false` sets no cookie. Default `HttpOnly; Secure; SameSite=Lax; Path=/`. */
  cookie?: SessionCookieOptions | false
  /** Name of a request header that may carry the token instead of the cookie. Default: no header. */
  sessionHeader?: string
  /** Whether to store a session for each client that has none. Default `false`: the first write stores it. */
  saveUninitialized?: boolean
  /**
   * Keys of the data. A write that adds or changes one of them gives the session a new id. Default: no keys. For the functions that
   * `h3: true` replaces: `['user']`.
   */
  regenerateOn?: string[]
  /** Whether to send the time that the session took in the response header `Server-Timing`. Default `false`. */
  serverTiming?: boolean
  /** Whether to store changes of `session.data` before the response is sent, without a call of `save`. Default `true`. */
  autoSave?: boolean
  /**
   * Seconds for which reads return the last known state of a session while the storage is unavailable. Writes fail in any case.
   * Default 0: reads fail too.
   */
  staleIfError?: number
  /**
   * Sessions created before this instant are expired: ISO text, or ms since the epoch. Set it after a secret has leaked. Default: none.
   */
  notBefore?: string | number
  /** Maximum size of a stored session in bytes. Default 400,000. */
  maxSize?: number
  /** Maximum number of retries of a write after a conflict. Each retry merges the changes again. Default 5. */
  maxRetries?: number
  /**
   * Whether to replace `useSession`, `getSession`, `updateSession` and `clearSession` of h3 in the server, also in packages, by functions
   * that use the store. Default `false`.
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
 * The options that can be set at run time, with empty text as a placeholder. Nitro reads a variable only for a key that exists. The
 * options of the app replace the placeholders.
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
    transport: '',
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
    writes: { maxInFlight: '' },
    timeout: { connect: '', request: '' },
  },
}

/** The module's part of the runtime configuration. An option that is not set is empty text. */
export type RuntimeOptions = Record<string, unknown>

/** Names of the driver whose options are known here. */
const OWN_DRIVERS: ReadonlySet<unknown> = new Set([undefined, '', 'unsession/drivers/dynamodb'])

/**
 * Checks the names of the options, in groups too. Options of other drivers are not checked.
 *
 * @param further - options that the framework adds, by name
 * @throws {UnsessionError} `INVALID_OPTION`
 */
export function checkSessionsOptions(options: ModuleOptions, further: object = {}): void {
  checkNames(options, { ...OPTIONS, ...further }, 'sessions.')
  const { cache, cookie, storage } = RUNTIME_PLACEHOLDERS
  checkGroup(options.cache, cache, 'sessions.cache')
  checkGroup(options.cookie, cookie, 'sessions.cookie')
  if (OWN_DRIVERS.has(options.storage?.driver)) checkGroup(options.storage, storage, 'sessions.storage')
}

/** @throws {UnsessionError} `INVALID_OPTION` for a name in a group, or in a group of it, that does not exist */
function checkGroup(given: unknown, known: object, path: string): void {
  if (!isObject(given)) return
  // Only the driver reads it: it has no variable.
  const names = path.endsWith('.attributes') ? { ...known, sort: '' } : known
  checkNames(given, names, `${path}.`)
  for (const [name, place] of Object.entries(known))
    if (isObject(place)) checkGroup(given[name], place, `${path}.${name}`)
}

/** Returns the options as runtime configuration. */
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

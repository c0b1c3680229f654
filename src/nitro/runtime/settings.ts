import type { SessionCookieOptions } from '../../h3/cookie.ts'
import type { SessionConfig } from '../../h3/config.ts'
import type { SessionStoreOptions } from '../../store/options.ts'
import type { OptionReader } from './reader.ts'

/** The module's options at run time. */
export interface Settings {
  driver: string | undefined
  driverOptions: Record<string, unknown>
  store: Omit<SessionStoreOptions, 'storage'>
  session: Omit<SessionConfig, 'store' | 'password'>
  autoSave: boolean
}

const ATTRIBUTES = ['key', 'value', 'expires', 'created', 'updated', 'version', 'user', 'writeId']

/** Reads the module's options. @throws {UnsessionError} `INVALID_OPTION`, naming the option and its variable */
export function readSettings(options: OptionReader): Settings {
  const maxAge = options.number('maxAge')
  const idleTimeout = options.number('idleTimeout')
  return {
    driver: undefined,
    driverOptions: {},
    ...options.group('storage', readStorage),
    store: {
      maxAge,
      idleTimeout,
      touchAfter: options.number('touchAfter'),
      cache: options.group('cache', (cache) => ({
        ttl: cache.number('ttl'),
        max: cache.number('max'),
        maxBytes: cache.number('maxBytes'),
      })),
      staleIfError: options.number('staleIfError'),
      notBefore: options.text('notBefore'),
      maxSize: options.number('maxSize'),
      maxRetries: options.number('maxRetries'),
    },
    session: {
      name: options.text('name'),
      maxAge,
      idleTimeout,
      cookie: options.group('cookie', readCookie),
      sessionHeader: options.text('sessionHeader'),
      saveUninitialized: options.flag('saveUninitialized'),
      regenerateOn: options.list('regenerateOn'),
      serverTiming: options.flag('serverTiming'),
    },
    autoSave: options.flag('autoSave') ?? true,
  }
}

function readStorage(group: OptionReader): Pick<Settings, 'driver' | 'driverOptions'> {
  const known = {
    table: group.text('table'),
    region: group.text('region'),
    endpoint: group.text('endpoint'),
    base: group.text('base'),
    ttl: group.number('ttl'),
    transport: group.text('transport'),
    consistentRead: group.flag('consistentRead'),
    attributes: group.group('attributes', (names) => ({
      ...names.others(ATTRIBUTES),
      ...Object.fromEntries(ATTRIBUTES.map((name) => [name, names.text(name)])),
    })),
    batch: group.group('batch', (batch) => ({ maxInFlight: batch.number('maxInFlight') })),
    writes: group.group('writes', (writes) => ({ maxInFlight: writes.number('maxInFlight') })),
    timeout: group.group('timeout', (timeout) => ({
      connect: timeout.number('connect'),
      request: timeout.number('request'),
    })),
  }
  const driverOptions = { ...group.others(['driver', ...Object.keys(known)]), ...known }
  return { driver: group.text('driver'), driverOptions: omitUndefined(driverOptions) }
}

function readCookie(group: OptionReader): SessionCookieOptions {
  const sameSite = group.choice('sameSite', ['lax', 'strict', 'none', 'true', 'false'])
  return {
    domain: group.text('domain'),
    path: group.text('path'),
    secure: group.flag('secure'),
    httpOnly: group.flag('httpOnly'),
    sameSite: sameSite === 'true' || (sameSite === 'false' ? false : sameSite),
    priority: group.choice('priority', ['low', 'medium', 'high']),
    partitioned: group.flag('partitioned'),
  }
}

/** Returns options without those that are undefined. A driver may treat an undefined option as one that is set. */
function omitUndefined(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, isPlain(value) ? omitUndefined(value) : value]),
  )
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

import { type Rule, type Rules, checkOptions } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { deadlineOf, MAX_INSTANT } from './lifetime.ts'
import type { Lifetime, SessionRecord, SessionStore, StoreConfig } from './types.ts'

/** A session's own lifetime. If several values are given, the earliest end counts. */
export interface SessionExpiry extends Lifetime {
  /** Fixed end: a date, or ms since the epoch. Default: none. */
  expiresAt?: Date | number
}

/**
 * Returns the lifetime fields of a record.
 *
 * @param expiry - as given by the app
 * @param createdAt - creation time of the session, ms since the epoch. `maxAge` counts from this time
 */
export function lifetimeFields(
  { maxAge, idleTimeout, expiresAt }: SessionExpiry,
  createdAt: number,
): Pick<SessionRecord, 'deadline' | 'idleTimeout'> {
  const ends: number[] = []
  const deadline = deadlineOf(maxAge, createdAt)
  if (deadline !== undefined) ends.push(deadline)
  if (expiresAt !== undefined) ends.push(Math.round(Number(expiresAt)))
  return {
    ...(ends.length > 0 && { deadline: Math.min(...ends, MAX_INSTANT) }),
    ...(idleTimeout !== undefined && { idleTimeout }),
  }
}

/**
 * Returns the configured lifetime. The options of `sessionMiddleware` or of the module take precedence if they differ from the
 * store's options.
 */
export function configuredLifetime(
  base: Lifetime | undefined,
  { config }: Pick<SessionStore, 'config'>,
): Lifetime {
  return base && isGiven(base) && !isSame(base, config) ? base : config
}

/** Returns the session's own lifetime that a call sets; `undefined` if the call repeats the configured values or has none. */
export function lifetimeOfCall(call: Lifetime, configured: Lifetime): Lifetime | undefined {
  return isGiven(call) && !isSame(call, configured) ? call : undefined
}

function isGiven({ maxAge, idleTimeout }: Lifetime): boolean {
  return maxAge !== undefined || idleTimeout !== undefined
}

function isSame(a: Lifetime, b: Lifetime): boolean {
  return a.maxAge === b.maxAge && a.idleTimeout === b.idleTimeout
}

/**
 * Returns whether a stored session is alive by the present configuration and by the lifetime of the call. If the session has a
 * configured lifetime, sets it on the record.
 */
export function acceptsLifetime(
  record: SessionRecord,
  configured: Lifetime,
  call: Lifetime | undefined,
  store: StoreConfig,
): boolean {
  const { lifetimeFrom, createdAt } = record
  if (lifetimeFrom === 'session') return true
  if (lifetimeFrom !== 'call') {
    record.deadline = deadlineOf(configured.maxAge, createdAt)
    record.idleTimeout = configured.idleTimeout
    record.lifetimeFrom = configured === store ? 'store' : 'config'
  }
  const end = Math.min(record.deadline ?? Infinity, deadlineOf(call?.maxAge, createdAt) ?? Infinity)
  return end === Infinity || store.now() < end
}

/** Ten years, in seconds. Larger values are most likely milliseconds. */
const TEN_YEARS = 10 * 366 * 24 * 60 * 60

/** Rule for `maxAge` and `idleTimeout`. */
export const SECONDS: Rule = [
  (value) => typeof value === 'number' && value > 0 && value <= TEN_YEARS,
  'must be a number of seconds above 0 and at most ten years (seconds, not milliseconds). Omit it for the default',
]

const RULES: Rules<SessionExpiry> = {
  maxAge: SECONDS,
  idleTimeout: SECONDS,
  expiresAt: [
    (value) => Number.isFinite(Number(value)) && Number(value) > 0,
    'must be a valid date or ms since the epoch',
  ],
}

/**
 * Checks a lifetime.
 *
 * @throws {UnsessionError} `INVALID_OPTION` with the name of the option
 */
export function checkExpiry(expiry: SessionExpiry): void {
  checkOptions(expiry, RULES)
}

/**
 * Checks the lifetime of a session that was created at `createdAt`.
 *
 * @throws {UnsessionError} `INVALID_OPTION`, also for a lifetime that has already expired
 */
export function checkExpiryAt(expiry: SessionExpiry, createdAt: number, now: number): void {
  checkExpiry(expiry)
  const { deadline = Infinity } = lifetimeFields(expiry, createdAt)
  if (deadline > now) return
  throw invalidOption('expiry', 'must end in the future; `maxAge` counts from the creation of the session')
}

import { type Rule, type Rules, checkOptions } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { deadlineOf, MAX_INSTANT } from './lifetime.ts'
import type { Lifetime, SessionRecord, SessionStore, StoreConfig } from './types.ts'

/** A lifetime of a session's own. Given together, the earliest end counts. */
export interface SessionExpiry extends Lifetime {
  /** A fixed end: a date, or ms since the epoch. */
  expiresAt?: Date | number
}

/**
 * The lifetime fields of a record.
 *
 * @param expiry - as the app said it
 * @param createdAt - when the session began, ms since the epoch; `maxAge` counts from there
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

/** The configured lifetime: of `sessionMiddleware` or the module, where it differs from the store's, or else the store's. */
export function configuredLifetime(
  base: Lifetime | undefined,
  { config }: Pick<SessionStore, 'config'>,
): Lifetime {
  return base && isGiven(base) && !isSame(base, config) ? base : config
}

/** The lifetime that a call gives a session of its own: values other than the configured ones. */
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
 * Whether today's configuration, and the lifetime that a call gives, let a stored session live on. Applies a configured
 * lifetime to the record.
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

/** Seconds. */
const TEN_YEARS = 10 * 366 * 24 * 60 * 60

/** A span of a session's life. */
export const SECONDS: Rule = [
  (value) => typeof value === 'number' && value > 0 && value <= TEN_YEARS,
  'must be a number of seconds above 0, and ten years at most: seconds, not milliseconds; leave it out for the default',
]

const RULES: Rules<SessionExpiry> = {
  maxAge: SECONDS,
  idleTimeout: SECONDS,
  expiresAt: [
    (value) => Number.isFinite(Number(value)) && Number(value) > 0,
    'must be a valid date or ms since the epoch',
  ],
}

/** @throws {UnsessionError} `INVALID_OPTION`, naming the option */
export function checkExpiry(expiry: SessionExpiry): void {
  checkOptions(expiry, RULES)
}

/**
 * Checks the lifetime of a session that began at `createdAt`.
 *
 * @throws {UnsessionError} `INVALID_OPTION`, also for a lifetime that has ended already
 */
export function checkExpiryAt(expiry: SessionExpiry, createdAt: number, now: number): void {
  checkExpiry(expiry)
  const { deadline = Infinity } = lifetimeFields(expiry, createdAt)
  if (deadline > now) return
  throw invalidOption('expiry', 'must end in the future; `maxAge` counts from the creation of the session')
}

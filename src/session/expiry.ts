import { type Rule, type Rules, checkGiven } from '../../drivers/utils/check.ts'
import { MAX_INSTANT } from './lifetime.ts'
import type { SessionOptions } from './session.ts'
import type { Lifetime, SessionRecord } from './types.ts'

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
  if (maxAge !== undefined) ends.push(createdAt + Math.round(maxAge * 1000))
  if (expiresAt !== undefined) ends.push(Math.round(Number(expiresAt)))
  return {
    ...(ends.length > 0 && { deadline: Math.min(...ends, MAX_INSTANT) }),
    ...(idleTimeout !== undefined && { idleTimeout }),
  }
}

/** The lifetime of a session that has none of its own: what the call says, or else the store. */
export function defaultLifetime({ maxAge, idleTimeout, store }: SessionOptions): Lifetime {
  return maxAge === undefined && idleTimeout === undefined ? store.config : { maxAge, idleTimeout }
}

/** A span of a session's life. */
export const SECONDS: Rule = [
  (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  'must be a number of seconds above 0; leave it out for the default',
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
  checkGiven(expiry, RULES)
}

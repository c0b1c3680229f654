import { invalidOption } from '../../drivers/utils/errors.ts'
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

/** @throws {UnsessionError} `INVALID_OPTION`, naming the option */
export function checkExpiry({ maxAge, idleTimeout, expiresAt }: SessionExpiry): void {
  checkSeconds('maxAge', maxAge)
  checkSeconds('idleTimeout', idleTimeout)
  if (expiresAt !== undefined && !(Number.isFinite(Number(expiresAt)) && Number(expiresAt) > 0)) {
    throw invalidOption('expiresAt', 'must be a valid date or ms since the epoch')
  }
}

function checkSeconds(option: string, seconds: unknown): void {
  if (seconds === undefined || (typeof seconds === 'number' && seconds > 0 && Number.isFinite(seconds)))
    return
  throw invalidOption(option, 'must be a positive number of seconds; leave it out for no limit')
}

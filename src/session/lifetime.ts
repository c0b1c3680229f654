import { DEFAULT_IDLE_TIMEOUT, type Lifetime, type SessionRecord } from './types.ts'

/** The last instant a `Date` can hold, ms since the epoch. */
export const MAX_INSTANT: number = 8.64e15

/** What a session's end follows from. */
export type OwnLifetime = Pick<SessionRecord, 'deadline' | 'idleTimeout'>

/** The sliding window in ms; `undefined` for a session whose end is fixed. */
function windowOf({ deadline, idleTimeout }: OwnLifetime): number | undefined {
  if (idleTimeout !== undefined) return idleTimeout * 1000
  return deadline === undefined ? DEFAULT_IDLE_TIMEOUT * 1000 : undefined
}

/** A new session's lifetime: its own, or else the store's. @param now - ms since the epoch */
export function lifetimeOf(own: OwnLifetime, { maxAge, idleTimeout }: Lifetime, now: number): OwnLifetime {
  const { deadline } = own
  if (deadline !== undefined || own.idleTimeout !== undefined)
    return { deadline, idleTimeout: own.idleTimeout }
  return { deadline: maxAge === undefined ? undefined : now + maxAge * 1000, idleTimeout }
}

/**
 * When a session used now will end: the earlier of its deadline and its sliding window.
 *
 * @param lifetime - deadline in ms since the epoch, idle timeout in seconds; with neither, {@link DEFAULT_IDLE_TIMEOUT} slides
 * @param now - ms since the epoch
 * @returns ms since the epoch
 */
export function expiryOf(lifetime: OwnLifetime, now: number): number {
  const window = windowOf(lifetime)
  const sliding = window === undefined ? MAX_INSTANT : now + window
  return Math.round(Math.min(lifetime.deadline ?? MAX_INSTANT, sliding, MAX_INSTANT))
}

/** Whether a session is alive: until the millisecond before its end. */
export function isLive(session: Pick<SessionRecord, 'expiresAt'>, now: number): boolean {
  return now < session.expiresAt
}

/**
 * Whether a read session is worth the write that slides its expiry: less than half of its window is left, and the expiry
 * would move.
 *
 * @param now - ms since the epoch
 */
export function shouldTouch(record: Pick<SessionRecord, 'expiresAt'> & OwnLifetime, now: number): boolean {
  const window = windowOf(record)
  if (window === undefined || record.expiresAt - now >= window / 2) return false
  return expiryOf(record, now) > record.expiresAt
}

/** Whole seconds until an instant, rounded up and never 0: a time to live that ends no session early. */
export function secondsUntil(instant: number, now: number): number {
  return Math.max(1, Math.ceil((instant - now) / 1000))
}

import { DEFAULT_IDLE_TIMEOUT, type SessionRecord } from './types.ts'

/** The last instant that a `Date` can hold, ms since the epoch (ECMAScript, "Time Values and Time Range"). */
export const MAX_INSTANT: number = 8.64e15

/** The fields that determine the end of a session. */
export type OwnLifetime = Pick<SessionRecord, 'deadline' | 'idleTimeout'>

/** A lifetime and its source. */
export type SourcedLifetime = OwnLifetime & Pick<SessionRecord, 'lifetimeFrom'>

/** Returns the sliding window in ms; `undefined` for a session with a fixed end. */
function windowOf({ deadline, idleTimeout }: OwnLifetime): number | undefined {
  if (idleTimeout !== undefined) return idleTimeout * 1000
  return deadline === undefined ? DEFAULT_IDLE_TIMEOUT * 1000 : undefined
}

/** Returns the instant `maxAge` seconds after `createdAt`, in ms since the epoch. */
export function deadlineOf(maxAge: number | undefined, createdAt: number): number | undefined {
  return maxAge === undefined ? undefined : Math.min(createdAt + Math.round(maxAge * 1000), MAX_INSTANT)
}

/**
 * Returns the end of a session that is used now: the earlier of its deadline and the end of its sliding window.
 *
 * @param lifetime - deadline in ms since the epoch, idle timeout in seconds. Without both, the window is
 * {@link DEFAULT_IDLE_TIMEOUT}
 * @param now - ms since the epoch
 * @returns ms since the epoch
 */
export function expiryOf(lifetime: OwnLifetime, now: number): number {
  const window = windowOf(lifetime)
  const sliding = window === undefined ? MAX_INSTANT : now + window
  return Math.round(Math.min(lifetime.deadline ?? MAX_INSTANT, sliding, MAX_INSTANT))
}

/** Share of a configured window by which the stored end may lag. The lag may always be {@link MIN_LAG}. */
const LAG_SHARE = 1 / 24
/** Five minutes, in ms. */
const MIN_LAG = 5 * 60 * 1000

/**
 * Returns how far the stored end may lag behind the last use, in ms. It is never more than half of the window. Without
 * `touchAfter` it is the larger of 5 minutes and 1/24 of a configured window, and half of the default window of 14 days.
 *
 * @param touchAfter - seconds
 */
export function lagOf(idleTimeout: number | undefined, touchAfter: number | undefined): number {
  const half = (idleTimeout ?? DEFAULT_IDLE_TIMEOUT) * 500
  if (touchAfter !== undefined) return Math.min(touchAfter * 1000, half)
  return idleTimeout === undefined ? half : Math.min(half, Math.max(MIN_LAG, idleTimeout * 1000 * LAG_SHARE))
}

/**
 * Returns whether a read must be followed by a write that moves the end of the session. This is so if the last such write is
 * longer ago than the allowed lag, and the end would move.
 *
 * @param now - ms since the epoch
 * @param touchAfter - allowed lag in seconds; see {@link lagOf} for the default
 */
export function shouldTouch(
  record: Pick<SessionRecord, 'expiresAt'> & OwnLifetime,
  now: number,
  touchAfter?: number,
): boolean {
  const window = windowOf(record)
  if (window === undefined) return false
  if (record.expiresAt - now >= window - lagOf(record.idleTimeout, touchAfter)) return false
  return expiryOf(record, now) > record.expiresAt
}

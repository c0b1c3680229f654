import { DEFAULT_IDLE_TIMEOUT, type SessionRecord } from './types.ts'

/** The last instant a `Date` can hold, ms since the epoch. */
export const MAX_INSTANT: number = 8.64e15

/** The fields that a session's end follows from. */
export type OwnLifetime = Pick<SessionRecord, 'deadline' | 'idleTimeout'>

/** A lifetime and where it comes from. */
export type SourcedLifetime = OwnLifetime & Pick<SessionRecord, 'lifetimeFrom'>

/** The sliding window in ms; `undefined` for a session whose end is fixed. */
function windowOf({ deadline, idleTimeout }: OwnLifetime): number | undefined {
  if (idleTimeout !== undefined) return idleTimeout * 1000
  return deadline === undefined ? DEFAULT_IDLE_TIMEOUT * 1000 : undefined
}

/** The end that `maxAge` seconds from `createdAt` mean, in ms since the epoch. */
export function deadlineOf(maxAge: number | undefined, createdAt: number): number | undefined {
  return maxAge === undefined ? undefined : Math.min(createdAt + Math.round(maxAge * 1000), MAX_INSTANT)
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

/** A configured sliding end may lag by this share of its window, and always by {@link MIN_LAG}. */
const LAG_SHARE = 1 / 24
/** Five minutes, in ms. */
const MIN_LAG = 5 * 60 * 1000

/**
 * How far a sliding end may lag behind the last use, in ms: never more than half of the window. Without `touchAfter`, the
 * larger of 5 minutes and 1/24 of a configured window, and half of the unconfigured one.
 *
 * @param touchAfter - seconds
 */
export function lagOf(idleTimeout: number | undefined, touchAfter: number | undefined): number {
  const half = (idleTimeout ?? DEFAULT_IDLE_TIMEOUT) * 500
  if (touchAfter !== undefined) return Math.min(touchAfter * 1000, half)
  return idleTimeout === undefined ? half : Math.min(half, Math.max(MIN_LAG, idleTimeout * 1000 * LAG_SHARE))
}

/**
 * Whether a session that is read is due for the write that slides its end: it was last slid longer ago than the end may lag,
 * and the end would move.
 *
 * @param now - ms since the epoch
 * @param touchAfter - how far the end may lag, in seconds; see {@link lagOf} for the default
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

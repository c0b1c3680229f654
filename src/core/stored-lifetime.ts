import { deadlineOf, type SourcedLifetime } from './lifetime.ts'
import type { Lifetime, SessionRecord, StoreConfig } from './types.ts'

/**
 * Returns the lifetime that a write stores. A session with `lifetimeFrom: 'store'` gets the store's options. Every other session
 * keeps the given lifetime.
 *
 * @param given - lifetime of the draft or record to write
 * @param config - options of the store
 * @param createdAt - creation time, ms since the epoch
 * @param before - the stored lifetime. If `given` differs from it and has no `lifetimeFrom`, it is the session's own lifetime
 */
export function lifetimeOf(
  given: SourcedLifetime,
  { maxAge, idleTimeout }: Lifetime,
  createdAt: number,
  before?: SourcedLifetime,
): SourcedLifetime {
  const { lifetimeFrom: from = before?.lifetimeFrom } = given
  const isSet = before
    ? given.deadline !== before.deadline || given.idleTimeout !== before.idleTimeout
    : given.lifetimeFrom === undefined && (given.deadline ?? given.idleTimeout) !== undefined
  const wasStores = (before?.lifetimeFrom ?? 'store') === 'store'
  const isStores = (from ?? 'store') === 'store'
  const isStoresToday = given.deadline === deadlineOf(maxAge, createdAt) && given.idleTimeout === idleTimeout
  if (!isStores || (isSet && wasStores && !isStoresToday)) {
    const { deadline, idleTimeout: own } = given
    return { deadline, idleTimeout: own, lifetimeFrom: isStores ? 'session' : from }
  }
  return { deadline: deadlineOf(maxAge, createdAt), idleTimeout, lifetimeFrom: undefined }
}

/**
 * Returns the end of a stored session by the present options of the store. A session with the store's lifetime ends at
 * `createdAt + maxAge` at the latest. A session that was created before `notBefore` ends at `notBefore` at the latest.
 *
 * @returns ms since the epoch
 */
export function endOf(
  session: Pick<SessionRecord, 'createdAt' | 'expiresAt' | 'lifetimeFrom'>,
  { maxAge, notBefore }: Pick<StoreConfig, 'maxAge' | 'notBefore'>,
): number {
  const { createdAt, expiresAt, lifetimeFrom = 'store' } = session
  const isStores = maxAge !== undefined && lifetimeFrom === 'store'
  const end = isStores ? Math.min(expiresAt, createdAt + Math.round(maxAge * 1000)) : expiresAt
  return notBefore !== undefined && createdAt < notBefore ? Math.min(end, notBefore) : end
}

/** Returns the creation time for a session without one: now, but always before `notBefore`, so that `notBefore` ends it too. */
export function unknownCreation(
  { notBefore = Infinity }: Pick<StoreConfig, 'notBefore'>,
  now: number,
): number {
  return Math.min(now, notBefore - 1)
}

/** Returns whether a session is alive. It is alive in the last millisecond before its end, and expired at its end. */
export function isLive(session: Pick<SessionRecord, 'expiresAt'>, now: number): boolean {
  return now < session.expiresAt
}

/** Returns whole seconds until an instant, rounded up and at least 1. Rounded down, a time to live would end sessions early. */
export function secondsUntil(instant: number, now: number): number {
  return Math.max(1, Math.ceil((instant - now) / 1000))
}

import { deadlineOf, type SourcedLifetime } from './lifetime.ts'
import type { Lifetime, SessionRecord, StoreConfig } from './types.ts'

/**
 * The lifetime that a write stores: the store's own options for a session of `store`, and the given lifetime for any other.
 *
 * @param given - of the draft or record to write
 * @param config - the store's options
 * @param createdAt - ms since the epoch
 * @param before - the stored lifetime. Without `lifetimeFrom`, values that differ from it make the lifetime the session's own
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
 * When a stored session ends by the store's options of today: never after `createdAt + maxAge`, unless its lifetime is not
 * the store's, and never after `notBefore` if it was created before that.
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

/** The creation time of a session whose own is unknown: now, or just before `notBefore`, so that `notBefore` ends it too. */
export function unknownCreation(
  { notBefore = Infinity }: Pick<StoreConfig, 'notBefore'>,
  now: number,
): number {
  return Math.min(now, notBefore - 1)
}

/** Whether a session is alive: until the millisecond before its end. */
export function isLive(session: Pick<SessionRecord, 'expiresAt'>, now: number): boolean {
  return now < session.expiresAt
}

/** Whole seconds until an instant, rounded up and never 0: a time to live that ends no session early. */
export function secondsUntil(instant: number, now: number): number {
  return Math.max(1, Math.ceil((instant - now) / 1000))
}

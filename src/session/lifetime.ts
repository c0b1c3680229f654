import { DEFAULT_IDLE_TIMEOUT, type Lifetime, type SessionRecord, type StoreConfig } from './types.ts'

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
  if (!isStores || (isSet && wasStores)) {
    const { deadline, idleTimeout: own } = given
    return { deadline, idleTimeout: own, lifetimeFrom: isStores ? 'session' : from }
  }
  const deadline =
    maxAge === undefined ? undefined : Math.min(Math.round(createdAt + maxAge * 1000), MAX_INSTANT)
  return { deadline, idleTimeout, lifetimeFrom: undefined }
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
  const end = isStores ? Math.min(expiresAt, Math.round(createdAt + maxAge * 1000)) : expiresAt
  return notBefore !== undefined && createdAt < notBefore ? Math.min(end, notBefore) : end
}

/** The creation time of a session whose own is unknown: now, or just before `notBefore`, so that `notBefore` ends it too. */
export function unknownCreation(
  { notBefore = Infinity }: Pick<StoreConfig, 'notBefore'>,
  now: number,
): number {
  return Math.min(now, notBefore - 1)
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

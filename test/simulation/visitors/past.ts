import { exponential } from '../events/distributions.ts'
import type { Random } from '../../model/random.ts'

/** The habits of a visitor, and the lifetime of the session. All times in ms. */
export interface Habits {
  /** Mean time between two visits. */
  gap: number
  /** Chance that a visit changes the session. */
  savesInVisit: number
  idleTimeout: number
  maxAge: number
  /** How far the end of a session may lag behind its use. */
  lag: number
  /** A user signs in again when the session is older. */
  signInEvery: number
}

/** Visits after which the first one no longer matters: those of eight lags. */
const LAGS = 8
const LEAST_VISITS = 10
const MOST_VISITS = 300

/**
 * Returns the session of a visitor who comes now and has come for months: the age of the session and of its last write. It follows
 * the visitor through earlier visits, beginning with a session of random age.
 *
 * @param since - ms without a visit before this one. The last visit before it was earlier than that
 * @returns `undefined` if the session has expired
 */
export function pastSession(
  { gap, savesInVisit, idleTimeout, maxAge, lag, signInEvery }: Habits,
  since: number,
  random: Random,
): { age: number; moved: number } | undefined {
  const oldest = Math.min(maxAge, signInEvery)
  let age = oldest === Infinity ? 0 : random.next() * oldest
  let moved = 0
  // The number does not depend on the waits. A wait that ends at a given time would be longer than others on average.
  const visits = Math.min(
    MOST_VISITS,
    Math.max(LEAST_VISITS, Math.ceil((LAGS * Math.min(lag, oldest)) / gap)),
  )
  for (let visit = 1; ; visit++) {
    const wait = exponential(random, gap) + (visit === visits ? since : 0)
    age += wait
    moved += wait
    const isExpired = moved >= idleTimeout || age >= maxAge
    if (visit === visits) return isExpired ? undefined : { age, moved }
    if (isExpired || age >= signInEvery) age = moved = 0
    else if (moved > lag || random.chance(savesInVisit)) moved = 0
  }
}

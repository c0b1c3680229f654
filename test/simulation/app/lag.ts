import { exponential } from '../events/distributions.ts'
import { LAG } from '../table/limits.ts'
import type { Random } from '../../model/random.ts'

/** Lag of eventually consistent reads: each read may be behind, or all reads are behind by the same time in ms. */
export type Lag = typeof LAG | number

/** Returns how far the next eventually consistent read is behind, ms. */
export function sampleLag(lag: Lag, random: Random): number {
  if (typeof lag === 'number') return lag
  return random.chance(lag.share) ? Math.min(exponential(random, lag.meanMs), lag.maxMs) : 0
}

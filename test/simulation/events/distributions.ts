import type { Random } from '../../model/random.ts'

/** Returns a time with the exponential distribution: the wait for an event that comes at random. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean
}

/** Returns a value with the lognormal distribution. @param spread - standard deviation of its logarithm */
export function lognormal(random: Random, median: number, spread: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()))
  return median * Math.exp(spread * radius * Math.cos(2 * Math.PI * random.next()))
}

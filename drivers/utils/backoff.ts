/**
 * Returns the time to wait before another attempt, in ms. It doubles with each attempt. Half of it is random, so that clients
 * which failed together do not retry together.
 *
 * @param attempt - attempts that failed before; 0 for the first wait
 * @param limits - `first`: the longest first wait. `max`: the longest wait of all. Both in ms
 * @param random - returns a number from 0 up to, but not including, 1
 */
export function backoff(
  attempt: number,
  { first, max }: { first: number; max: number },
  random: () => number = Math.random,
): number {
  return Math.min(first * 2 ** attempt, max) * (0.5 + random() / 2)
}

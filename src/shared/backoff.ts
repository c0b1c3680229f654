/**
 * Returns ms to wait, at random, so that several writers do not try again together: up to 4, 8, 16, 32, 64.
 *
 * @param longest - ms that are waited at most. Default 64
 */
export function jitter(attempt: number, longest = 64): number {
  return Math.random() * Math.min(4 * 2 ** attempt, longest)
}

/** Returns ms to wait, at random, so that several writers do not try again together: up to 4, 8, 16, 32, 64. */
export function jitter(attempt: number): number {
  return Math.random() * 4 * 2 ** Math.min(attempt, 4)
}

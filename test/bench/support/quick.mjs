/** Whether the measurements are shortened, by `npm run bench -- --quick`. Their figures are less exact. */
export const isQuick = process.env.BENCH_QUICK === '1'

/** Returns a number of rounds, fewer in a quick run. */
export function rounds(count) {
  return isQuick ? Math.max(3, Math.ceil(count / 5)) : count
}

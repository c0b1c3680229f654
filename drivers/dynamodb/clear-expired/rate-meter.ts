/** Time over which the rate is measured, ms. */
const WINDOW = 10_000
/** Minimum time between two samples, ms. */
const STEP = 250

/** Measures a rate over the last 10 seconds. */
export class RateMeter {
  #looks: { at: number; count: number }[]

  /** @param at - time on a monotonic clock, ms */
  constructor(at: number, count: number) {
    this.#looks = [{ at, count }]
  }

  /** Returns the increase of the count per second, over the last 10 seconds. */
  rate(at: number, count: number): number {
    const looks = this.#looks
    if (at - (looks.at(-1)?.at ?? 0) >= STEP) looks.push({ at, count })
    while (looks.length > 2 && at - (looks[0]?.at ?? at) > WINDOW) looks.shift()
    const [first] = looks
    return first === undefined || at <= first.at ? 0 : ((count - first.count) / (at - first.at)) * 1000
  }
}

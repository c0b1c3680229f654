/** ms that a rate is taken over, and between two looks. */
const WINDOW = 10_000
const STEP = 250

/** How fast something goes lately. */
export class RateMeter {
  #looks: { at: number; count: number }[]

  /** @param at - ms, of a clock that never jumps */
  constructor(at: number, count: number) {
    this.#looks = [{ at, count }]
  }

  /** @returns what came a second, over the last while */
  rate(at: number, count: number): number {
    const looks = this.#looks
    if (at - (looks.at(-1)?.at ?? 0) >= STEP) looks.push({ at, count })
    while (looks.length > 2 && at - (looks[0]?.at ?? at) > WINDOW) looks.shift()
    const [first] = looks
    return first === undefined || at <= first.at ? 0 : ((count - first.count) / (at - first.at)) * 1000
  }
}

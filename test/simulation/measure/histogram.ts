/** Ratio of the bounds of a bucket: quantiles are exact to 2%. */
const RATIO = 1.02
/** Values below this count as 0. */
const LEAST = 1e-3

const LOG_RATIO = Math.log(RATIO)
/** Enough for values up to 10^7. */
const BUCKETS = Math.ceil(Math.log(1e7 / LEAST) / LOG_RATIO) + 1

/** Counts values in buckets of equal ratio, for quantiles of any number of values in little memory. */
export class Histogram {
  count = 0
  max = 0
  #zeros = 0
  readonly #buckets = new Uint32Array(BUCKETS)

  add(value: number): void {
    this.count++
    this.max = Math.max(this.max, value)
    if (value < LEAST) {
      this.#zeros++
      return
    }
    const bucket = Math.min(BUCKETS - 1, Math.ceil(Math.log(value / LEAST) / LOG_RATIO))
    this.#buckets[bucket]!++
  }

  /** Returns the value that a share of the values does not exceed; 0 without values. */
  quantile(share: number): number {
    let left = share * this.count - this.#zeros
    if (left <= 0) return 0
    for (const [bucket, count] of this.#buckets.entries()) {
      left -= count
      if (left <= 0) return Math.min(this.max, LEAST * RATIO ** bucket)
    }
    return this.max
  }
}

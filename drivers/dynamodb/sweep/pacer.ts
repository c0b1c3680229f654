/** Part of the limit that is aimed at. With the slack of one slice, no second goes above the limit. */
const AIM = 0.95
/** Requests a second that the limit is spread over: each should use no more than a slice. */
const SLICES = 20
/** Growth a second after throttling: this part of the rate, or so many units. */
const GROWTH = { part: 0.2, units: 5 }
/** Throttling seen within this time has one cause, ms. */
const ONE_CAUSE = 500

/**
 * A token bucket for capacity units. Units are booked before a request and settled when DynamoDB has said what it used; a
 * request that turns out dearer leaves a debt, and the next ones wait until it is paid. Throttling halves the rate, which
 * then grows again.
 */
export class Pacer {
  #limit: number
  #rate: number
  #now: () => number
  #at: number
  #tokens = 0
  /** Units of the last second, about: what was used fades away. */
  #recent = 0
  #throttledAt = -Infinity

  /**
   * @param maxCapacity - units a second; `Infinity` for no limit
   * @param now - a clock that never jumps, ms
   */
  constructor(maxCapacity: number, now: () => number = () => performance.now()) {
    this.#limit = maxCapacity * AIM
    this.#rate = this.#limit
    this.#now = now
    this.#at = now()
  }

  /** Units one request should use at most. */
  get slice(): number {
    return this.#rate / SLICES / AIM
  }

  /** Book units for a request. @returns ms to wait before it is sent */
  book(units: number): number {
    this.#refill()
    this.#spend(units)
    return this.#tokens < 0 ? (-this.#tokens / this.#rate) * 1000 : 0
  }

  /** What a request has really used. */
  settle(booked: number, used: number): void {
    this.#refill()
    this.#spend(used - booked)
  }

  /** DynamoDB has refused something for lack of capacity. */
  throttled(): void {
    this.#refill()
    if (this.#at - this.#throttledAt < ONE_CAUSE) return
    this.#throttledAt = this.#at
    this.#rate = Math.max(GROWTH.units, Math.min(this.#rate, this.#recent) / 2)
    this.#rate = Math.min(this.#rate, this.#limit)
    this.#tokens = Math.min(this.#tokens, 0)
  }

  #spend(units: number): void {
    this.#recent += units
    if (this.#rate !== Infinity) this.#tokens -= units
  }

  #refill(): void {
    const now = this.#now()
    const seconds = (now - this.#at) / 1000
    this.#at = now
    this.#recent *= Math.exp(-seconds)
    if (this.#rate === Infinity) return
    this.#tokens = Math.min(this.slice, this.#tokens + this.#rate * seconds)
    const growth = Math.max(GROWTH.units, this.#rate * GROWTH.part) * seconds
    this.#rate = Math.min(this.#limit, this.#rate + growth)
  }
}

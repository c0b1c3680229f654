/** Share of the limit that the average rate aims at. The rest absorbs wrong estimates. */
const AIM = 0.95
/** Seconds of unused units that can be saved for later requests. */
const BURST = 0.5
const SECOND = 1000
/** Requests per second that share the limit. Each should use at most one slice, so that the use is even. */
const SLICES = 20
/** A slice that is small enough for any table, in units. Only a lower limit makes slices smaller. */
const SMALL_SLICE = 25
/** Growth of the rate per second after throttling: a share of the rate, and at least a number of units. */
const GROWTH = { part: 0.2, units: 20 }
/** Minimum rate after throttling, in units per second. */
const LEAST = 5
/** Throttling errors within this time count as one, because the requests in flight fail together, ms. */
const ONE_CAUSE = 500

/**
 * Limits the capacity units of the deletion of expired items. It is a token bucket, plus a limit for each second.
 *
 * A request has three steps. `book` puts it into the queue with its estimated units. `wait` returns 0 when it may be sent.
 * `settle` replaces the estimate by the units that DynamoDB reports.
 *
 * Invariants:
 *
 * 1. Order: requests are sent in the order in which they were booked.
 * 2. Average: a request is sent when `booked units up to it <= allowed units`. The allowed units grow by the rate, which is at
 *    most 95% of the limit. At most half a second of unused units is saved.
 * 3. Debt: the difference between used and estimated units is subtracted from the allowed units. So after a request that used
 *    more than estimated, the next ones wait until the time has covered the difference.
 * 4. Each second: the units that were answered in the last second, plus those of the requests in flight, plus the next request
 *    are at most the limit. A request in flight may count in any second until its response, so it counts in all of them.
 * 5. Progress: if nothing is in flight and nothing was answered in the last second, the next request is sent even if it
 *    exceeds the limit alone. So an item that costs more than the limit is deleted too.
 * 6. Throttling: the rate becomes half of the smaller of the rate and the recent use, and at least 5 units per second. It then
 *    grows by 20% per second, and by at least 20 units per second, up to 95% of the limit.
 *
 * Without a limit, the rate is infinite until DynamoDB first throttles.
 */
export class CapacityLimiter {
  #limit: number
  #rate: number
  #now: () => number
  #began: number
  #at: number
  /** Running totals of units: booked, of sent requests, and allowed by the time that has passed. */
  #booked = 0
  #sent = 0
  #allowed = 0
  /** Places of the waiting requests, in order. A place is the total of booked units up to and with the request. */
  #queue: number[] = []
  /** Units of the requests that were answered in the last second. */
  #answered: { at: number; units: number }[] = []
  /** Units answered in the last second, plus units in flight. No second can have used more. */
  #inSecond = 0
  /** Requests in flight. */
  #inFlight = 0
  /** Recent use in units per second: an average with exponential decay over one second. */
  #recent = 0
  #throttledAt = -Infinity

  /**
   * @param maxCapacity - units per second; `Infinity` for no limit
   * @param now - monotonic clock, ms
   */
  constructor(maxCapacity: number, now: () => number = () => performance.now()) {
    this.#limit = maxCapacity * AIM
    this.#rate = this.#limit
    this.#now = now
    this.#began = this.#at = now()
  }

  /** Maximum number of units that one request should use. */
  get slice(): number {
    return Math.min(this.#limit / AIM, Math.max(this.#rate / AIM, SMALL_SLICE * SLICES)) / SLICES
  }

  /** Books units for a request. @returns its place in the queue, for {@link wait} */
  book(units: number): number {
    this.#advance()
    this.#recent += units
    this.#booked += units
    this.#queue.push(this.#booked)
    return this.#booked
  }

  /**
   * Returns the ms after which the caller should ask again. Returns 0, once, when the request with this place may be sent. The
   * request is then in flight, and the caller must call {@link settle}.
   */
  wait(place: number): number {
    this.#advance()
    const ms = this.#rate === Infinity ? 0 : ((place - this.#allowed) / this.#rate) * 1000
    if (place !== this.#queue[0] || ms > 0) return Math.max(1, ms)
    const units = place - this.#sent
    const [oldest] = this.#answered
    const isFirst = oldest === undefined && this.#inFlight === 0
    if (!isFirst && this.#inSecond + units > this.#limit / AIM)
      return oldest === undefined ? SECOND / SLICES : Math.max(1, oldest.at + SECOND - this.#at)
    this.#queue.shift()
    this.#sent = place
    this.#inFlight++
    this.#inSecond = isFirst ? units : this.#inSecond + units
    return 0
  }

  /** Replaces the booked units of a request in flight by the units that it used. */
  settle(booked: number, used: number): void {
    this.#advance()
    this.#recent += used - booked
    this.#allowed -= used - booked
    this.#inFlight--
    this.#inSecond += used - booked
    this.#answered.push({ at: this.#at, units: used })
  }

  /** Lowers the rate after DynamoDB has throttled a request. */
  throttled(): void {
    this.#advance()
    if (this.#at - this.#throttledAt < ONE_CAUSE) return
    this.#throttledAt = this.#at
    // In the first second, `#recent` covers less than a second. The divisor corrects for that.
    const seconds = Math.max(0.05, (this.#at - this.#began) / 1000)
    const used = this.#recent / (1 - Math.exp(-seconds))
    this.#rate = Math.min(this.#limit, Math.max(LEAST, Math.min(this.#rate, used) / 2))
  }

  /** Updates the allowed units, the rate and the last second to the current time. */
  #advance(): void {
    const now = this.#now()
    const seconds = (now - this.#at) / 1000
    this.#at = now
    this.#recent *= Math.exp(-seconds)
    for (let [first] = this.#answered; first && first.at <= now - SECOND; [first] = this.#answered) {
      this.#answered.shift()
      this.#inSecond -= first.units
    }
    if (this.#rate === Infinity) {
      this.#allowed = this.#booked
      return
    }
    const most = Math.max(this.#sent + this.#rate * BURST, this.#queue[0] ?? 0)
    this.#allowed = Math.min(most, this.#allowed + this.#rate * seconds)
    const growth = Math.max(GROWTH.units, this.#rate * GROWTH.part) * seconds
    this.#rate = Math.min(this.#limit, this.#rate + growth)
  }
}

/** Part of the limit that is aimed at. */
const AIM = 0.95
/** Seconds of units that may be made up for after a standstill. */
const MAKE_UP = 0.5
const SECOND = 1000
/** Requests a second that the limit is spread over: each should use no more than a slice. */
const SLICES = 20
/** A slice that is small enough for any table; only a limit asks for less. Units. */
const SMALL_SLICE = 25
/** Growth a second after throttling: this part of the rate, or so many units. */
const GROWTH = { part: 0.2, units: 20 }
/** The rate that throttling leaves at least. Units a second. */
const LEAST = 5
/** Throttling seen within this time has one cause, ms. */
const ONE_CAUSE = 500

/**
 * A token bucket for capacity units, under a limit for each second. Units are booked before a request and settled when
 * DynamoDB has said what it used; a request that turns out dearer leaves a debt, and the next ones wait until it is paid.
 * Throttling halves the rate, which then grows again.
 */
export class CapacityLimiter {
  #limit: number
  #rate: number
  #now: () => number
  #began: number
  #at: number
  /** Units booked so far, those of requests that had their turn, and units that time has allowed for. */
  #booked = 0
  #sent = 0
  #allowed = 0
  /** Places of the requests that wait, the first one first. */
  #queue: number[] = []
  /** What was answered in the last second, and the sum of that and of what is in flight: no second can have used more. */
  #answered: { at: number; units: number }[] = []
  #inSecond = 0
  #inFlight = 0
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
    this.#began = this.#at = now()
  }

  /** Units one request should use at most. */
  get slice(): number {
    return Math.min(this.#limit / AIM, Math.max(this.#rate / AIM, SMALL_SLICE * SLICES)) / SLICES
  }

  /** Book units for a request. @returns its place in the queue, for {@link wait} */
  book(units: number): number {
    this.#advance()
    this.#recent += units
    this.#booked += units
    this.#queue.push(this.#booked)
    return this.#booked
  }

  /** @returns ms to wait and ask again; 0, once, when it is the turn of the request with this place */
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

  /** A request has been answered: what it has really used. */
  settle(booked: number, used: number): void {
    this.#advance()
    this.#recent += used - booked
    this.#allowed -= used - booked
    this.#inFlight--
    this.#inSecond += used - booked
    this.#answered.push({ at: this.#at, units: used })
  }

  /** DynamoDB has refused something for lack of capacity. */
  throttled(): void {
    this.#advance()
    if (this.#at - this.#throttledAt < ONE_CAUSE) return
    this.#throttledAt = this.#at
    // In the first second there is less than a second of use to go by.
    const seconds = Math.max(0.05, (this.#at - this.#began) / 1000)
    const used = this.#recent / (1 - Math.exp(-seconds))
    this.#rate = Math.min(this.#limit, Math.max(LEAST, Math.min(this.#rate, used) / 2))
  }

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
    const most = Math.max(this.#sent + this.#rate * MAKE_UP, this.#queue[0] ?? 0)
    this.#allowed = Math.min(most, this.#allowed + this.#rate * seconds)
    const growth = Math.max(GROWTH.units, this.#rate * GROWTH.part) * seconds
    this.#rate = Math.min(this.#limit, this.#rate + growth)
  }
}

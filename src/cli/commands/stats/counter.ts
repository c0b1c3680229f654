import { isListedId } from '../../../core/id.ts'
import type { ItemFacts } from '../../../table/manage/items.ts'

const KB = 1024
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Maximum difference by which the table's expiry is later than the session's, ms. It is rounded up to a whole second. */
const ROUNDED_UP = 999

/** A bar of a histogram. */
export interface Bucket {
  /** Upper bound, inclusive: bytes or ms; `null` for no bound. */
  upTo: number | null
  count: number
}

/** Counts of a set of items. */
export interface SessionStats {
  /** Live sessions. */
  live: number
  /** Expired sessions that DynamoDB has not deleted yet. */
  expired: number
  /** Live sessions that belong to a user. */
  bound: number
  /** Users of those sessions. */
  users: number
  /** Live sessions that expire within an hour, unless they are used. */
  endWithinHour: number
  /** Live sessions that expire within a day, unless they are used. */
  endWithinDay: number
  /** Items that are not sessions. */
  other: number
  /** Mean size of a session's item in bytes. */
  meanBytes: number
  /** Maximum size of a session's item in bytes. */
  largestBytes: number
  /** Item sizes of all sessions, in bytes. */
  sizes: Bucket[]
  /** Ages of live sessions, in ms. */
  ages: Bucket[]
  /** Time until live sessions expire, in ms. */
  left: Bucket[]
}

/** Bounds of the histograms. A read unit is 4 KB and a write unit 1 KB, so sizes of equal cost share a bucket. */
const SIZES = [1, 2, 4, 8, 16, 64, 400].map((kilobytes) => kilobytes * KB)
const AGES = [HOUR, 6 * HOUR, DAY, 7 * DAY, 14 * DAY, 30 * DAY, null]
const LEFT = [HOUR, 6 * HOUR, DAY, 7 * DAY, 14 * DAY, 30 * DAY, null]

/** Counts items. Its memory grows only with the number of distinct users. */
export class StatsCounter {
  #now: number
  #live = 0
  #expired = 0
  #bound = 0
  #other = 0
  #bytes = 0
  #largest = 0
  #endWithin = { hour: 0, day: 0 }
  #users = new Set<string>()
  #sizes = buckets(SIZES)
  #ages = buckets(AGES)
  #left = buckets(LEFT)

  /** @param now - ms since the epoch, used for all items */
  constructor(now: number) {
    this.#now = now
  }

  /** Counts one item. */
  add({ key, size, expires, created, user }: ItemFacts): void {
    if (!isListedId(key)) {
      this.#other++
      return
    }
    this.#bytes += size
    this.#largest = Math.max(this.#largest, size)
    put(this.#sizes, size)
    if (expires !== undefined && expires <= this.#now) {
      this.#expired++
      return
    }
    const left = expires === undefined ? Infinity : expires - ROUNDED_UP - this.#now
    this.#live++
    if (left <= HOUR) this.#endWithin.hour++
    if (left <= DAY) this.#endWithin.day++
    put(this.#left, left)
    if (created !== undefined) put(this.#ages, this.#now - created)
    if (user === undefined) return
    this.#bound++
    this.#users.add(user)
  }

  /** The counts so far. */
  get stats(): SessionStats {
    const sessions = this.#live + this.#expired
    return {
      live: this.#live,
      expired: this.#expired,
      bound: this.#bound,
      users: this.#users.size,
      endWithinHour: this.#endWithin.hour,
      endWithinDay: this.#endWithin.day,
      other: this.#other,
      meanBytes: sessions === 0 ? 0 : Math.round(this.#bytes / sessions),
      largestBytes: this.#largest,
      sizes: this.#sizes,
      ages: this.#ages,
      left: this.#left,
    }
  }
}

function buckets(bounds: (number | null)[]): Bucket[] {
  return bounds.map((upTo) => ({ upTo, count: 0 }))
}

function put(histogram: Bucket[], value: number): void {
  const bucket = histogram.find(({ upTo }) => upTo === null || value <= upTo) ?? histogram.at(-1)
  if (bucket) bucket.count++
}

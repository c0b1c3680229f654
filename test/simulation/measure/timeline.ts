import type { Kind } from '../table/partitions.ts'
import { Histogram } from './histogram.ts'

/** The counts of one interval. */
export interface Interval {
  read: number
  write: number
  throttled: number
  requests: number
  failed: number
  signIns: number
  times: Histogram
}

/** Counts what happens, in intervals of equal length. */
export class Timeline {
  readonly intervals: Interval[]
  /** Length of an interval, ms. */
  readonly length: number

  constructor(duration: number, count: number) {
    this.length = duration / count
    this.intervals = Array.from({ length: count }, () => ({
      read: 0,
      write: 0,
      throttled: 0,
      requests: 0,
      failed: 0,
      signIns: 0,
      times: new Histogram(),
    }))
  }

  units(kind: Kind, units: number, now: number): void {
    this.#at(now)[kind] += units
  }

  throttled(now: number): void {
    this.#at(now).throttled++
  }

  /** Counts a request of a visitor. @param ms - time that the session took */
  request(ms: number, failed: boolean, now: number): void {
    const interval = this.#at(now)
    interval.requests++
    interval.times.add(ms)
    if (failed) interval.failed++
  }

  signIn(now: number): void {
    this.#at(now).signIns++
  }

  #at(now: number): Interval {
    return this.intervals[Math.min(this.intervals.length - 1, Math.floor(now / this.length))]!
  }
}

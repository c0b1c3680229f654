import { PARTITION, SPLIT } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

export type Kind = 'read' | 'write'

/** Time over which the use of a partition is measured, in ms. */
const WINDOW_MS = 10_000

/** A partition: a range of the hashes of keys, which are from 0 to 1. It serves as much as {@link PARTITION} says. */
export class Partition {
  readonly low: number
  readonly high: number
  /** Requests that it refused. */
  throttled = 0
  /** Highest use in {@link WINDOW_MS}, as a share of what it can serve. */
  peak = 0
  /** The halves, after the partition was split. */
  halves: [Partition, Partition] | undefined
  /** Counts in seconds of work, so that reads and writes share it. */
  readonly #bucket: TokenBucket
  #window = 0
  #inWindow = 0
  #inMinute = 0
  #hotMinutes = 0
  readonly #scale: number

  /** @param scale - capacity, as a multiple of that of a real partition */
  constructor(low: number, high: number, scale: number, now: number) {
    this.low = low
    this.high = high
    this.#scale = scale
    this.#bucket = new TokenBucket(1, 1, now)
  }

  has(kind: Kind, units: number, now: number): boolean {
    return this.#bucket.has(units / PARTITION[kind] / this.#scale, now)
  }

  take(kind: Kind, units: number, now: number): void {
    const work = units / PARTITION[kind] / this.#scale
    this.#bucket.take(work)
    this.#inMinute += work
    const window = Math.floor(now / WINDOW_MS)
    this.#inWindow = window === this.#window ? this.#inWindow + work : work
    this.#window = window
    this.peak = Math.max(this.peak, this.#inWindow / (WINDOW_MS / 1000))
  }

  /** Ends a minute. Splits the partition if it was hot for long. */
  endMinute(now: number): void {
    const isHot = this.#inMinute / 60 > SPLIT.share
    this.#inMinute = 0
    this.#hotMinutes = isHot ? this.#hotMinutes + 1 : 0
    if (this.#hotMinutes < SPLIT.minutes) return
    const middle = (this.low + this.high) / 2
    const half = (low: number, high: number): Partition => new Partition(low, high, this.#scale, now)
    this.halves = [half(this.low, middle), half(middle, this.high)]
  }
}

/** The partitions of a table or an index. */
export class Partitions {
  readonly #roots: Partition[]

  /** @param real - number of real partitions that they stand for. A sample may need a part of one */
  constructor(real: number, now: number) {
    const count = Math.max(1, Math.round(real))
    this.#roots = Array.from(
      { length: count },
      (_, at) => new Partition(at / count, (at + 1) / count, real / count, now),
    )
  }

  /** Returns the partition of a key. @param hash - from 0 up to, but not including, 1 */
  of(hash: number): Partition {
    let partition = this.#roots[Math.floor(hash * this.#roots.length)]!
    while (partition.halves) partition = partition.halves[hash < partition.halves[1].low ? 0 : 1]
    return partition
  }

  /** Returns the partitions that were not split. */
  list(): Partition[] {
    const leaves = (partition: Partition): Partition[] =>
      partition.halves ? partition.halves.flatMap(leaves) : [partition]
    return this.#roots.flatMap(leaves)
  }

  endMinute(now: number): void {
    for (const partition of this.list()) partition.endMinute(now)
  }
}

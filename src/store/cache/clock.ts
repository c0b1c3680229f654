/** The time of a request to the storage, from which the age of its answer is known. */
export interface Timestamp {
  /** ms since the epoch. */
  time: number
  /** Number of times that the clock had been set back. Times of different epochs cannot be compared. */
  clockEpoch: number
}

/** The clock of a cache. After the clock was set back, the age of every entry is unknown. */
export class CacheClock {
  clockEpoch = 0
  readonly #read: () => number
  readonly #onSetBack: () => void
  #last = 0

  /** @param onSetBack - called when the clock was set back */
  constructor(read: () => number, onSetBack: () => void) {
    this.#read = read
    this.#onSetBack = onSetBack
  }

  /** Returns the time, ms since the epoch. */
  now(): number {
    const now = this.#read()
    if (now < this.#last) {
      this.clockEpoch++
      this.#onSetBack()
    }
    this.#last = now
    return now
  }

  timestamp(): Timestamp {
    return { time: this.now(), clockEpoch: this.clockEpoch }
  }
}

/** When something was asked, so that the age of the answer is known. */
export interface Timestamp {
  /** ms since the epoch. */
  time: number
  /** How often the clock had gone back by then: times of two eras cannot be compared. */
  clockEpoch: number
}

/** The clock of a cache. A clock that went back makes the age of every entry unknown. */
export class CacheClock {
  clockEpoch = 0
  readonly #read: () => number
  readonly #onSetBack: () => void
  #last = 0

  /** @param onSetBack - is called when the clock has gone back */
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

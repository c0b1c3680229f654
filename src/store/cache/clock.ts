/** When something was asked, so that the age of the answer is known. */
export interface Moment {
  /** ms since the epoch. */
  time: number
  /** How often the clock had gone back by then: times of two eras cannot be compared. */
  era: number
}

/** The clock of a cache. A clock that went back makes the age of every entry unknown. */
export class CacheClock {
  era = 0
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
      this.era++
      this.#onSetBack()
    }
    this.#last = now
    return now
  }

  moment(): Moment {
    return { time: this.now(), era: this.era }
  }
}

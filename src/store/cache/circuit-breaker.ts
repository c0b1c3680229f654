import { UnsessionError } from '../../../drivers/utils/errors.ts'

/** Timeout of a call, in ms. */
export const DEADLINE_MS = 100

/** Time without calls after a failure, in ms. */
export const REST_MS = 5000

/** A service that requests can do without. */
export interface OptionalPart {
  /** Name, as the subject of an error message. */
  name: string
  /** Sends a request without effects, to find out whether the service works again. */
  probe: () => Promise<unknown>
  /** Called once when the breaker opens after calls have worked. */
  onFailure: (error: unknown) => void
  /** ms since the epoch. */
  now: () => number
}

/**
 * A circuit breaker: failures and timeouts of an optional service do not fail or delay requests.
 *
 * | state | a call | next state |
 * |---|---|---|
 * | closed | runs, with a timeout of 100 ms | open, if the call fails |
 * | open | is skipped | probing, at the first call after 5 s |
 * | probing | is skipped. A probe runs, and no request waits for it | closed, if the probe succeeds within 100 ms; otherwise open |
 */
export class CircuitBreaker {
  /** Time at which the breaker closed last, ms since the epoch. The service missed the calls before this time. */
  closedAt: number = -Infinity
  readonly #part: OptionalPart
  #state: 'closed' | 'open' | 'probing' = 'closed'
  #openedAt = 0

  constructor(part: OptionalPart) {
    this.#part = part
  }

  /** Runs a call. Never rejects. @returns `undefined` if the call failed or was skipped */
  async run<T>(call: () => Promise<T>): Promise<T | undefined> {
    if (this.#state !== 'closed') {
      if (this.#state === 'open' && this.#hasRested()) void this.#probe()
      return undefined
    }
    try {
      return await this.#withinDeadline(call())
    } catch (error) {
      // Several calls in flight may fail together. Only the first failure is reported.
      if (this.#state === 'closed') {
        this.#open()
        this.#part.onFailure(error)
      }
      return undefined
    }
  }

  async #probe(): Promise<void> {
    this.#state = 'probing'
    try {
      await this.#withinDeadline(this.#part.probe())
      this.#state = 'closed'
      this.closedAt = this.#part.now()
    } catch {
      this.#open()
    }
  }

  #open(): void {
    this.#state = 'open'
    this.#openedAt = this.#part.now()
  }

  #hasRested(): boolean {
    const rested = this.#part.now() - this.#openedAt
    // If the clock was set back, the rest must not become longer.
    return rested < 0 || rested >= REST_MS
  }

  #withinDeadline<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        const message = `${this.#part.name} did not answer within ${DEADLINE_MS} ms`
        reject(new UnsessionError('TIMEOUT', message))
      }
      // After a long synchronous task, the answer may already be in the event loop. One more turn lets it arrive.
      const timer = setTimeout(() => setImmediate(giveUp), DEADLINE_MS)
      work.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

import { UnsessionError } from '../../../drivers/utils/errors.ts'

/** ms that a call may take. */
export const DEADLINE_MS = 100

/** ms for which a part that has failed is left alone. */
export const REST_MS = 5000

/** A part that is useful and not necessary. */
export interface OptionalPart {
  /** Its name, as the subject of an error message. */
  name: string
  /** Sends a request that changes nothing, to see whether the part works again. */
  probe: () => Promise<unknown>
  /** Is told once when calls begin to fail. */
  onFailure: (error: unknown) => void
  /** ms since the epoch. */
  now: () => number
}

/**
 * Keeps the trouble of a part that is not necessary away from requests.
 *
 * | state | a call | next state |
 * |---|---|---|
 * | closed | runs, for 100 ms at most | open, when it fails or takes longer |
 * | open | is skipped | probing, at the first call after 5 s |
 * | probing | is skipped, while a probe runs that no request waits for | closed, when the probe succeeds within 100 ms; else open |
 */
export class CircuitBreaker {
  /** When calls began to run again, ms since the epoch: the part has missed what happened before. */
  closedAt: number = -Infinity
  readonly #part: OptionalPart
  #state: 'closed' | 'open' | 'probing' = 'closed'
  #openedAt = 0

  constructor(part: OptionalPart) {
    this.#part = part
  }

  /** Runs a call. Never rejects. @returns `undefined` when the call failed or was skipped */
  async run<T>(call: () => Promise<T>): Promise<T | undefined> {
    if (this.#state !== 'closed') {
      if (this.#state === 'open' && this.#hasRested()) void this.#probe()
      return undefined
    }
    try {
      return await this.#withinDeadline(call())
    } catch (error) {
      // Calls at the same time fail together.
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
    // A clock that was set back must not prolong the rest.
    return rested < 0 || rested >= REST_MS
  }

  #withinDeadline<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        const message = `${this.#part.name} did not answer within ${DEADLINE_MS} ms`
        reject(new UnsessionError('TIMEOUT', message))
      }
      // An answer may be waiting in the event loop already: it gets one turn.
      const timer = setTimeout(() => setImmediate(giveUp), DEADLINE_MS)
      work.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

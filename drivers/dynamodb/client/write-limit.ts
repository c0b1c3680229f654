import type { Call } from './call.ts'

/**
 * Limit of the writes in flight. If thousands of writes are passed to the SDK at once, it signs and queues all of them before
 * it handles the first response. That blocks the event loop for seconds.
 */
export class WriteLimit {
  #maxInFlight: number
  #inFlight = new Set<Call>()
  #waiting = new Map<Call, () => void>()

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight
  }

  /**
   * Asks for a turn to send the call's write. Calls are admitted in order of arrival.
   *
   * @returns `undefined` if the call is admitted at once, else a promise that resolves when it is
   */
  enter(call: Call): Promise<void> | undefined {
    if (this.#inFlight.size < this.#maxInFlight) {
      this.#inFlight.add(call)
      return undefined
    }
    return new Promise<void>((resolve) => void this.#waiting.set(call, resolve))
  }

  /** Removes a call that was admitted or still waits, and admits the next one. */
  leave(call: Call): void {
    this.#waiting.delete(call)
    if (!this.#inFlight.delete(call)) return
    for (const [next, admit] of this.#waiting) {
      if (this.#inFlight.size >= this.#maxInFlight) return
      this.#waiting.delete(next)
      // The call times out in this turn of the event loop, so its write must not be sent.
      if (next.isDue) continue
      this.#inFlight.add(next)
      admit()
    }
  }
}

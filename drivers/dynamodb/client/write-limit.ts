import type { Call } from './call.ts'

/**
 * Bounds the writes in flight. Thousands of writes handed to the SDK at once are all signed and queued for its sockets
 * before the first one is answered, which blocks the event loop for seconds.
 */
export class WriteLimit {
  #maxInFlight: number
  #inFlight = new Set<Call>()
  #waiting = new Map<Call, () => void>()

  constructor(maxInFlight: number) {
    this.#maxInFlight = maxInFlight
  }

  /** Waits until a write may be sent. Writes are sent in order of arrival. */
  async enter(call: Call): Promise<void> {
    if (this.#inFlight.size < this.#maxInFlight) {
      this.#inFlight.add(call)
      return
    }
    await new Promise<void>((resolve) => this.#waiting.set(call, resolve))
  }

  /** Ends a write, whether it was sent or still waited. */
  leave(call: Call): void {
    this.#waiting.delete(call)
    if (!this.#inFlight.delete(call)) return
    for (const [next, admit] of this.#waiting) {
      if (this.#inFlight.size >= this.#maxInFlight) return
      this.#waiting.delete(next)
      // It is ended in this turn of the event loop; to send it would be in vain.
      if (next.isDue) continue
      this.#inFlight.add(next)
      admit()
    }
  }
}

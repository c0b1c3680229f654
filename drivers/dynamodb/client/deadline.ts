/**
 * Timeout that does not discard a response that has already arrived.
 *
 * After the process was stopped, or its event loop was blocked, timers fire before the event loop reads the responses that
 * have arrived. So the timeout waits for one more turn of the event loop after its timer fired. A cancellation in that turn
 * still counts.
 */
export class Deadline {
  /** Whether the timer has fired. The timeout acts in the same turn of the event loop or the next one. */
  isDue = false
  #timer: NodeJS.Timeout
  #turn: NodeJS.Immediate | undefined

  /**
   * @param ms - milliseconds until `act` is called
   * @param act - called once, unless the timeout is cancelled
   */
  constructor(ms: number, act: () => void) {
    this.#timer = setTimeout(() => {
      this.isDue = true
      this.#turn = setImmediate(act)
    }, ms)
  }

  /** Settles a promise as `work` does, and cancels the timeout then. Costs less than `finally`, which makes two promises more. */
  settleWith<T>(work: Promise<T>, resolve: (value: T) => void, reject: (reason: unknown) => void): void {
    work.then(
      (value) => {
        this.cancel()
        resolve(value)
      },
      (reason: unknown) => {
        this.cancel()
        reject(reason)
      },
    )
  }

  /** Cancels the timeout. */
  cancel(): void {
    clearTimeout(this.#timer)
    if (this.#turn !== undefined) clearImmediate(this.#turn)
  }
}

/**
 * A timeout that lets a waiting answer win.
 *
 * After a process was stopped, or its event loop was blocked, timers fire before the answers that have arrived meanwhile are
 * read. So the timeout acts one turn of the event loop after its timer fired, unless it is cancelled in that turn.
 */
export class Deadline {
  /** Whether the time is up; the timeout acts in the same turn of the event loop or the next one. */
  isDue = false
  #timer: NodeJS.Timeout
  #turn: NodeJS.Immediate | undefined

  /** @param ms - milliseconds until `act` is called */
  constructor(ms: number, act: () => void) {
    this.#timer = setTimeout(() => {
      this.isDue = true
      this.#turn = setImmediate(act)
    }, ms)
  }

  cancel(): void {
    clearTimeout(this.#timer)
    if (this.#turn !== undefined) clearImmediate(this.#turn)
  }
}

/** The facts about an id that were learned while operations on it are in flight. All operations on the id share it. */
export interface PendingOperation {
  /** Number of operations in flight. */
  count: number
  /** Whether the session was destroyed. Results that arrive later are ignored. */
  isDestroyed: boolean
  /** Highest version in a result. Results with a lower version are ignored. 0 before the first result. */
  minVersion: number
}

/** Operations in flight, by id. A late result must not replace newer knowledge. */
export class PendingOperations {
  #byId = new Map<string, PendingOperation>()

  /** Notes that an operation on an id begins. */
  begin(id: string): PendingOperation {
    let pending = this.#byId.get(id)
    if (pending === undefined) {
      pending = { count: 0, isDestroyed: false, minVersion: 0 }
      this.#byId.set(id, pending)
    }
    pending.count++
    return pending
  }

  /** Notes that an operation on an id is done. */
  finish(id: string, pending: PendingOperation): void {
    if (--pending.count === 0 && this.#byId.get(id) === pending) this.#byId.delete(id)
  }

  /** Notes that the session of an id was destroyed. */
  markDestroyed(id: string): void {
    const pending = this.#byId.get(id)
    if (pending !== undefined) pending.isDestroyed = true
  }

  /** Notes that a new session is created at an id. The results of operations in flight belong to the former session. */
  beginCreate(id: string): PendingOperation {
    const former = this.#byId.get(id)
    if (former !== undefined) former.minVersion = Infinity
    this.#byId.delete(id)
    return this.begin(id)
  }
}

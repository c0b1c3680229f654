/** What has become certain about an id since an operation on it began. */
export interface PendingOperation {
  /** Operations under way. */
  count: number
  /** The session was ended: whatever comes back late is history. */
  ended: boolean
  /** Highest version seen; anything below is history. 0 for none. */
  minVersion: number
}

/** Operations under way, by id: an answer that comes late must not undo what was learned while it was on its way. */
export class PendingOperations {
  #byId = new Map<string, PendingOperation>()

  begin(id: string): PendingOperation {
    let pending = this.#byId.get(id)
    if (pending === undefined) {
      pending = { count: 0, ended: false, minVersion: 0 }
      this.#byId.set(id, pending)
    }
    pending.count++
    return pending
  }

  finish(id: string, pending: PendingOperation): void {
    if (--pending.count === 0 && this.#byId.get(id) === pending) this.#byId.delete(id)
  }

  end(id: string): void {
    const pending = this.#byId.get(id)
    if (pending !== undefined) pending.ended = true
  }

  /** A new session begins under this id; what is under way concerns the former one. */
  renew(id: string): PendingOperation {
    const former = this.#byId.get(id)
    if (former !== undefined) former.minVersion = Infinity
    this.#byId.delete(id)
    return this.begin(id)
  }
}

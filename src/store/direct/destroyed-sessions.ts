/** What is known of an id: when its session was destroyed, or until when a rotation's marker is stored there. */
type Ending = { destroyedAt: number } | { rotatedUntil: number }

/** Ids remembered at most; the oldest leave first. About 100 bytes each. */
const MAX_IDS = 10_000

/** The sessions that this process has destroyed, or found rotated. Instants are in ms since the epoch. */
export class DestroyedSessions {
  readonly #byId = new Map<string, Ending>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Runs the destruction of a session. Until it is done, every request counts as one that began before it was done. */
  async destroying<R>(id: string, destroy: () => Promise<R>): Promise<R> {
    this.#set(id, { destroyedAt: Infinity })
    try {
      return await destroy()
    } finally {
      // Also after a failure, whose outcome is not known.
      this.#set(id, { destroyedAt: this.#now() })
    }
  }

  /** Notes that a rotation's marker was found or stored at an id. */
  rotated(id: string, until: number): void {
    const known = this.#byId.get(id)
    // A read that began before the marker was removed may find it afterwards.
    if (known === undefined || 'rotatedUntil' in known) this.#set(id, { rotatedUntil: until })
  }

  /** Returns whether anything is known of an id. */
  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** Returns whether a rotation's marker may be stored at an id. */
  isRotated(id: string): boolean {
    const known = this.#byId.get(id)
    return known !== undefined && 'rotatedUntil' in known && this.#now() < known.rotatedUntil
  }

  /** Returns whether a session was destroyed here after an instant. */
  isDestroyedAfter(id: string, since: number): boolean {
    const known = this.#byId.get(id)
    return known !== undefined && 'destroyedAt' in known && known.destroyedAt > since
  }

  /** Forgets an id: a new session begins there. */
  forget(id: string): void {
    this.#byId.delete(id)
  }

  #set(id: string, ending: Ending): void {
    this.#byId.delete(id)
    this.#byId.set(id, ending)
    if (this.#byId.size <= MAX_IDS) return
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest)
      return
    }
  }
}

/** The last known event of an id: its session was destroyed, or a rotation stored a marker at it. */
type LastEvent = { destroyedAt: number } | { rotatedUntil: number }

/** Maximum ids. The oldest are removed first. Each needs about 100 bytes. */
const MAX_IDS = 10_000

/** The sessions that this process has destroyed, and those that it knows to be rotated. Instants are in ms since the epoch. */
export class DestroyedSessions {
  readonly #byId = new Map<string, LastEvent>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Destroys a session, and notes the time afterwards. Until then, the session counts as destroyed after every instant. */
  async destroying<R>(id: string, destroy: () => Promise<R>): Promise<R> {
    this.#set(id, { destroyedAt: Infinity })
    try {
      return await destroy()
    } finally {
      // Also after a failure, because the session may be destroyed.
      this.#set(id, { destroyedAt: this.#now() })
    }
  }

  /** Notes that the marker of a rotation was found or stored at an id. */
  rotated(id: string, until: number): void {
    const known = this.#byId.get(id)
    // A read that began before the marker was removed may return it later.
    if (known === undefined || 'rotatedUntil' in known) this.#set(id, { rotatedUntil: until })
  }

  /** Returns whether anything is known of an id. */
  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** Returns whether the marker of a rotation may be stored at an id. */
  isRotated(id: string): boolean {
    const known = this.#byId.get(id)
    return known !== undefined && 'rotatedUntil' in known && this.#now() < known.rotatedUntil
  }

  /** Returns whether this process destroyed a session after an instant. */
  isDestroyedAfter(id: string, since: number): boolean {
    const known = this.#byId.get(id)
    return known !== undefined && 'destroyedAt' in known && known.destroyedAt > since
  }

  /** Forgets an id, because a new session was created at it. */
  forget(id: string): void {
    this.#byId.delete(id)
  }

  #set(id: string, event: LastEvent): void {
    this.#byId.delete(id)
    this.#byId.set(id, event)
    if (this.#byId.size <= MAX_IDS) return
    for (const oldest of this.#byId.keys()) {
      this.#byId.delete(oldest)
      return
    }
  }
}

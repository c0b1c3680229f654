/** State of an item. */
export interface ItemState {
  /** Whether there is an item. */
  exists: boolean
  version: number
  /** End of the session, ms. */
  expiresAt: number
}

const NONE: ItemState = { exists: false, version: 0, expiresAt: 0 }

/** A session in the table. */
export class StoredSession {
  readonly number: number
  /** Hash of its key. */
  readonly hash: number
  readonly user: number
  readonly createdAt: number
  state: ItemState
  /** When the session was destroyed, ms. */
  destroyedAt: number = Infinity
  /** Time until which an instance may still accept it after it was destroyed, ms. */
  acceptedUntil: number = -Infinity
  #before = NONE
  #changedAt: number

  constructor(fields: Pick<StoredSession, 'number' | 'hash' | 'user' | 'createdAt' | 'state'>, now: number) {
    const { number, hash, user, createdAt, state } = fields
    this.number = number
    this.hash = hash
    this.user = user
    this.createdAt = createdAt
    this.state = state
    this.#changedAt = state.exists ? -Infinity : now
  }

  /** Stores a state. */
  put(state: ItemState, now: number): void {
    this.#before = this.state
    this.#changedAt = now
    this.state = state
  }

  /** Deletes the item. */
  delete(now: number): void {
    this.put(NONE, now)
    this.destroyedAt = now
  }

  /** Returns the state that a read returns. @param lag - how far the read is behind, ms */
  read(lag: number, now: number): ItemState {
    return lag > 0 && now - this.#changedAt < lag ? this.#before : this.state
  }
}

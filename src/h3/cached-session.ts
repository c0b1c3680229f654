import type { Session } from '../session/session.ts'
import type { SessionData } from '../session/types.ts'
import { cachedResponse } from './cached-work.ts'
import type { H3EventLike } from './event.ts'

/** The session in work whose result is cached: it is empty, and every write throws `CACHED_RESPONSE`. */
export class CachedSession implements Session {
  readonly id = ''
  readonly data: SessionData
  readonly isNew = true
  readonly createdAt = 0
  readonly expiresAt = undefined
  readonly version = 0
  readonly token = undefined
  readonly #event: H3EventLike

  constructor(event: H3EventLike) {
    this.#event = event
    const refuse = (): never => this.#refuse()
    this.data = new Proxy({}, { set: refuse, deleteProperty: refuse, defineProperty: refuse })
  }

  async update(): Promise<never> {
    return this.#refuse()
  }

  async save(): Promise<never> {
    return this.#refuse()
  }

  async regenerate(): Promise<never> {
    return this.#refuse()
  }

  async clear(): Promise<never> {
    return this.#refuse()
  }

  async reload(): Promise<this> {
    return this
  }

  setExpiry(): never {
    return this.#refuse()
  }

  bind(): never {
    return this.#refuse()
  }

  toJSON(): { id: string; data: SessionData } {
    return { id: this.id, data: {} }
  }

  #refuse(): never {
    throw cachedResponse(this.#event)
  }
}

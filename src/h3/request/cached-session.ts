import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Session } from '../../core/session.ts'
import type { SessionValues } from '../../core/types.ts'
import type { H3EventLike } from './event.ts'

/** The session in work whose result is cached. It is empty, and every write throws `CACHED_RESPONSE`. */
export class CachedSession implements Session {
  readonly id = ''
  readonly data: SessionValues
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

  async once(): Promise<never> {
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

  toJSON(): { id: string; data: SessionValues } {
    return { id: this.id, data: {} }
  }

  #refuse(): never {
    throw cachedResponse(this.#event)
  }
}

/** Returns the error of a write in cached work. */
function cachedResponse(event: H3EventLike): UnsessionError {
  return new UnsessionError(
    'CACHED_RESPONSE',
    `the response of ${routeOf(event)} is cached and given to other visitors, so no session can be changed there; ` +
      'change the session in a route without a cache rule, or outside of the cached handler or function',
  )
}

const warned = new Set<string>()

/** Maximum number of routes to warn about. It limits the memory for paths that clients choose. */
const MAX_WARNED = 100

/** Warns in development, once for each route, that cached work has no session. */
export function warnCachedRead(event: H3EventLike): void {
  const route = routeOf(event)
  if (process.env['NODE_ENV'] === 'production' || warned.has(route) || warned.size >= MAX_WARNED) return
  warned.add(route)
  console.warn(
    `[unsession] The response of ${route} is cached and given to other visitors, so its session is always empty. ` +
      'Read the session in a route without a cache rule, or request it from the browser.',
  )
}

/** Returns the path of a request without its query, because the query may contain secrets. */
function routeOf({ path, req }: H3EventLike): string {
  const url =
    path ?? (req && 'url' in req ? new URL(String(req.url), 'http://localhost').pathname : undefined)
  return url?.split('?', 1)[0] ?? 'this route'
}

import { SessionGoneError } from '../../drivers/utils/errors.ts'
import type { Session } from '../core/session.ts'

/** A callback of the methods of `req.session`. */
type Callback = ((error?: unknown) => void) | undefined

/** Objects that have the members already. */
const extended = new WeakSet<object>()

/**
 * Returns the data of a session with the members of express-session's `Session`. They are not enumerable, so they are not stored. If
 * the data has a value of the same name, the value is kept.
 *
 * @param remove - removes `req.session` from the request
 */
export function requestSession(session: Session, remove: () => void): object {
  const { data } = session
  if (extended.has(data)) return data
  extended.add(data)

  function run(work: () => Promise<unknown>, callback: Callback): object {
    work().then(
      () => process.nextTick(() => callback?.()),
      (error: unknown) => process.nextTick(() => callback?.(error)),
    )
    return data
  }

  async function reload(): Promise<void> {
    const { id } = session
    await session.reload()
    if (session.expiresAt === undefined) throw new SessionGoneError({ key: id })
  }

  define(data, 'id', () => session.id)
  const cookie = new SessionCookie(session)
  define(data, 'cookie', () => cookie)
  const methods = {
    save: (callback?: Callback) => run(() => session.save(), callback),
    reload: (callback?: Callback) => run(reload, callback),
    // The next access of `req.session` gives the new, empty session.
    regenerate: (callback?: Callback) => run(() => session.clear(), callback),
    destroy(callback?: Callback) {
      remove()
      return run(() => session.clear(), callback)
    },
    // The end of the session moves without these calls.
    touch: () => data,
    resetMaxAge: () => data,
  }
  for (const [name, method] of Object.entries(methods)) define(data, name, () => method)
  return data
}

/** Defines a member that is not enumerable. An assignment replaces it with a value of the data. */
function define(data: object, name: string, get: () => unknown): void {
  if (Object.hasOwn(data, name)) return
  Object.defineProperty(data, name, {
    configurable: true,
    enumerable: false,
    get,
    set(value: unknown) {
      Object.defineProperty(data, name, { value, configurable: true, enumerable: true, writable: true })
    },
  })
}

/** The lifetime of a session, as `req.session.cookie` of express-session. The attributes of the cookie come from the configuration. */
class SessionCookie {
  readonly #session: Session
  #expires: number | null | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** End of the session; `null` if it is not stored yet. */
  get expires(): Date | null {
    const expires = this.#expires === undefined ? this.#session.expiresAt : this.#expires
    return typeof expires === 'number' ? new Date(expires) : null
  }

  /** Gives the session a fixed end. A value that is not a date gives it the configured lifetime. */
  set expires(date: Date | null | false | undefined) {
    this.#session.setExpiry(date ? { expiresAt: date } : null)
    this.#expires = date ? Number(date) : null
  }

  /** Remaining lifetime in ms; `null` if the session is not stored yet. */
  get maxAge(): number | null {
    const { expires } = this
    return expires && expires.getTime() - Date.now()
  }

  /** Gives the session a lifetime in ms since its last use. A value that is not a number gives it the configured lifetime. */
  set maxAge(ms: number | null | false | undefined) {
    const isNumber = typeof ms === 'number'
    this.#session.setExpiry(isNumber ? { idleTimeout: ms / 1000 } : null)
    this.#expires = isNumber ? Date.now() + ms : null
  }

  /** The same as {@link maxAge}. */
  get originalMaxAge(): number | null {
    return this.maxAge
  }
}

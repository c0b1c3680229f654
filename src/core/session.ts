import type { ConflictResolver } from './merge.ts'
import type { SessionExpiry } from './expiry.ts'
import type { Instant } from './instant.ts'
import type { SessionPatch } from './patch.ts'
import type { SessionToken } from './token.ts'
import type { Lifetime, SessionValues, SessionRecord, SessionStore } from './types.ts'

/** The session of one request. Its writes run one after another, in the order of the calls. */
export interface Session<T extends object = SessionValues> {
  /** Session id. For a session that is not stored yet, the id that it will most likely get. */
  readonly id: string
  /** The data, to read and to change. `save`, `update`, `regenerate` and `sessionMiddleware` store the changes. */
  readonly data: T
  /**
   * Whether the request had no live session. Also `false` if its session was destroyed or got a new id while the request was in
   * flight. In this case the session is empty, and a write throws `SESSION_GONE`.
   */
  readonly isNew: boolean
  /** Creation time, ms since the epoch. */
  readonly createdAt: number
  /** End of the session, ms since the epoch; `undefined` if it is not stored yet. */
  readonly expiresAt: number | undefined
  /** Stored version; 0 if the session is not stored yet. */
  readonly version: number
  /**
   * Token of the stored version, for transport in a header; `undefined` if the session is not stored yet. Keep it secret: it
   * gives access to the session.
   */
  readonly token: string | undefined

  /**
   * Changes the data and stores it, together with changes that were made directly.
   *
   * @param patch - keys to set, or a synchronous function that changes the data or returns keys to set. After a conflict the
   * function runs again on the current data. Without a patch the session is stored as it is.
   * @returns this session
   * @throws {SessionGoneError} if the session was destroyed or has expired in the meantime. It is never stored again
   * @throws {ConflictError} if every retry had a conflict, see the store option `maxRetries`
   * @throws {UnsessionError} `HEADERS_SENT` if the session is new or needs a new id, and the response headers were already sent.
   * Nothing is stored then
   * @example
   * ```ts
   * await session.update({ theme: 'dark' })
   * await session.update((data) => { data.visits += 1 })
   * ```
   */
  update(patch?: SessionPatch<T>): Promise<Session<T>>

  /**
   * Stores changes that were made directly. Does nothing if there are none, except that it stores a new session.
   *
   * @returns this session
   * @throws as {@link update}
   * @example
   * ```ts
   * session.data.cart.push(item)
   * await session.save()
   * ```
   */
  save(): Promise<Session<T>>

  /**
   * Gives the session a new id and destroys the old id. Call it at every change of privilege, above all at sign-in. Also stores
   * unsaved changes, and stores a new session. Does nothing if a new session has no data.
   *
   * Requests in flight with the old token read an empty session, and their writes throw `SESSION_GONE`.
   *
   * @param options.grace - seconds for which the old token leads to the new session, for changes of the id without a change of
   * privilege. Unsafe at sign-in: an attacker who planted the old token would also be signed in. Default 0
   * @returns this session, with its new id
   * @throws as {@link update}
   * @example
   * ```ts
   * session.data.role = 'admin'
   * await session.regenerate()
   * ```
   */
  regenerate(options?: RegenerateOptions): Promise<Session<T>>

  /**
   * Reads the session again from the storage, not from a cache, and drops unsaved changes. For WebSockets and other connections
   * that last longer than a request. A session that was destroyed or has expired is empty afterwards, and writes to it throw
   * `SESSION_GONE`. Does not move the end of the session.
   *
   * @returns this session
   * @throws {UnsessionError} `UNAVAILABLE`, `TIMEOUT` or `THROTTLED` if the storage does not answer
   * @example
   * ```ts
   * await session.reload()
   * if (!session.data.user) socket.close()
   * ```
   */
  reload(): Promise<Session<T>>

  /**
   * Runs work at most once at a time for this session, across all instances. An example is the refresh of an OAuth token, whose
   * refresh token can be used once. A caller whose data is not stale returns at once, without a request. Otherwise one caller runs
   * the work and stores the result. The other callers wait, and continue with the new data.
   *
   * Unsaved changes are stored first. Callers of one process that wait for one run share its result and its error.
   *
   * @param name - name of the work: 1 to 64 of `A-Z a-z 0-9 _ . : -`
   * @param work - see {@link OnceWork}
   * @returns this session, with the result of the work
   * @throws the error of `run`
   * @throws {SessionGoneError} if the session was destroyed, has expired or got a new id in the meantime
   * @throws {UnsessionError} `TIMEOUT` if the work of another caller is not done within two leases; `INVALID_VALUE` if `run` sets a
   * key of `regenerateOn` that was not set
   * @example
   * ```ts
   * await session.once('tokens', {
   *   isStale: ({ tokens }) => tokens.expiresAt < Date.now() + 60_000,
   *   run: async ({ tokens }, { signal }) => ({ tokens: await refresh(tokens.refreshToken, signal) }),
   * })
   * ```
   */
  once(name: string, work: OnceWork<T>): Promise<Session<T>>

  /**
   * Destroys the session in the store and deletes its cookie. The next write in this request starts a new, empty session.
   *
   * @returns this session, empty
   * @throws {UnsessionError} `UNAVAILABLE`, `TIMEOUT` or `THROTTLED` if the storage does not answer
   * @example
   * ```ts
   * await session.clear() // sign-out
   * ```
   */
  clear(): Promise<Session<T>>

  /**
   * Gives this session its own lifetime. Takes effect with the next write.
   *
   * @param expiry - `maxAge` and `idleTimeout` in seconds, `expiresAt` as a date or in ms since the epoch; `null` for the
   * configured lifetime
   * @throws {UnsessionError} `INVALID_OPTION` for an invalid lifetime, or one that has already expired
   * @example
   * ```ts
   * session.setExpiry({ maxAge: 30 * 24 * 3600 }) // "keep me signed in"
   * ```
   */
  setExpiry(expiry: SessionExpiry | null): void

  /**
   * Binds the session to a user, so that it can be listed and revoked by user. Takes effect with the next write. If the owner
   * changes, that write also gives the session a new id. A second call with the same user changes and writes nothing.
   *
   * @param user - name of the user in your app, for instance the primary key
   * @param options.regenerate - whether a change of the owner also changes the id. Default `true`
   * @throws {UnsessionError} `INVALID_OPTION` if `user` is not a string with at least one character
   * @example
   * ```ts
   * session.bind(user.id)
   * await session.save()
   * ```
   */
  bind(user: string, options?: BindOptions): void

  /** Returns `{ id, data }`. The token is omitted: in a response body, scripts could read it in spite of `HttpOnly`. */
  toJSON(): { id: string; data: T }
}

/** Options of {@link Session.regenerate}. */
export interface RegenerateOptions {
  /** Seconds for which the old token leads to the new session, at most 3600. Unsafe at sign-in. Default 0. */
  readonly grace?: number | undefined
}

/** Exclusive work of a session, see {@link Session.once}. */
export interface OnceWork<T extends object = SessionValues> {
  /**
   * Returns whether the work is due. It is called several times, with the data of this request and with the stored data. It must
   * depend only on the data and the time.
   */
  readonly isStale: (data: T) => boolean
  /**
   * Does the work. It must not give the session a new id, and must not call `once` with the same name.
   *
   * @param data - a copy of the stored data
   * @param context.signal - is aborted when the lease ends, because another caller may then begin. Pass it to `fetch`
   * @returns values to store, by top-level key
   */
  readonly run: (
    data: T,
    context: { signal: AbortSignal },
  ) => Partial<T> | undefined | void | Promise<Partial<T> | undefined | void>
  /**
   * Seconds after which another caller may run the work, because the process of the first caller may have crashed. Choose a time
   * longer than the work ever takes. At most 600. Default 10.
   */
  readonly lease?: number | undefined
}

/** Options of {@link Session.bind}. */
export interface BindOptions {
  /** Whether a change of the owner also gives the session a new id. Default `true`. */
  readonly regenerate?: boolean | undefined
}

/** Options of the session of a request. If a request calls `useSession` several times, the options of the last call count. */
export interface RequestSessionOptions extends Lifetime {
  /** The store of the session. */
  readonly store: SessionStore
  /** Generates ids. Default: 192 random bits in base64url. */
  readonly generateId?: (() => string) | undefined
  /** Resolves conflicts of two writers of one key. Default: the later writer wins. */
  readonly onConflict?: ConflictResolver | undefined
  /** Keys of the data. A write that adds or changes one of them gives the session a new id. */
  readonly regenerateOn?: readonly string[] | undefined
  /** Returns the token of a stored session. */
  readonly sign: (id: string, version: number) => string
}

/** The tokens and foreign sessions of a request. One of them determines its session. */
export interface SessionOrigin {
  /** The first valid token of the request; `null` if there is none. */
  readonly token: SessionToken | null
  /** Further tokens, each of another session. They are tried in order if the session of the first token is not alive. */
  readonly others?: readonly SessionToken[] | undefined
  /** Finds the client's sessions in other software. The first one that is alive is adopted. */
  readonly adoptable?: (() => Promise<readonly AdoptableSession[]>) | undefined
}

/** A session of other software that can be adopted. */
export interface AdoptableSession {
  /** Unique and constant name of the session. */
  readonly key: string
  /** Reads the session. @returns `undefined` if it is missing, has expired or cannot be read */
  read(): Promise<AdoptedSession | undefined>
  /** Destroys the session in the other software. Does nothing if that is impossible. */
  end(): Promise<void>
}

/** The content of an adopted session. */
export interface AdoptedSession {
  /** Session data. */
  readonly data: SessionValues
  /** Owner, for list and revoke. Default: none. */
  readonly user?: string | undefined
  /** Creation time: a date, or ms since the epoch. Default: now. */
  readonly createdAt?: Instant | undefined
}

/** The connection of a session to its client. */
export interface SessionTransport {
  /** Whether a new id can still be sent to the client. */
  readonly isOpen: boolean
  /** Called before a write, and before a use of the data if direct changes are saved automatically. */
  opened(isWrite: boolean): void
  /** Whether there is a response, sent or not. */
  readonly hasResponse: boolean
  /** Sends the token of a record to the client. Does nothing if that is no longer possible. */
  send(record: SessionRecord): void
  /** Tells the client that there is no session. */
  remove(): void | Promise<void>
  /** Whether {@link instrument} measures work. Otherwise it returns the work as it is. */
  readonly isTimed: boolean
  /** Wraps work of a session in the tracing of the transport. */
  instrument<R>(work: () => Promise<R>): () => Promise<R>
  /** Called when a read or a write failed. The caller gets the error as well. Never throws. */
  failed(error: unknown): void
}

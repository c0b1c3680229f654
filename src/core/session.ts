import type { ConflictResolver } from './merge.ts'
import type { SessionExpiry } from './expiry.ts'
import type { Instant } from './instant.ts'
import type { SessionPatch } from './patch.ts'
import type { SessionToken } from './token.ts'
import type { Lifetime, SessionValues, SessionRecord, SessionStore } from './types.ts'

/** The session of one request. Everything that writes runs one after the other, in the order it was called. */
export interface Session<T extends object = SessionValues> {
  /** Id; of a session not stored yet, the one it will most likely get. */
  readonly id: string
  /** The data, to read and to change; changes are stored by `save`, `update`, `regenerate` and by `sessionMiddleware`. */
  readonly data: T
  /**
   * Whether the request came without a live session. `false` as well when its session was destroyed or got a new id while
   * the request was in flight: then the session reads as empty, and a write throws `SESSION_GONE`.
   */
  readonly isNew: boolean
  /** When it was created, ms since the epoch. */
  readonly createdAt: number
  /** When it ends, ms since the epoch; `undefined` while it is not stored. */
  readonly expiresAt: number | undefined
  /** Version stored; 0 while it is not. */
  readonly version: number
  /** The token for header transport, at the version stored; `undefined` while it is not. Whoever has it has the session. */
  readonly token: string | undefined

  /**
   * Change the data and store it, together with what was changed directly.
   *
   * @param patch - keys to set, or a synchronous function that changes the data or returns keys to set; it runs again
   * when somebody else saved meanwhile. Without a patch the session is stored as it is.
   * @throws {SessionGoneError} when the session has ended meanwhile; it is never brought back
   * @throws {ConflictError} when others kept being faster
   * @throws {UnsessionError} `HEADERS_SENT` when the cookie of a new session or of a new id cannot be sent any more; nothing
   * is stored then
   */
  update(patch?: SessionPatch<T>): Promise<Session<T>>

  /** Store what was changed directly; costs nothing when nothing was, unless the session is not stored yet. Throws as `update`. */
  save(): Promise<Session<T>>

  /**
   * Gives the session a new id and ends the old one: at every change of privilege, above all at sign-in. Stores unsaved
   * changes as well, and starts the session if it is not stored yet; without anything to store it costs nothing.
   *
   * Requests that are in flight with the old token read an empty session, and their writes throw `SESSION_GONE`.
   *
   * @param options.grace - seconds for which the old token leads to the new session, for rotations that change no privilege.
   * Unsafe at sign-in: an attacker who planted the old token would be signed in as well. Default 0
   * @throws as {@link update}
   */
  regenerate(options?: RegenerateOptions): Promise<Session<T>>

  /**
   * Reads the session again, past all caches, and drops unsaved changes: for WebSockets and other connections that outlive a
   * request. A session that has ended meanwhile reads as empty, and writes to it throw `SESSION_GONE`. Does not slide the end.
   */
  reload(): Promise<Session<T>>

  /**
   * Runs work at most once at a time for this session, across all instances: for instance the refresh of an OAuth token, whose
   * refresh token can be used once. A caller whose data is not stale returns at once, without a request. Otherwise one caller runs
   * the work and stores what it returns. The others wait, and go on with the new data.
   *
   * Unsaved changes are stored first. Callers of one process that wait for one run share its result and its error.
   *
   * @param name - of the work: 1 to 64 of `A-Z a-z 0-9 _ . : -`
   * @param work - see {@link OnceWork}
   * @throws what `run` throws
   * @throws {SessionGoneError} when the session has ended or has got a new id in the meantime
   * @throws {UnsessionError} `TIMEOUT` when the work of others is not done within two leases; `INVALID_VALUE` when `run` sets a key
   * of `regenerateOn` that was not set
   * @example
   * ```ts
   * await session.once('tokens', {
   *   isStale: ({ tokens }) => tokens.expiresAt < Date.now() + 60_000,
   *   run: async ({ tokens }, { signal }) => ({ tokens: await refresh(tokens.refreshToken, signal) }),
   * })
   * ```
   */
  once(name: string, work: OnceWork<T>): Promise<Session<T>>

  /** End the session: record and cookie. The next write in this request starts another one, with nothing in it. */
  clear(): Promise<Session<T>>

  /**
   * Give this session a lifetime of its own, from the next save on.
   *
   * @param expiry - `maxAge` and `idleTimeout` in seconds, `expiresAt` a date or ms since the epoch; `null`: as configured
   */
  setExpiry(expiry: SessionExpiry | null): void

  /**
   * Says whose session this is, so that it can be listed and revoked by user. Takes effect with the next write, which also
   * gives the session a new id when the owner changes. Binding to the same owner again changes nothing and writes nothing.
   *
   * @param options.regenerate - whether a change of the owner also changes the id. Default `true`
   */
  bind(user: string, options?: BindOptions): void

  /** `{ id, data }`: the token in a response body would undo what `HttpOnly` is for. */
  toJSON(): { id: string; data: T }
}

/** Options of {@link Session.regenerate}. */
export interface RegenerateOptions {
  /** Seconds for which the old token leads to the new session. Unsafe at sign-in. Default 0. */
  readonly grace?: number | undefined
}

/** Exclusive work of a session, see {@link Session.once}. */
export interface OnceWork<T extends object = SessionValues> {
  /**
   * Returns whether the work is due. It is called several times, with the data as this request has it and as it is stored, and
   * must depend on nothing else but the time.
   */
  readonly isStale: (data: T) => boolean
  /**
   * Does the work. It must not give the session a new id, nor call `once` of the same name.
   *
   * @param data - as stored, a copy
   * @param context.signal - is aborted when the lease ends; then another caller may begin. Pass it to `fetch`
   * @returns values to store, by top-level key
   */
  readonly run: (
    data: T,
    context: { signal: AbortSignal },
  ) => Partial<T> | undefined | void | Promise<Partial<T> | undefined | void>
  /**
   * Seconds after which another caller may run the work, because the first one may have died: longer than the work ever takes.
   * At most 600. Default 10.
   */
  readonly lease?: number | undefined
}

/** Options of {@link Session.bind}. */
export interface BindOptions {
  /** Whether a change of the owner also gives the session a new id. Default `true`. */
  readonly regenerate?: boolean | undefined
}

/** What a session is told by its caller. Each `useSession` of a request may say it anew; the last one counts. */
export interface RequestSessionOptions extends Lifetime {
  readonly store: SessionStore
  readonly generateId?: (() => string) | undefined
  readonly onConflict?: ConflictResolver | undefined
  /** Keys of the data. A write that makes one of them appear or change gives the session a new id. */
  readonly regenerateOn?: readonly string[] | undefined
  /** The token of a stored session. */
  readonly sign: (id: string, version: number) => string
}

/** Where the session of a request comes from. */
export interface SessionOrigin {
  /** What its token says; of several tokens, the first one. */
  readonly token: SessionToken | null
  /** Further tokens, each of another session. They count, in order, when the session of the first one is not alive. */
  readonly others?: readonly SessionToken[] | undefined
  /** Finds the sessions that its client had elsewhere until now. The first one that is alive counts. */
  readonly adoptable?: (() => Promise<readonly AdoptableSession[]>) | undefined
}

/** A session that was kept elsewhere until now. */
export interface AdoptableSession {
  /** Names it: the same each time, and no other's. */
  readonly key: string
  /** @returns `undefined` when it is missing, has expired or cannot be read */
  read(): Promise<AdoptedSession | undefined>
  /** End it where it was kept; nothing where that cannot be done. */
  end(): Promise<void>
}

/** What is taken over of a session. */
export interface AdoptedSession {
  readonly data: SessionValues
  /** Owner, for list and revoke. */
  readonly user?: string | undefined
  /** When it began: a date, or ms since the epoch. Default: now. */
  readonly createdAt?: Instant | undefined
}

/** How the client learns of its session. */
export interface SessionTransport {
  /** Whether the client can still be told of a new id. */
  readonly isOpen: boolean
  /** Something is about to be stored, or, where direct changes are stored, the data is used. */
  opened(isWrite: boolean): void
  /** @throws {UnsessionError} `HEADERS_SENT` when the client cannot be told of a new id any more */
  assertOpen(): void
  /** Tell the client; silent where that is not possible any more. */
  send(record: SessionRecord): void
  /** Tell the client that there is no session. */
  remove(): void | Promise<void>
  /** A piece of a session's work, wrapped in what the transport does around it. */
  instrument(work: () => Promise<void>): () => Promise<void>
  /** Something could not be read or stored; whoever asked for it is told as well. Never throws. */
  failed(error: unknown): void
}

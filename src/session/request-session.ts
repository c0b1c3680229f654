import { isDeepStrictEqual } from 'node:util'
import { invalidOption, SessionGoneError } from '../../drivers/utils/errors.ts'
import { Lazy } from '../../drivers/utils/lazy.ts'
import type { Unsaved } from './changes/changes.ts'
import { copyData } from '../core/copy.ts'
import {
  acceptsLifetime,
  checkExpiryAt,
  configuredLifetime,
  lifetimeOfCall,
  type SessionExpiry,
} from '../core/expiry.ts'
import { createId } from '../core/id.ts'
import { shouldTouch } from '../core/lifetime.ts'
import type { SessionPatch } from '../core/patch.ts'
import { hasChanges, type PendingChanges } from '../core/pending-changes.ts'
import { Sequential } from './sequential.ts'
import type {
  BindOptions,
  AdoptableSession,
  OnceWork,
  RegenerateOptions,
  Session,
  SessionTransport,
  RequestSessionOptions,
  SessionOrigin,
} from '../core/session.ts'
import { touchOnce } from './touch.ts'
import type { SessionToken } from '../core/token.ts'
import type { Lifetime, LoadOptions, SessionValues, SessionRecord } from '../core/types.ts'

/** The code that stores changes. The first request with changes loads it. */
const changes = new Lazy(() => import('./changes/changes.ts'))

/** A {@link Session} over a store, for any transport of the token. */
export class RequestSession extends Sequential implements Session {
  // It has only private fields and accessors, so that a logged session shows no password, key or token.
  #options: RequestSessionOptions
  #isNew = true
  readonly #transport: SessionTransport
  #origin: SessionOrigin
  #record: SessionRecord | null = null
  #data: SessionValues | undefined
  #pending: PendingChanges | undefined
  #configured: Lifetime
  /** The session's own lifetime, from the options of a `useSession` call. */
  #call: Lifetime | undefined
  /** Set if the session was rotated or destroyed while the request was in flight. Writes throw it. */
  #gone: SessionGoneError | undefined
  /** Start of the request, by the store's clock. */
  readonly #begunAt: number
  #id: string | undefined
  /** The id that the client sent. An id that this request has generated is still secret. */
  #knownId: string | undefined

  /** @param base - lifetime of the base configuration: the options of `sessionMiddleware` or of a module */
  constructor(
    options: RequestSessionOptions,
    transport: SessionTransport,
    origin: SessionOrigin,
    base?: Lifetime,
  ) {
    super()
    this.#options = options
    this.#transport = transport
    this.#origin = origin
    this.#begunAt = options.store.config.now()
    this.#configured = configuredLifetime(base, options.store)
    this.#call = lifetimeOfCall(options, this.#configured)
  }

  get id(): string {
    return this.#record?.id ?? (this.#id ??= createId(this.#options.generateId))
  }

  get data(): SessionValues {
    if (this.#data) return this.#data
    this.#transport.opened(false)
    return (this.#data = this.#record?.data ?? {})
  }

  get isNew(): boolean {
    return this.#isNew
  }

  get createdAt(): number {
    return this.#record?.createdAt ?? this.#begunAt
  }

  get expiresAt(): number | undefined {
    return this.#record?.expiresAt
  }

  get version(): number {
    return this.#record?.version ?? 0
  }

  get token(): string | undefined {
    return this.#record ? this.#options.sign(this.#record.id, this.#record.version) : undefined
  }

  get isDirty(): boolean {
    if (hasChanges(this.#pending, this.#record)) return true
    return this.#data !== undefined && !isDeepStrictEqual(this.#data, this.#original)
  }

  /**
   * Sets the options of a later `useSession` call. A lifetime of an earlier call stays until a call has another one.
   *
   * @param base - as for the constructor
   */
  configure(options: RequestSessionOptions, base?: Lifetime): void {
    if (options === this.#options) return
    this.#options = options
    this.#configured = configuredLifetime(base, options.store)
    this.#call = lifetimeOfCall(options, this.#configured) ?? this.#call
    if (this.#record && !this.#accepts(this.#record)) this.#reset()
  }

  /**
   * Reads the session of the request. Moves its end if {@link shouldTouch} says so. Most requests have a session in the memory of
   * this process that is used as it is. They wait for nothing, and the session is not busy.
   */
  load(): Promise<this> {
    const { token } = this.#origin
    const { store } = this.#options
    const cached = token && !this.#transport.isTimed && store.loadCached?.(token.id, this.#loadOptions(token))
    if (cached && this.#accepts(cached) && !this.#isDue(cached) && isOf(cached, token))
      return Promise.resolve(this.#open(cached))
    return this.enqueue(this.#transport, () => this.#loadAny(cached || undefined))
  }

  update(patch?: SessionPatch<SessionValues>): Promise<this> {
    return this.#run(() => this.#write(patch))
  }

  save(): Promise<this> {
    return this.#run(async () => {
      if (!this.#record || this.isDirty) await this.#write()
    })
  }

  /** Stores direct changes after all earlier calls. Does not store a new session without changes. */
  flush(): Promise<this> {
    return this.#run(async () => {
      if (this.isDirty) await this.#write()
    })
  }

  regenerate({ grace }: RegenerateOptions = {}): Promise<this> {
    return this.#run(async () => {
      const record = this.#record
      if (record) {
        const unsaved = this.#unsaved()
        const { writeUnderNewId } = changes.value ?? (await changes.load())
        return writeUnderNewId(unsaved, record, grace)
      }
      this.#id = undefined
      if (this.isDirty) await this.#write()
    })
  }

  reload(): Promise<this> {
    return this.#run(async () => {
      this.#pending = undefined
      const before = this.#record
      const { reloadRecord, replaceContent } = changes.value ?? (await changes.load())
      const record = before && (await reloadRecord(this.#options.store, before, this.#begunAt))
      if (record instanceof SessionGoneError) this.#noteGone(record)
      else if (record && this.#accepts(record)) this.#open(record)
      else if (before) [this.#record, this.#isNew] = [null, true]
      if (this.#data) replaceContent(this.#data, copyData(this.#original))
    })
  }

  async once(name: string, work: OnceWork<SessionValues>): Promise<this> {
    const { once } = await import('./once.ts')
    await once(name, work, this, {
      since: this.#begunAt,
      unsaved: () => this.#unsaved(),
      enqueue: (job) => this.#run(job),
    })
    return this
  }

  clear(): Promise<this> {
    return this.#run(async () => {
      const { token, others, adoptable } = this.#origin
      const id = this.#record?.id ?? token?.id
      if (id !== undefined) await this.#options.store.destroy(id)
      if (others || adoptable) {
        const { endOthers } = await import('./sign-out.ts')
        await endOthers(this.#options, this.#origin, id)
      }
      this.#origin = { token: null }
      this.#reset()
      await this.#transport.remove()
    })
  }

  setExpiry(expiry: SessionExpiry | null): void {
    if (expiry) checkExpiryAt(expiry, this.createdAt, this.#options.store.config.now())
    this.#pending = { ...this.#pending, expiry }
    this.#transport.opened(false)
  }

  bind(user: string, { regenerate }: BindOptions = {}): void {
    if (typeof user !== 'string' || user === '')
      throw invalidOption('user', 'must be a string that is not empty')
    this.#pending = { ...this.#pending, user, regenerate }
    this.#transport.opened(false)
  }

  toJSON(): { id: string; data: SessionValues } {
    return { id: this.id, data: this.data }
  }

  /** Runs a job after all earlier jobs. @returns this session, after the job */
  #run(job: () => Promise<void>): Promise<this> {
    return this.enqueue(this.#transport, job).then(() => this)
  }

  /** Loads the first live session of the request's tokens, or adopts one. @param cached - the cached record of the first token */
  async #loadAny(cached?: SessionRecord): Promise<this> {
    const { token, others, adoptable } = this.#origin
    if (token && (await this.#read(token, cached))) return this
    if (others) for (const other of others) if (await this.#read(other)) return this
    if (adoptable) await this.#adopt(await adoptable())
    return this
  }

  #loadOptions({ version }: SessionToken): LoadOptions {
    return { minVersion: version, since: this.#begunAt }
  }

  #isDue(record: SessionRecord): boolean {
    const { now, touchAfter } = this.#options.store.config
    return shouldTouch(record, now(), touchAfter)
  }

  async #read(token: SessionToken, cached?: SessionRecord): Promise<boolean> {
    let record: SessionRecord | null
    try {
      record = cached ?? (await this.#options.store.load(token.id, this.#loadOptions(token)))
    } catch (error) {
      return this.#noteGone(error)
    }
    if (!record || !this.#accepts(record)) return false
    this.#open(record)
    const touched = this.#isDue(record) && (await touchOnce(this.#options.store, record))
    if (touched) this.#record = touched
    if (touched || !isOf(record, token)) this.#transport.send(touched || record)
    return true
  }

  /** Notes that the session was rotated or destroyed while the request was in flight. @returns false: it is not alive */
  #noteGone(error: unknown): false {
    if (!(error instanceof SessionGoneError)) throw error
    this.#gone = error
    this.#record = null
    this.#isNew = false
    return false
  }

  #accepts(record: SessionRecord): boolean {
    return acceptsLifetime(record, this.#configured, this.#call, this.#options.store.config)
  }

  async #adopt(sessions: readonly AdoptableSession[]): Promise<void> {
    if (sessions.length === 0) return
    const { adoptFirst } = await import('./adopt.ts')
    const record = await adoptFirst(this.#options, sessions, this.#configured)
    if (!record) return
    this.#open(record)
    this.#transport.send(record)
  }

  async #write(patch?: SessionPatch<SessionValues>): Promise<void> {
    if (this.#gone) throw this.#gone
    const unsaved = this.#unsaved()
    const { write } = changes.value ?? (await changes.load())
    await write(unsaved, patch)
  }

  #unsaved(): Unsaved {
    return {
      options: this.#options,
      transport: this.#transport,
      wasOpen: this.#transport.isOpen,
      record: this.#record,
      isKnown: this.#record?.id === this.#knownId,
      mine: this.#snapshot(),
      pending: this.#pending,
      lifetimes: () => ({
        call: this.#call,
        configured: this.#configured,
        ofStore: this.#options.store.config,
      }),
      takeId: () => {
        const { id } = this
        this.#id = undefined
        return id
      },
      stored: (record, pending, update) => {
        this.#record = record
        if (this.#pending === pending) this.#pending = undefined
        if (this.#data) update(this.#data)
        this.#transport.send(record)
      },
    }
  }

  /** Begins a new, empty session that is not stored. */
  #reset(): void {
    ;[this.#record, this.#isNew] = [null, true]
    this.#data = this.#pending = this.#id = this.#gone = undefined
  }

  #open(record: SessionRecord): this {
    this.#record = record
    this.#knownId = record.id
    this.#isNew = false
    this.#gone = undefined
    return this
  }

  get #original(): Readonly<SessionValues> {
    return this.#record?.original ?? {}
  }

  /** Returns the present data. Changes by the handler during a write do not reach it. */
  #snapshot(): SessionValues {
    return this.#data ? copyData(this.#data) : this.#original
  }
}

/**
 * Returns whether a token is the one of a record. During the grace of a rotation the record has another id. After a restore from a
 * backup the record is older than its token, and the old token would cause a strong read at each request.
 */
function isOf({ id, version }: SessionRecord, token: SessionToken): boolean {
  return id === token.id && version >= token.version
}

import { isDeepStrictEqual } from 'node:util'
import { invalidOption, UnsessionError } from '../../drivers/utils/errors.ts'
import { commit } from './commit.ts'
import { withNewId } from './new-id.ts'
import { checkExpiry, defaultLifetime, lifetimeFields, type SessionExpiry } from './expiry.ts'
import { createId } from './id.ts'
import { shouldTouch } from './lifetime.ts'
import { mergeData } from './merge.ts'
import { applyPatch, copyData, replaceContent, type SessionPatch } from './patch.ts'
import type { FormerSession, Session, SessionCarrier, SessionOptions, SessionOrigin } from './session.ts'
import type { SessionToken } from './token.ts'
import type { SessionData, SessionDraft, SessionRecord } from './types.ts'

/** What the next save sets beside the data. */
interface Terms {
  readonly user?: string
  readonly expiry?: SessionExpiry | null
}

/** A {@link Session} over a store, for whatever carries the token. */
export class RequestSession implements Session {
  // Nothing but private fields and accessors: whoever logs a session logs no password, key or token.
  #options: SessionOptions
  #isNew = true
  readonly #carrier: SessionCarrier
  #origin: SessionOrigin
  #record: SessionRecord | null = null
  #data: SessionData | undefined
  #terms: Terms | undefined
  #id: string | undefined
  #startedAt: number | undefined
  #tail: Promise<void> | undefined
  /** Jobs that were asked for and have not finished. */
  #jobs = 0

  constructor(options: SessionOptions, carrier: SessionCarrier, origin: SessionOrigin) {
    this.#options = options
    this.#carrier = carrier
    this.#origin = origin
  }

  get id(): string {
    return this.#record?.id ?? (this.#id ??= createId(this.#options.generateId))
  }

  get data(): SessionData {
    if (this.#data) return this.#data
    this.#carrier.opened(false)
    return (this.#data = this.#record?.data ?? {})
  }

  get isNew(): boolean {
    return this.#isNew
  }

  get createdAt(): number {
    return this.#record?.createdAt ?? (this.#startedAt ??= this.#options.store.config.now())
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

  /** Whether there is anything to store. */
  get isDirty(): boolean {
    if (this.#terms) return true
    return this.#data !== undefined && !isDeepStrictEqual(this.#data, this.#original)
  }

  /** Whether work was asked for that has not finished. */
  get isBusy(): boolean {
    return this.#jobs > 0
  }

  /** Waits for everything that was asked for before, whether it fails or not. */
  async settled(): Promise<void> {
    await this.#tail
  }

  /** Go by other options from now on. */
  configure(options: SessionOptions): void {
    this.#options = options
  }

  /** Read the session that the request came with. Slides its expiry when that is due. */
  load(): Promise<this> {
    return this.#enqueue(async () => {
      const { token, others, former } = this.#origin
      if (token && (await this.#read(token))) return
      if (others) for (const other of others) if (await this.#read(other)) return
      if (former) await this.#adopt(await former())
    })
  }

  update(patch?: SessionPatch<SessionData>): Promise<this> {
    return this.#enqueue(() => this.#write(patch))
  }

  save(): Promise<this> {
    return this.#enqueue(async () => {
      if (!this.#record || this.isDirty) await this.#write()
    })
  }

  /** Store what was changed directly, and nothing else; after all that was asked for before. */
  flush(): Promise<this> {
    return this.#enqueue(async () => {
      if (this.isDirty) await this.#write()
    })
  }

  regenerate(): Promise<this> {
    return this.#enqueue(async () => {
      const { store, generateId } = this.#options
      const record = this.#record
      if (!record) {
        this.#id = undefined
        return
      }
      this.#carrier.assertOpen()
      const mine = this.#snapshot()
      const terms = this.#terms
      const changed = dress({ ...record, data: copyData(mine) }, terms, this.#options)
      const rotated = await withNewId(
        store,
        () => createId(generateId),
        (id) => store.rotate(changed, id),
      )
      this.#settle(rotated, mine, terms)
    })
  }

  clear(): Promise<this> {
    return this.#enqueue(async () => {
      const { token, others, former } = this.#origin
      const id = this.#record?.id ?? token?.id
      if (id !== undefined) await this.#options.store.destroy(id)
      if (others || former) {
        const { endOthers } = await import('./sign-out.ts')
        await endOthers(this.#options, this.#origin, id)
      }
      this.#isNew = true
      this.#origin = { token: null }
      this.#record = null
      this.#data = this.#terms = this.#id = this.#startedAt = undefined
      this.#carrier.remove()
    })
  }

  setExpiry(expiry: SessionExpiry | null): void {
    if (expiry) {
      checkExpiry(expiry)
      const { deadline = Infinity } = lifetimeFields(expiry, this.createdAt)
      if (deadline <= this.#options.store.config.now()) {
        throw invalidOption(
          'expiry',
          'must end in the future; `maxAge` counts from the creation of the session',
        )
      }
    }
    this.#terms = { ...this.#terms, expiry }
  }

  bind(user: string): void {
    if (typeof user !== 'string' || user === '')
      throw invalidOption('user', 'must be a string that is not empty')
    this.#terms = { ...this.#terms, user }
  }

  toJSON(): { id: string; data: SessionData } {
    return { id: this.id, data: this.data }
  }

  /** @returns whether the session of the token is alive */
  async #read(token: SessionToken): Promise<boolean> {
    const { store } = this.#options
    const record = await store.load(token.id, { minVersion: token.version })
    if (!record) return false
    this.#open(record)
    const touched = shouldTouch(record, store.config.now()) ? await this.#touch(record) : null
    if (touched) this.#record = touched
    // A record older than its token is a restored one: a new token ends the strong reads that the old one asks for.
    if (touched || record.version < token.version) this.#carrier.send(touched ?? record)
    return true
  }

  /** A touch is a courtesy: where storage refuses writes for the moment, reading goes on. */
  async #touch(record: SessionRecord): Promise<SessionRecord | null> {
    try {
      return await this.#options.store.touch(record)
    } catch (error) {
      if (error instanceof UnsessionError && error.status === 503) return null
      throw error
    }
  }

  async #adopt(formers: readonly FormerSession[]): Promise<void> {
    if (formers.length === 0) return
    const { adoptFirst } = await import('./adopt.ts')
    const record = await adoptFirst(this.#options, formers)
    if (!record) return
    this.#open(record)
    this.#carrier.send(record)
  }

  async #write(patch?: SessionPatch<SessionData>): Promise<void> {
    const options = this.#options
    const { store, onConflict } = options
    const record = this.#record
    const mine = this.#snapshot()
    const terms = this.#terms
    const stored = record
      ? commit(store, { record, mine, patch, dress: (current) => dress(current, terms, options), onConflict })
      : this.#create(mine, patch)
    this.#settle(await stored, mine, terms)
  }

  #create(mine: SessionData, patch?: SessionPatch<SessionData>): Promise<SessionRecord> {
    this.#carrier.assertOpen()
    const { store } = this.#options
    const { user, expiry } = this.#terms ?? {}
    const data = copyData(mine)
    applyPatch(data, patch)
    const draft: Omit<SessionDraft, 'id'> = {
      data,
      ...(user !== undefined && { user }),
      ...lifetimeFields(expiry ?? defaultLifetime(this.#options), store.config.now()),
    }
    const takeId = (): string => {
      const { id } = this
      this.#id = undefined
      return id
    }
    return withNewId(store, takeId, (id) => store.create({ ...draft, id }))
  }

  #open(record: SessionRecord): void {
    this.#record = record
    this.#isNew = false
  }

  get #original(): Readonly<SessionData> {
    return this.#record?.original ?? {}
  }

  /** The data as it is now, safe from what the handler does to it while a write is out. */
  #snapshot(): SessionData {
    return this.#data ? copyData(this.#data) : this.#original
  }

  /** Take over what was stored. What the handler changed since `mine` stays, to be saved next time. */
  #settle(record: SessionRecord, mine: Readonly<SessionData>, terms: Terms | undefined): void {
    this.#record = record
    if (this.#terms === terms) this.#terms = undefined
    if (this.#data) replaceContent(this.#data, mergeData(mine, this.#data, record.data))
    this.#carrier.send(record)
  }

  #done(): void {
    this.#jobs--
  }

  /** One after the other: a change starts from what the one before it has stored. */
  #enqueue(job: () => Promise<void>): Promise<this> {
    // The first piece of work is the load, which changes nothing.
    if (this.#tail) this.#carrier.opened(true)
    const work = this.#carrier.around(job)
    this.#jobs++
    const run = this.#tail ? this.#tail.then(work) : work()
    this.#tail = run.then(
      () => this.#done(),
      (error: unknown) => {
        this.#carrier.failed(error)
        this.#done()
      },
    )
    return run.then(() => this)
  }
}

/** A record with the owner and the lifetime that the next save is to set. */
function dress(record: SessionRecord, terms: Terms | undefined, options: SessionOptions): SessionRecord {
  if (!terms) return record
  const { user = record.user, expiry } = terms
  if (expiry === undefined) return { ...record, user }
  const fields = lifetimeFields(expiry ?? defaultLifetime(options), record.createdAt)
  return { ...record, user, deadline: fields.deadline, idleTimeout: fields.idleTimeout }
}

import {
  ConflictError,
  type CurrentItem,
  SessionGoneError,
  UnsessionError,
} from '../../drivers/utils/errors.ts'
import type { CodecRegistry } from './codec.ts'
import { registryOf } from './codecs/built-in.ts'
import { type Backend, type Found, connect } from './backend.ts'
import type { HeaderFields } from './envelope.ts'
import { callHook, noteConflict, recordDetails } from './hooks.ts'
import { isSessionId } from './id.ts'
import { toMilliseconds } from './instant.ts'
import { SessionLapsedError } from './lapsed.ts'
import { expiryOf, isLive, lifetimeOf } from './lifetime.ts'
import { type ListOptions, listSessions, sweep } from './listing.ts'
import type { ResolvedOptions } from './options.ts'
import { type Snapshot, StoredRecord, snapshotOf } from './record.ts'
import { destroyEach, revocable } from './revocation.ts'
import { rotateSession } from './rotate.ts'
import { type Outcome, checkHeader, readSession, writeSession } from './serialize.ts'
import type {
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  SweepOptions,
  SweepResult,
} from './types.ts'
import { Users } from './users.ts'

/** Sessions on a storage, without a cache. {@link SessionStore} says what each method promises. */
export class StorageStore implements SessionStore {
  readonly config: StoreConfig
  #options: ResolvedOptions
  #codecs: CodecRegistry
  #counts = { loads: 0, saves: 0, conflicts: 0 }
  #backend: Promise<Backend> | undefined
  #users: Users

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.#codecs = registryOf(options.codecs)
    this.config = options.config
    this.#users = new Users(() => this.#connect(), options.config.now)
  }

  /** @param from - the id of the session that this one continues */
  async create<T extends SessionData>(draft: SessionDraft<T>, from?: string): Promise<SessionRecord<T>> {
    const { id, data, user } = draft
    const now = this.config.now()
    if (!isSessionId(id))
      throw new UnsessionError('INVALID_KEY', 'a session id must be 1 to 128 of A-Z a-z 0-9 _ -')
    const createdAt = toMilliseconds(draft.createdAt ?? now)
    const lifetime = lifetimeOf(draft, this.config, createdAt)
    const header = { version: 1, createdAt, expiresAt: expiryOf(lifetime, now), user, ...lifetime }
    checkHeader(header, now)
    return this.#bind({ id, user, from }, async () => {
      const snapshot = await this.#insert(id, header, data)
      callHook(this.#options.hooks, 'created', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    })
  }

  async load<T extends SessionData>(
    id: string,
    options: { minVersion?: number } = {},
  ): Promise<SessionRecord<T> | null> {
    const outcome = await this.find(id, options.minVersion ?? 0)
    return outcome.state === 'live' ? new StoredRecord<T>(outcome.snapshot) : null
  }

  /** As {@link load}, and tells why there is no live session. */
  async find(id: string, minVersion: number): Promise<Outcome> {
    if (!isSessionId(id)) return { state: 'missing' }
    this.#counts.loads++
    let outcome = await this.#read(id, false)
    const isEnough = outcome.state === 'live' && outcome.snapshot.version >= minVersion
    if (!isEnough) outcome = await this.#ask(id)
    const snapshot = this.#report(id, outcome)
    if (snapshot) callHook(this.#options.hooks, 'loaded', id, recordDetails(snapshot))
    return outcome
  }

  /** @param from - the id of the session that this one continues */
  async save<T extends SessionData>(record: SessionRecord<T>, from?: string): Promise<SessionRecord<T>> {
    const { id, user } = record
    if (user === snapshotOf(record).user) return this.#save(record)
    return this.#bind({ id, user, from }, () => this.#save(record))
  }

  async #save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const { id, version, createdAt, user, data } = record
    const now = this.config.now()
    if (!isLive(record, now)) {
      const current = this.#expectLive(id, await this.#ask(id))
      if (current.version !== version) throw this.#conflict(version, current)
    }
    const lifetime = lifetimeOf(record, this.config, createdAt, snapshotOf(record))
    const header = { version: version + 1, createdAt, expiresAt: expiryOf(lifetime, now), ...lifetime, user }
    checkHeader(header, now)
    try {
      const snapshot = await this.#put(id, header, data, version)
      this.#counts.saves++
      callHook(this.#options.hooks, 'saved', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      throw this.#conflict(version, this.#expectLive(id, await this.#inTheWay(id, error)))
    }
  }

  async touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    const stored = snapshotOf(record)
    const { id, version } = stored
    const now = this.config.now()
    if (!isLive(stored, now)) return null
    const lifetime = lifetimeOf(record, this.config, stored.createdAt, stored)
    const expiresAt = expiryOf(lifetime, now)
    if (expiresAt <= now) return null
    try {
      // A session as other software has left it gets its first version here.
      const header = { ...stored, ...lifetime, version: version || 1, expiresAt }
      const snapshot = await this.#put(id, header, stored.data, version)
      callHook(this.#options.hooks, 'touched', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
  }

  async destroy(id: string, options: { ifVersion?: number } = {}): Promise<boolean> {
    if (!isSessionId(id)) return false
    const { ifVersion } = options
    try {
      const wasLive = await (await this.#connect()).remove(id, ifVersion)
      if (wasLive) callHook(this.#options.hooks, 'destroyed', id, {})
      return wasLive
    } catch (error) {
      const current = this.#report(id, await this.#inTheWay(id, error))
      if (current === null || ifVersion === undefined) return false
      throw this.#conflict(ifVersion, current)
    }
  }

  async rotate<T extends SessionData>(record: SessionRecord<T>, newId: string): Promise<SessionRecord<T>> {
    if (isLive(record, this.config.now())) return rotateSession(this, record, record, newId)
    const current = this.#expectLive(record.id, await this.#ask(record.id))
    return rotateSession(this, record, new StoredRecord<T>(current), newId)
  }

  /**
   * End a session at its version, for good, and know that nobody else did.
   * @throws {ConflictError} at another version
   * @throws {SessionGoneError} when it was over already
   */
  async end({ id, version }: Pick<SessionRecord, 'id' | 'version'>): Promise<void> {
    try {
      await (await this.#connect()).end(id, version)
      callHook(this.#options.hooks, 'destroyed', id, {})
    } catch (error) {
      throw this.#conflict(version, this.#expectLive(id, await this.#inTheWay(id, error)))
    }
  }

  async *list(options: ListOptions = {}): AsyncGenerator<SessionSummary> {
    const { user } = options
    const recent = user === undefined ? [] : await this.#users.recent(user)
    const ids = recent.flatMap(({ id, revoked }) => (revoked ? [] : [id]))
    yield* listSessions(await this.#connect(), options, this.config, ids)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return destroyEach(this, this.revocable(options))
  }

  /** Ids of what {@link destroyAll} ends; see {@link revocable}. */
  async *revocable(options: { user: string; except?: string }): AsyncGenerator<string> {
    yield* revocable(await this.#connect(), this.#users, options, this.config.now)
  }

  async clearExpired(options: SweepOptions = {}): Promise<SweepResult> {
    return sweep(await this.#connect(), options, this.config.now)
  }

  stats(): StoreStats {
    return { hits: 0, misses: 0, entries: 0, ...this.#counts }
  }

  async dispose(): Promise<void> {}

  /** Known at the first call; a failure to find out is not remembered. */
  #connect(): Promise<Backend> {
    return (this.#backend ??= connect(this.#options).catch((error: unknown) => {
      this.#backend = undefined
      throw error
    }))
  }

  async #read(id: string, strong: boolean): Promise<Outcome> {
    return this.#interpret(id, await (await this.#connect()).read(id, strong))
  }

  #interpret(id: string, found: Found): Promise<Outcome> {
    return readSession(id, found, this.#codecs, this.config.now(), this.config.maxAge)
  }

  /** The live session of an outcome; the hooks hear of the others. */
  #report(id: string, outcome: Outcome): Snapshot | null {
    const { hooks } = this.#options
    if (outcome.state === 'live') return outcome.snapshot
    if (outcome.state === 'expired') callHook(hooks, 'expired', id, recordDetails(outcome.header))
    if (outcome.state === 'corrupt')
      callHook(hooks, 'corrupt', id, { reason: outcome.reason, cause: outcome.cause })
    return null
  }

  async #put(
    id: string,
    header: HeaderFields,
    data: SessionData,
    ifVersion: number | null,
  ): Promise<Snapshot> {
    const { codec } = this.#options
    const { value, snapshot } = await writeSession(id, header, data, codec, this.#codecs)
    const { version, createdAt, expiresAt, user } = header
    await (await this.#connect()).write(id, { value, ifVersion, version, createdAt, expiresAt, user })
    return snapshot
  }

  /** Write a session that becomes a user's, if there is one. */
  #bind<R>(
    { id, user, from }: { id: string; user: string | undefined; from?: string | undefined },
    write: () => Promise<R>,
  ): Promise<R> {
    if (typeof user !== 'string') return write()
    return this.#users.bind({ id, user, from }, write, () => this.destroy(id))
  }

  /** Put where there is nothing live. */
  async #insert(id: string, header: HeaderFields, data: SessionData): Promise<Snapshot> {
    try {
      return await this.#put(id, header, data, null)
    } catch (error) {
      const taken = await this.#inTheWay(id, error)
      // The item's own expiry has whole seconds: an item that is still there may be over by the millisecond.
      if (taken.state === 'expired') return this.#put(id, header, data, taken.header.version)
      throw new UnsessionError('SESSION_EXISTS', 'a session with this id exists; make another', { key: id })
    }
  }

  /**
   * What is in the way of a refused write. Errors of any other kind pass through. The answer to a write is of the time when
   * it arrived: it shows what was alive then, and not that nothing is alive now.
   */
  async #inTheWay(id: string, error: unknown): Promise<Outcome> {
    if (!isRefusal(error)) throw error
    const current: CurrentItem | null = error instanceof ConflictError ? error.current : null
    const outcome = current && (await this.#interpret(id, current.value))
    return outcome?.state === 'live' ? outcome : this.#ask(id)
  }

  /**
   * What there is, for certain. A session has run out only by the answer to a question that was asked after its end: before,
   * somebody may have carried it on in the meantime.
   */
  async #ask(id: string): Promise<Outcome> {
    for (;;) {
      const askedAt = this.config.now()
      const outcome = await this.#read(id, true)
      if (outcome.state !== 'expired' || !isLive(outcome.header, askedAt)) return outcome
    }
  }

  #expectLive(id: string, outcome: Outcome): Snapshot {
    const snapshot = this.#report(id, outcome)
    if (snapshot !== null) return snapshot
    throw outcome.state === 'expired'
      ? new SessionLapsedError({ key: id })
      : new SessionGoneError({ key: id })
  }

  #conflict(version: number, current: Snapshot): ConflictError<SessionRecord> {
    this.#counts.conflicts++
    noteConflict(this.#options.hooks, current.id, { version, currentVersion: current.version })
    const message = 'the session was changed meanwhile; load it again and apply the change to that'
    return new ConflictError<SessionRecord>(message, new StoredRecord(current), { key: current.id })
  }
}

/** Whether a write was refused, and so has changed nothing. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof ConflictError || (error instanceof UnsessionError && error.code === 'SCHEMA_MISMATCH')
  )
}

import {
  ConflictError,
  type CurrentItem,
  SessionGoneError,
  UnsessionError,
} from '../../drivers/utils/errors.ts'
import { type Backend, type Found, connect } from './backend.ts'
import type { HeaderFields } from './envelope.ts'
import { callHook, recordDetails } from './hooks.ts'
import { isSessionId } from './id.ts'
import { expiryOf, isLive, lifetimeOf } from './lifetime.ts'
import { type ListOptions, destroyListed, listSessions, sweep } from './listing.ts'
import type { ResolvedOptions } from './options.ts'
import { type Snapshot, StoredRecord, snapshotOf } from './record.ts'
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

/** Sessions on a storage, without a cache. {@link SessionStore} says what each method promises. */
export class StorageStore implements SessionStore {
  readonly config: StoreConfig
  #options: ResolvedOptions
  #counts = { loads: 0, saves: 0, conflicts: 0 }
  #backend: Promise<Backend> | undefined

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.config = options.config
  }

  async create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    const { id, data, user } = draft
    const now = this.config.now()
    if (!isSessionId(id))
      throw new UnsessionError('INVALID_KEY', 'a session id must be 1 to 128 of A-Z a-z 0-9 _ -')
    const lifetime = lifetimeOf(draft, this.config, now)
    const createdAt = draft.createdAt ?? now
    const header = { version: 1, createdAt, expiresAt: expiryOf(lifetime, now), user, ...lifetime }
    checkHeader(header, now)
    const snapshot = await this.#insert(id, header, data)
    callHook(this.#options.hooks, 'created', id, recordDetails(snapshot))
    return new StoredRecord<T>(snapshot)
  }

  async load<T extends SessionData>(
    id: string,
    options: { minVersion?: number } = {},
  ): Promise<SessionRecord<T> | null> {
    if (!isSessionId(id)) return null
    this.#counts.loads++
    let outcome = await this.#read(id, false)
    const isEnough = outcome.state === 'live' && outcome.snapshot.version >= (options.minVersion ?? 0)
    if (!isEnough) outcome = await this.#read(id, true)
    const snapshot = this.#report(id, outcome)
    if (snapshot === null) return null
    callHook(this.#options.hooks, 'loaded', id, recordDetails(snapshot))
    return new StoredRecord<T>(snapshot)
  }

  async save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const { id, version, createdAt, deadline, idleTimeout, user, data } = record
    if (await this.#isOver(record)) throw new SessionGoneError({ key: id })
    const now = this.config.now()
    const expiresAt = expiryOf(record, now)
    const header = { version: version + 1, createdAt, expiresAt, deadline, idleTimeout, user }
    checkHeader(header, now)
    try {
      const snapshot = await this.#put(id, header, data, version)
      this.#counts.saves++
      callHook(this.#options.hooks, 'saved', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      const current = this.#report(id, await this.#inTheWay(id, error))
      if (current === null) throw new SessionGoneError({ key: id })
      throw this.#conflict(version, current)
    }
  }

  async touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    const stored = snapshotOf(record)
    const { id, version } = stored
    if (!isLive(stored, this.config.now())) return null
    const expiresAt = expiryOf(stored, this.config.now())
    try {
      // A session as other software has left it gets its first version here.
      const header = { ...stored, version: version || 1, expiresAt }
      const snapshot = await this.#put(id, header, stored.data, version)
      callHook(this.#options.hooks, 'touched', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      await this.#inTheWay(id, error)
      return null
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
    if (await this.#isOver(record)) throw new SessionGoneError({ key: record.id })
    return rotateSession(this, record, newId)
  }

  async *list(options: ListOptions = {}): AsyncGenerator<SessionSummary> {
    yield* listSessions(await this.#connect(), options, this.config.now)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return destroyListed(this, options)
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
    return readSession(id, found, this.#options.codecs, this.config.now())
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
    const { codec, codecs } = this.#options
    const { value, snapshot } = await writeSession(id, header, data, codec, codecs)
    const { version, createdAt, expiresAt, user } = header
    await (await this.#connect()).write(id, { value, ifVersion, version, createdAt, expiresAt, user })
    return snapshot
  }

  /** Put where there is nothing live. */
  async #insert(id: string, header: HeaderFields, data: SessionData): Promise<Snapshot> {
    try {
      return await this.#put(id, header, data, null)
    } catch (error) {
      const taken = await this.#inTheWay(id, error)
      // The item's own expiry has whole seconds: an item that is still there may be over by the millisecond.
      if (taken.state === 'expired') return this.#put(id, header, data, taken.header.version)
      throw new UnsessionError('SESSION_EXISTS', 'a session with this id exists; make another id', {
        key: id,
      })
    }
  }

  /** What a conditional write found instead of what it asked for. Errors of any other kind pass through. */
  async #inTheWay(id: string, error: unknown): Promise<Outcome> {
    if (error instanceof UnsessionError && error.code === 'SCHEMA_MISMATCH')
      return this.#interpret(id, undefined)
    if (!(error instanceof ConflictError)) throw error
    const current: CurrentItem | null = error.current
    return this.#interpret(id, current && current.value)
  }

  /** Whether a record is past its end for good: somebody else may have touched it since it was read. */
  async #isOver(record: SessionRecord): Promise<boolean> {
    if (isLive(record, this.config.now())) return false
    return this.#report(record.id, await this.#read(record.id, true)) === null
  }

  #conflict(version: number, current: Snapshot): ConflictError<SessionRecord> {
    this.#counts.conflicts++
    callHook(this.#options.hooks, 'conflict', current.id, { version, currentVersion: current.version })
    const message = 'the session was changed meanwhile; load it again and apply the change to that'
    return new ConflictError<SessionRecord>(message, new StoredRecord(current), { key: current.id })
  }
}

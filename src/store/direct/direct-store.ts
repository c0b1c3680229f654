import { randomBytes } from 'node:crypto'
import { SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import { registryOf } from '../../format/codecs/registry.ts'
import { type Backend, connect } from '../../storage/backend.ts'
import { DestroyedSessions } from './destroyed-sessions.ts'
import { callHook, recordDetails } from '../../core/hooks.ts'
import { isSessionId } from '../../core/id.ts'
import { toMilliseconds } from '../../core/instant.ts'
import { expiryOf } from '../../core/lifetime.ts'
import { endOf, lifetimeOf } from '../../core/stored-lifetime.ts'
import { type ListOptions, listSessions, clearExpired } from './listing.ts'
import type { DirectStoreOptions } from './direct-options.ts'
import { StoredRecord, snapshotOf, storedRecord } from '../../format/snapshot.ts'
import { destroySessions, sessionsToRevoke } from './revocation.ts'
import { rotateSession } from './rotate.ts'
import { IN_FLIGHT_MS, checkGrace, parseMarker } from '../../format/rotation-marker.ts'
import { type ParsedSession, type SessionFormat, checkHeader } from '../../format/serialize.ts'
import { SessionReader, isWriteRejected } from './session-reader.ts'
import { SessionWriter } from './session-writer.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
  ClearExpiredOptions,
  ClearExpiredResult,
} from '../../core/types.ts'
import { type Origin, UserBindings } from '../users/user-bindings.ts'

/** A session store on a storage, without a cache. {@link SessionStore} is the contract. */
export class DirectStore implements SessionStore {
  readonly config: StoreConfig
  #options: DirectStoreOptions
  #format: SessionFormat
  #counts = { loads: 0, saves: 0 }
  #backend: Promise<Backend> | undefined
  #users: UserBindings
  #reader: SessionReader
  #writer: SessionWriter
  readonly destroyed: DestroyedSessions

  constructor(options: DirectStoreOptions) {
    this.#options = options
    this.#format = { ...options, codecs: registryOf(options.codecs) }
    this.config = options.config
    this.destroyed = new DestroyedSessions(options.config.now)
    this.#reader = new SessionReader(() => this.#connect(), options, this.#format, this.destroyed)
    this.#writer = new SessionWriter(() => this.#connect(), options, this.#format, this.#reader)
    this.#users = new UserBindings(() => this.#connect(), options.config.now)
  }

  /** @param from - the session that this one continues */
  async create<T extends SessionValues>(draft: SessionDraft<T>, from?: Origin): Promise<SessionRecord<T>> {
    const { id, data, user } = draft
    const now = this.config.now()
    if (!isSessionId(id))
      throw new UnsessionError('INVALID_KEY', 'a session id must be 1 to 128 of A-Z a-z 0-9 _ -')
    const createdAt = toMilliseconds(draft.createdAt ?? now)
    const lifetime = lifetimeOf(draft, this.config, createdAt)
    const header = { version: 1, createdAt, expiresAt: expiryOf(lifetime, now), user, ...lifetime }
    checkHeader({ ...header, expiresAt: endOf(header, this.config) }, now)
    const insert = async (): Promise<SessionRecord<T>> => {
      const snapshot = await this.#writer.insert(id, header, data)
      this.destroyed.forget(id)
      callHook(this.#options.hooks, 'created', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    }
    if (typeof user !== 'string') return insert()
    const destroy = (): Promise<boolean> => this.destroy(id)
    return this.#users.bind({ id, user, from }, insert, { destroy, undo: destroy })
  }

  async load<T extends SessionValues>(
    id: string,
    options: LoadOptions = {},
  ): Promise<SessionRecord<T> | null> {
    const outcome = await this.find(id, options)
    if (outcome.state === 'live') return new StoredRecord<T>(outcome.snapshot)
    return this.loadAbsent(id, outcome, options, (successor) =>
      this.load<T>(successor, { ...options, minVersion: 0, consistent: true }),
    )
  }

  /**
   * Returns the result of a load that found no live session.
   *
   * @param load - loads the session with the new id, during the grace of a rotation
   */
  async loadAbsent<T extends SessionValues>(
    id: string,
    outcome: ParsedSession,
    { since }: LoadOptions,
    load: (successor: string) => Promise<SessionRecord<T> | null>,
  ): Promise<SessionRecord<T> | null> {
    const marker = outcome.state === 'rotated' ? outcome.marker : undefined
    const record = marker?.successor === undefined ? null : await load(marker.successor)
    if (record || since === undefined) return record
    const isInFlight = marker
      ? this.config.now() < marker.rotatedAt + IN_FLIGHT_MS || since < marker.rotatedAt
      : this.destroyed.isDestroyedAfter(id, since)
    if (isInFlight) throw new SessionGoneError({ key: id })
    return null
  }

  /** Does the same as {@link load}, and returns the reason if there is no live session. */
  async find(id: string, { minVersion = 0, consistent = false }: LoadOptions): Promise<ParsedSession> {
    if (!isSessionId(id)) return { state: 'missing' }
    this.#counts.loads++
    // An eventually consistent read may return a session that this process has destroyed.
    const isStrong = consistent || this.destroyed.has(id)
    const outcome = await this.#reader.find(id, minVersion, isStrong)
    const snapshot = this.#reader.report(id, outcome)
    if (snapshot) callHook(this.#options.hooks, 'loaded', id, recordDetails(snapshot))
    return outcome
  }

  /** @param from - the session that this one continues */
  async save<T extends SessionValues>(record: SessionRecord<T>, from?: Origin): Promise<SessionRecord<T>> {
    const { id, user } = record
    if (user === snapshotOf(record).user) return this.#save(record)
    if (typeof user !== 'string') return this.#save(record)
    const { user: former } = snapshotOf(record)
    return this.#users.bind({ id, user, from }, () => this.#save(record), {
      destroy: () => this.destroy(id),
      undo: (saved) => this.#save({ ...saved, user: former, data: saved.data }),
    })
  }

  async #save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const { id, version, createdAt, user, leases, data } = record
    const now = this.config.now()
    if (!this.#reader.isLive(record)) {
      const current = this.#reader.requireLive(id, await this.#reader.readStrong(id))
      if (current.version !== version) throw this.#writer.conflict(version, current)
    }
    const lifetime = lifetimeOf(record, this.config, createdAt, snapshotOf(record))
    const expiresAt = expiryOf(lifetime, now)
    const header = { version: version + 1, createdAt, expiresAt, ...lifetime, user, leases }
    checkHeader(header, now)
    try {
      const snapshot = await this.#writer.put(id, header, data, version)
      this.#counts.saves++
      callHook(this.#options.hooks, 'saved', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      throw await this.#writer.conflictAfter(error, id, version)
    }
  }

  async touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    const stored = snapshotOf(record)
    const { id, version } = stored
    const now = this.config.now()
    if (!this.#reader.isLive(stored)) return null
    const lifetime = lifetimeOf(record, this.config, stored.createdAt, stored)
    const expiresAt = expiryOf(lifetime, now)
    if (expiresAt <= now) return null
    try {
      // A session that other software has stored has version 0, and gets version 1 here.
      const header = { ...stored, ...lifetime, version: version || 1, expiresAt }
      const snapshot = await this.#writer.put(id, header, stored.data, version)
      callHook(this.#options.hooks, 'touched', id, recordDetails(snapshot))
      return new StoredRecord<T>(snapshot)
    } catch (error) {
      if (isWriteRejected(error)) return null
      throw error
    }
  }

  async destroy(id: string, options: { ifVersion?: number } = {}): Promise<boolean> {
    const { wasLive, successor } = await this.remove(id, options)
    return successor === undefined ? wasLive : this.destroy(successor)
  }

  /**
   * Removes the item of an id: a session, or the marker of a rotation.
   *
   * @returns `wasLive`: whether a live session was removed. `successor`: the new id, if a marker was removed during its grace
   */
  async remove(
    id: string,
    { ifVersion }: { ifVersion?: number } = {},
  ): Promise<{ wasLive: boolean; successor?: string }> {
    if (!isSessionId(id)) return { wasLive: false }
    try {
      const removed = await this.destroyed.destroying(id, async () =>
        (await this.#connect()).remove(id, ifVersion),
      )
      const { isMarker, successor } = await parseMarker(
        id,
        removed.value,
        this.#format.codecs,
        this.config.now(),
      )
      if (isMarker) return { wasLive: false, ...(successor !== undefined && { successor }) }
      if (removed.wasLive) callHook(this.#options.hooks, 'destroyed', id, {})
      return { wasLive: removed.wasLive }
    } catch (error) {
      const current = this.#reader.report(id, await this.#reader.readBlocker(id, error))
      if (current === null || ifVersion === undefined) return { wasLive: false }
      throw this.#writer.conflict(ifVersion, current)
    }
  }

  async rotate<T extends SessionValues>(
    record: SessionRecord<T>,
    newId: string,
    { grace = 0 }: RotateOptions = {},
  ): Promise<SessionRecord<T>> {
    checkGrace(grace)
    const writeId = randomBytes(9).toString('base64url')
    const rotation = { newId, grace, writeId, begunAt: this.config.now() }
    if (this.#reader.isLive(record))
      return rotateSession(this, this.#writer, { record, current: storedRecord(record) }, rotation)
    const snapshot = this.#reader.requireLive(record.id, await this.#reader.readStrong(record.id))
    const current = new StoredRecord<T>(snapshot)
    return rotateSession(this, this.#writer, { record, current }, rotation)
  }

  async *list(options: ListOptions = {}): AsyncGenerator<SessionSummary> {
    const recent = options.user === undefined ? [] : await this.#users.recent(options.user)
    const ids = recent.map(({ id }) => id)
    yield* listSessions(await this.#connect(), options, this.config, ids)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return destroySessions(this, this.sessionsToRevoke(options))
  }

  /** Returns the ids that {@link destroyAll} destroys, in groups. See {@link sessionsToRevoke}. */
  async *sessionsToRevoke(options: { user: string; except?: string }): AsyncGenerator<string[]> {
    yield* sessionsToRevoke(await this.#connect(), this.#users, options, this.config.now)
  }

  async clearExpired(options: ClearExpiredOptions = {}): Promise<ClearExpiredResult> {
    return clearExpired(await this.#connect(), options, this.config)
  }

  stats(): StoreStats {
    return { hits: 0, misses: 0, entries: 0, ...this.#counts, conflicts: this.#writer.conflicts }
  }

  async dispose(): Promise<void> {}

  /** Connects at the first call. After a failure, the next call tries again. */
  #connect(): Promise<Backend> {
    return (this.#backend ??= connect(this.#options).catch((error: unknown) => {
      this.#backend = undefined
      throw error
    }))
  }
}

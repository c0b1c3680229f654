import { ConflictError, SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import { expiryOf } from '../../../src/core/lifetime.ts'
import { isLive } from '../../../src/core/stored-lifetime.ts'
import { mergeData } from '../../../src/core/merge.ts'
import type {
  SessionValues,
  SessionDraft,
  SessionRecord,
  SessionStore,
  StoreConfig,
  StoreStats,
  ClearExpiredResult,
} from '../../../src/core/types.ts'

type Row = Omit<SessionRecord, 'data' | 'original'> & { json: string }

/** Names of the calls that the store records. */
type Call = 'create' | 'load' | 'save' | 'touch' | 'destroy' | 'rotate'

/** A minimal {@link SessionStore} that exposes its rows and its calls, and can inject faults. */
export class MemoryStore implements SessionStore {
  readonly config: StoreConfig
  readonly rows: Map<string, Row> = new Map()
  readonly calls: Call[] = []
  /** Is called before each call, after it was recorded. It can throw, wait, or write as another request. */
  before: ((call: Call, id: string) => unknown) | undefined

  constructor(config: Partial<StoreConfig> = {}) {
    this.config = { maxRetries: 5, now: () => Date.now(), ...config }
  }

  async create<T extends SessionValues>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    await this.#called('create', draft.id)
    if (this.#live(draft.id)) throw new UnsessionError('SESSION_EXISTS', 'the id is taken')
    const { maxAge, idleTimeout } = this.config
    const now = this.config.now()
    const own = draft.deadline !== undefined || draft.idleTimeout !== undefined
    const lifetime = own
      ? {
          deadline: draft.deadline,
          idleTimeout: draft.idleTimeout,
          lifetimeFrom: draft.lifetimeFrom ?? 'session',
        }
      : { deadline: maxAge === undefined ? undefined : now + maxAge * 1000, idleTimeout }
    return this.#put<T>(
      { id: draft.id, version: 1, createdAt: Number(draft.createdAt ?? now), user: draft.user, ...lifetime },
      draft.data,
    )
  }

  async load<T extends SessionValues>(id: string): Promise<SessionRecord<T> | null> {
    await this.#called('load', id)
    return this.#live<T>(id)
  }

  async save<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    const { data } = record
    await this.#called('save', record.id)
    const current = this.#live<T>(record.id)
    if (!current) throw new SessionGoneError({ key: record.id })
    if (current.version !== record.version) throw new ConflictError('saved meanwhile', current)
    return this.#put<T>({ ...record, version: record.version + 1 }, data)
  }

  async touch<T extends SessionValues>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    await this.#called('touch', record.id)
    const current = this.#live<T>(record.id)
    if (current?.version !== record.version) return null
    const { deadline, idleTimeout, lifetimeFrom } = record
    return this.#put<T>({ ...current, deadline, idleTimeout, lifetimeFrom }, current.data)
  }

  async destroy(id: string): Promise<boolean> {
    await this.#called('destroy', id)
    return this.#live(id) !== null && this.rows.delete(id)
  }

  async rotate<T extends SessionValues>(record: SessionRecord<T>, newId: string): Promise<SessionRecord<T>> {
    await this.#called('rotate', record.id)
    if (this.#live(newId)) throw new UnsessionError('SESSION_EXISTS', 'the id is taken')
    const current = this.#live<T>(record.id)
    if (!current) throw new SessionGoneError({ key: record.id })
    this.rows.delete(record.id)
    const data = mergeData(record.original, record.data, current.original)
    return this.#put<T>({ ...record, id: newId, version: current.version + 1 }, data)
  }

  async *list(): AsyncGenerator<never> {}

  async destroyAll(): Promise<number> {
    return 0
  }

  async clearExpired(): Promise<ClearExpiredResult> {
    return { scanned: 0, expired: 0, deleted: 0 }
  }

  stats(): StoreStats {
    return { loads: 0, hits: 0, misses: 0, entries: 0, saves: 0, conflicts: 0 }
  }

  async dispose(): Promise<void> {}

  async #called(call: Call, id: string): Promise<void> {
    this.calls.push(call)
    await this.before?.(call, id)
  }

  #put<T extends SessionValues>(
    fields: Omit<SessionRecord, 'data' | 'original' | 'expiresAt'>,
    data: T,
  ): SessionRecord<T> {
    const { id, version, createdAt, deadline, idleTimeout, lifetimeFrom, user, leases } = fields
    const expiresAt = expiryOf(fields, this.config.now())
    this.rows.set(id, {
      id,
      version,
      createdAt,
      expiresAt,
      deadline,
      idleTimeout,
      lifetimeFrom,
      user,
      leases,
      json: JSON.stringify(data),
    })
    return this.#live<T>(id) ?? fail(id)
  }

  #live<T extends SessionValues>(id: string): SessionRecord<T> | null {
    const row = this.rows.get(id)
    if (!row || !isLive(row, this.config.now())) return null
    const { json, ...fields } = row
    return { ...fields, data: JSON.parse(json), original: JSON.parse(json) }
  }
}

function fail(id: string): never {
  throw new SessionGoneError({ key: id })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Backend } from '../../storage/backend.ts'
import type { HeaderFields } from '../../format/envelope.ts'
import { callHook, noteConflict } from '../../core/hooks.ts'
import { lastHeld, timeToLook } from '../../core/lease.ts'
import type { DirectStoreOptions } from './direct-options.ts'
import { type Snapshot, StoredRecord, snapshotOf } from '../../format/snapshot.ts'
import { formatMarker, type Rotation } from '../../format/rotation-marker.ts'
import { type SessionFormat, writeSession } from '../../format/serialize.ts'
import type { SessionReader } from './session-reader.ts'
import type { SessionValues, SessionRecord } from '../../core/types.ts'

/** Writes sessions to a backend, and finds out why a write was rejected. */
export class SessionWriter {
  /** How many writes found another version than they asked for. */
  conflicts = 0
  readonly #connect: () => Promise<Backend>
  readonly #options: DirectStoreOptions
  readonly #format: SessionFormat
  readonly #reader: SessionReader

  constructor(
    connect: () => Promise<Backend>,
    options: DirectStoreOptions,
    format: SessionFormat,
    reader: SessionReader,
  ) {
    this.#connect = connect
    this.#options = options
    this.#format = format
    this.#reader = reader
  }

  /** @param ifVersion - only at this version; `null`: only where there is nothing live */
  async put(
    id: string,
    header: HeaderFields,
    data: SessionValues,
    ifVersion: number | null,
  ): Promise<Snapshot> {
    const { value, snapshot } = await writeSession(id, header, data, this.#format)
    const { version, createdAt, expiresAt, user } = header
    await (await this.#connect()).write(id, { value, ifVersion, version, createdAt, expiresAt, user })
    return snapshot
  }

  /** Writes a session where there is nothing live. @throws {UnsessionError} `SESSION_EXISTS` */
  async insert(id: string, header: HeaderFields, data: SessionValues): Promise<Snapshot> {
    try {
      return await this.put(id, header, data, null)
    } catch (error) {
      const taken = await this.#reader.readBlocker(id, error)
      // The item's own expiry has whole seconds: an item that is still there may be over by the millisecond.
      if (taken.state === 'expired') return this.put(id, header, data, taken.header.version)
      if (taken.state === 'rotated') return this.put(id, header, data, taken.version)
      throw new UnsessionError('SESSION_EXISTS', 'a session with this id exists; make another', { key: id })
    }
  }

  /**
   * Puts a rotation's marker in the place of a session, at its version. A write, unlike a delete, recognises its own effect
   * when it is sent again after a lost answer.
   * @throws {ConflictError} at another version
   * @throws {SessionGoneError} when the session was destroyed or has expired
   */
  async replaceByMarker(old: SessionRecord, rotation: Rotation): Promise<void> {
    const { id, version: ifVersion, createdAt } = old
    const { codec, hooks, config } = this.#options
    const { value, version, until } = await formatMarker(old, rotation, codec, config.now())
    const write = { value, ifVersion, version, createdAt, expiresAt: until, user: undefined }
    try {
      await (await this.#connect()).write(id, write)
    } catch (error) {
      throw await this.conflictAfter(error, id, ifVersion)
    }
    this.#reader.noteRotated(id, until)
    callHook(hooks, 'destroyed', id, {})
  }

  /**
   * Makes the outcome of a {@link replaceByMarker} certain that failed with an unknown one. The session's version is raised,
   * so that a marker which arrives late is rejected.
   * @returns whether the marker was stored before
   * @throws {ConflictError} when another request has saved the session: then a late marker is rejected, too
   * @throws {SessionGoneError} when the session was destroyed or has expired
   */
  async fence(old: SessionRecord, { writeId }: Rotation): Promise<boolean> {
    const { id, data, copy: _, ...header } = snapshotOf(old)
    try {
      await this.put(id, { ...header, version: old.version + 1 }, data, old.version)
      return false
    } catch (error) {
      const outcome = await this.#reader.readBlocker(id, error)
      if (outcome.state !== 'rotated' || outcome.marker.writeId !== writeId)
        throw this.conflict(old.version, this.#reader.requireLive(id, outcome))
      callHook(this.#options.hooks, 'destroyed', id, {})
      return true
    }
  }

  /**
   * Waits until no exclusive work of a session is under way.
   * @param record - as it is stored
   * @returns the session as others have saved it in the meantime; `undefined` if nobody has
   * @throws {SessionGoneError} when the session was destroyed or has expired
   */
  async afterLeases<T extends SessionValues>(
    record: SessionRecord<T>,
  ): Promise<SessionRecord<T> | undefined> {
    let current = snapshotOf(record)
    for (let attempt = 0; ; attempt++) {
      const now = this.#options.config.now()
      const lease = lastHeld(current.leases, now)
      if (!lease) return current.version === record.version ? undefined : new StoredRecord<T>(current)
      await sleep(timeToLook(lease, attempt, now))
      current = this.#reader.requireLive(record.id, await this.#reader.readStrong(record.id))
    }
  }

  /**
   * Returns the conflict that a rejected write has met. Errors of any other kind are thrown again.
   * @throws {SessionGoneError} when there is no live session
   */
  async conflictAfter(error: unknown, id: string, version: number): Promise<ConflictError<SessionRecord>> {
    return this.conflict(version, this.#reader.requireLive(id, await this.#reader.readBlocker(id, error)))
  }

  conflict(version: number, current: Snapshot): ConflictError<SessionRecord> {
    this.conflicts++
    noteConflict(this.#options.hooks, current.id, { version, currentVersion: current.version })
    const message = 'the session was changed meanwhile; load it again and apply the change to that'
    return new ConflictError<SessionRecord>(message, new StoredRecord(current), { key: current.id })
  }
}

/** Returns whether an error says for certain what has become of a session, and so of the write that failed with it. */
export function isCertain(error: unknown): error is ConflictError<SessionRecord> | SessionGoneError {
  return error instanceof ConflictError || error instanceof SessionGoneError
}

import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Backend } from '../../storage/backend.ts'
import type { HeaderFields } from '../../format/envelope.ts'
import { callHook, noteConflict } from '../../core/hooks.ts'
import { lastHeld, timeToLook } from '../../core/lease.ts'
import type { DirectStoreOptions } from './direct-options.ts'
import { type Snapshot, StoredRecord, snapshotOf } from '../../format/snapshot.ts'
import { KEPT_MS, formatMarker, type Rotation } from '../../format/rotation-marker.ts'
import { type ParsedSession, type SessionFormat, writeSession } from '../../format/serialize.ts'
import type { SessionReader } from './session-reader.ts'
import type { SessionValues, SessionRecord } from '../../core/types.ts'

/** Writes sessions to a backend. If a write is rejected, it finds the reason. */
export class SessionWriter {
  /** Number of writes that were rejected because of another version. */
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

  /** Writes a session. @param ifVersion - condition: the version of the live item; `null` for no live item */
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

  /** Writes a new session. @throws {UnsessionError} `SESSION_EXISTS` if there is a live one */
  async insert(id: string, header: HeaderFields, data: SessionValues): Promise<Snapshot> {
    try {
      return await this.put(id, header, data, null)
    } catch (error) {
      const taken = await this.#reader.readBlocker(id, error)
      // The expiry of an item is in whole seconds, that of a session in ms. So a live item may contain an expired session.
      if (taken.state === 'expired') return this.put(id, header, data, taken.header.version)
      if (taken.state === 'rotated') return this.put(id, header, data, taken.version)
      throw new UnsessionError('SESSION_EXISTS', 'a session with this id exists. Use another id', { key: id })
    }
  }

  /**
   * Replaces a session by the marker of a rotation, if it still has its version. This is a write and not a delete, because after a
   * lost answer the marker shows that the write was stored.
   *
   * @throws {ConflictError} if the session has another version
   * @throws {SessionGoneError} if the session was destroyed or has expired
   */
  async replaceByMarker(old: SessionRecord, rotation: Rotation): Promise<void> {
    const { id, version: ifVersion, createdAt } = old
    const { codec, hooks, config } = this.#options
    const { value, version, until, keptUntil } = await formatMarker(old, rotation, codec, config.now())
    const write = { value, ifVersion, version, createdAt, expiresAt: keptUntil, user: undefined }
    try {
      await (await this.#connect()).write(id, write)
    } catch (error) {
      const outcome = await this.#reader.readBlocker(id, error)
      // Sent again, with the first answer lost.
      if (!isMarkerOf(rotation, outcome))
        throw this.conflict(ifVersion, this.#reader.requireLive(id, outcome))
    }
    this.#reader.noteRotated(id, until)
    callHook(hooks, 'destroyed', id, {})
  }

  /**
   * Finds out whether a {@link replaceByMarker} with an unknown outcome was stored. Raises the version of the session, so that a late
   * marker is rejected.
   *
   * @returns whether the marker was stored
   * @throws {ConflictError} if another request has saved the session. A late marker is rejected then, too
   * @throws {SessionGoneError} if the session was destroyed or has expired
   */
  async fence(old: SessionRecord, rotation: Rotation): Promise<boolean> {
    const { id, data, copy: _, ...header } = snapshotOf(old)
    try {
      await this.put(id, { ...header, version: old.version + 1 }, data, old.version)
      return false
    } catch (error) {
      const outcome = await this.#reader.readBlocker(id, error)
      if (!isMarkerOf(rotation, outcome))
        throw this.conflict(old.version, this.#reader.requireLive(id, outcome))
      callHook(this.#options.hooks, 'destroyed', id, {})
      return true
    }
  }

  /** Returns whether a marker of this rotation may have been removed already. */
  mayHaveForgotten({ begunAt }: Rotation): boolean {
    return this.#options.config.now() >= begunAt + KEPT_MS
  }

  /**
   * Waits until no caller holds a lease of a session.
   *
   * @param record - the stored session
   * @returns the session, if another request has saved it in the meantime
   * @throws {SessionGoneError} if the session was destroyed or has expired
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
   * Returns the conflict error of a rejected write. Rethrows other errors.
   *
   * @throws {SessionGoneError} if there is no live session
   */
  async conflictAfter(error: unknown, id: string, version: number): Promise<ConflictError<SessionRecord>> {
    return this.conflict(version, this.#reader.requireLive(id, await this.#reader.readBlocker(id, error)))
  }

  conflict(version: number, current: Snapshot): ConflictError<SessionRecord> {
    this.conflicts++
    noteConflict(this.#options.hooks, current.id, { version, currentVersion: current.version })
    const message = 'the session was changed in the meantime. Load it again and repeat the change'
    return new ConflictError<SessionRecord>(message, new StoredRecord(current), { key: current.id })
  }
}

/** Returns whether a rotation has stored its marker, which may have ended in the meantime. */
function isMarkerOf({ writeId }: Rotation, outcome: ParsedSession): boolean {
  if (outcome.state === 'rotated') return outcome.marker.writeId === writeId
  return outcome.state === 'expired' && outcome.header.rotation?.writeId === writeId
}

/** Returns whether an error means that a write was certainly not stored. After other errors, the outcome is unknown. */
export function isCertain(error: unknown): error is ConflictError<SessionRecord> | SessionGoneError {
  return error instanceof ConflictError || error instanceof SessionGoneError
}

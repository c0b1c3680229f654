import {
  ConflictError,
  type CurrentItem,
  SessionGoneError,
  UnsessionError,
} from '../../../drivers/utils/errors.ts'
import type { Backend } from '../../storage/backend.ts'
import type { Found } from '../../format/envelope.ts'
import type { DestroyedSessions } from './destroyed-sessions.ts'
import { callHook, recordDetails } from '../../core/hooks.ts'
import { SessionExpiredError } from '../../shared/errors.ts'
import { endOf, isLive } from '../../core/stored-lifetime.ts'
import type { DirectStoreOptions } from './direct-options.ts'
import type { Snapshot } from '../../format/snapshot.ts'
import { type ParsedSession, type SessionFormat, readSession } from '../../format/serialize.ts'
import type { SessionRecord } from '../../core/types.ts'

/** Reads sessions from a backend. If there is no live session, it finds the reason. */
export class SessionReader {
  readonly #connect: () => Promise<Backend>
  readonly #options: DirectStoreOptions
  readonly #format: SessionFormat
  readonly #destroyed: DestroyedSessions

  constructor(
    connect: () => Promise<Backend>,
    options: DirectStoreOptions,
    format: SessionFormat,
    destroyed: DestroyedSessions,
  ) {
    this.#connect = connect
    this.#options = options
    this.#format = format
    this.#destroyed = destroyed
  }

  /**
   * Reads a session, eventually consistent first. If this finds no live session of at least `minVersion`, reads it again, strongly
   * consistent.
   *
   * @param isStrong - skips the eventually consistent read
   */
  async find(id: string, minVersion: number, isStrong: boolean): Promise<ParsedSession> {
    if (!isStrong) {
      const outcome = await this.#read(id, false)
      if (outcome.state === 'live' && outcome.snapshot.version >= minVersion) return outcome
    }
    return this.readStrong(id)
  }

  /**
   * Reads a session, strongly consistent. A session counts as expired only if the read was sent after its end. Otherwise another
   * request may have touched the session after the read, so the read is repeated.
   */
  async readStrong(id: string): Promise<ParsedSession> {
    for (;;) {
      const askedAt = this.#options.config.now()
      const outcome = await this.#read(id, true)
      if (outcome.state !== 'expired' || !isLive(outcome.header, askedAt)) return outcome
    }
  }

  /**
   * Returns the session that caused the rejection of a write. Rethrows other errors. If the error of the write contains a live
   * session, returns that one. Otherwise reads the session again, because a session may have been stored after the write.
   */
  async readBlocker(id: string, error: unknown): Promise<ParsedSession> {
    if (!isWriteRejected(error)) throw error
    const current: CurrentItem | null = error instanceof ConflictError ? error.current : null
    const outcome = current && (await this.#interpret(id, current.value))
    return outcome?.state === 'live' ? outcome : this.readStrong(id)
  }

  /** Returns whether a record is alive by the options of this store. */
  isLive(session: SessionRecord | Snapshot): boolean {
    const { config } = this.#options
    return isLive({ expiresAt: endOf(session, config) }, config.now())
  }

  /** Returns the live session of an outcome. Calls the hook of another outcome. */
  report(id: string, outcome: ParsedSession): Snapshot | null {
    const { hooks } = this.#options
    if (outcome.state === 'live') return outcome.snapshot
    if (outcome.state === 'expired' && !outcome.header.rotation)
      callHook(hooks, 'expired', id, recordDetails(outcome.header))
    if (outcome.state === 'corrupt')
      callHook(hooks, 'corrupt', id, { reason: outcome.reason, cause: outcome.cause })
    return null
  }

  /** Returns the live session of an outcome. @throws {SessionGoneError} if there is none */
  requireLive(id: string, outcome: ParsedSession): Snapshot {
    const snapshot = this.report(id, outcome)
    if (snapshot !== null) return snapshot
    throw outcome.state === 'expired'
      ? new SessionExpiredError({ key: id })
      : new SessionGoneError({ key: id })
  }

  /** Notes that the marker of a rotation was stored. */
  noteRotated(id: string, until: number): void {
    this.#destroyed.forget(id)
    this.#destroyed.rotated(id, until)
  }

  async #read(id: string, strong: boolean): Promise<ParsedSession> {
    return this.#interpret(id, await (await this.#connect()).read(id, strong))
  }

  async #interpret(id: string, found: Found): Promise<ParsedSession> {
    const outcome = await readSession(id, found, this.#format, this.#options.config.now())
    if (outcome.state === 'rotated') this.#destroyed.rotated(id, outcome.marker.until)
    return outcome
  }
}

/** Returns whether a write was rejected. A rejected write has no effect. */
export function isWriteRejected(error: unknown): boolean {
  return (
    error instanceof ConflictError || (error instanceof UnsessionError && error.code === 'SCHEMA_MISMATCH')
  )
}

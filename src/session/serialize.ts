import { isObject } from '../../drivers/utils/check.ts'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import type { Found } from './backend.ts'
import type { Codec, CodecRegistry } from './codec.ts'
import {
  type Header,
  type HeaderFields,
  type StoredValue,
  formatEnvelope,
  parseEnvelope,
} from './envelope.ts'
import { MAX_INSTANT, endOf, isLive } from './lifetime.ts'
import { type Snapshot, keepSnapshot } from './record.ts'
import { type RotationMarker, readMarker } from './rotation-marker.ts'
import type { SessionData } from './types.ts'

/** What a stored value turned out to be. */
export type Outcome =
  | { state: 'live'; snapshot: Snapshot }
  | { state: 'missing' }
  | { state: 'expired'; header: Header }
  /** The session got another id a short while ago. `version`: the marker's own. */
  | { state: 'rotated'; version: number; marker: RotationMarker }
  | { state: 'corrupt'; reason: string; cause?: unknown }

/**
 * Understand a stored value. Never throws: what cannot be read is `corrupt`.
 *
 * @param found - as a backend gives it
 * @param now - ms since the epoch; an expired session's data is not decoded
 * @param maxAge - the store's, in seconds
 */
export async function readSession(
  id: string,
  found: Found,
  codecs: CodecRegistry,
  now: number,
  maxAge?: number,
): Promise<Outcome> {
  if (found === null) return { state: 'missing' }
  const envelope = found === undefined ? null : parseEnvelope(found)
  if (envelope === null) return { state: 'corrupt', reason: 'the stored value is no session envelope' }
  const { header, body } = envelope
  const marker = header.rotation && (await readMarker(id, envelope, codecs, now))
  if (marker) return { state: 'rotated', version: header.version, marker }
  header.expiresAt = endOf(header, maxAge)
  if (header.rotation || !isLive(header, now)) return { state: 'expired', header }
  const { codec: name, rotation: _, ...fields } = header
  const codec = codecs.find(name)
  if (codec === undefined) return { state: 'corrupt', reason: `this store has no codec \`${name}\`` }
  try {
    const data = await codec.decode(body, { id })
    if (!isPlainObject(data)) return { state: 'corrupt', reason: 'the session data is no plain object' }
    const snapshot = keepSnapshot({ id, ...fields, data, copy: codec.copy })
    return { state: 'live', snapshot }
  } catch (cause) {
    return { state: 'corrupt', reason: `codec \`${name}\` cannot read the session data`, cause }
  }
}

/**
 * Write a session as a stored value, and read it back: what is kept in memory is what a later read gives, and nothing is
 * ever stored that cannot be read.
 *
 * @throws {UnsessionError} `INVALID_VALUE` when the data cannot be kept
 */
export async function writeSession(
  id: string,
  header: HeaderFields,
  data: SessionData,
  codec: Codec,
  codecs: CodecRegistry,
): Promise<{ value: StoredValue; snapshot: Snapshot }> {
  if (!isObject(data)) throw invalid('session data must be an object, and no array')
  let value: StoredValue
  try {
    value = formatEnvelope({ ...header, codec: codec.name }, await codec.encode(data, { id }))
  } catch (cause) {
    if (cause instanceof UnsessionError) throw cause
    throw invalid(`codec \`${codec.name}\` cannot write the session data: ${messageOf(cause)}`, cause)
  }
  const outcome = await readSession(id, value, codecs, 0)
  if (outcome.state === 'live') return { value, snapshot: outcome.snapshot }
  throw invalid(`codec \`${codec.name}\` wrote session data that it cannot read back`, outcome)
}

/** Bytes DynamoDB allows a key of an index. */
const MAX_USER_BYTES = 2048

/** @throws {UnsessionError} `INVALID_VALUE`, naming what of a record cannot be kept */
export function checkHeader(header: HeaderFields, now: number): void {
  const { createdAt, deadline, idleTimeout, user, expiresAt } = header
  if (!(createdAt >= 0 && createdAt <= MAX_INSTANT)) {
    throw invalid('`createdAt` must be a date or ms since the epoch')
  }
  if (deadline !== undefined && !(typeof deadline === 'number' && deadline > 0)) {
    throw invalid('`deadline` must be ms since the epoch')
  }
  if (idleTimeout !== undefined && !(Number.isFinite(idleTimeout) && idleTimeout >= 0.001)) {
    throw invalid('`idleTimeout` must be a number of seconds above 0')
  }
  if (expiresAt <= now) throw invalid('`deadline` must be in the future; to end a session, destroy it')
  if (user === undefined) return
  if (typeof user !== 'string' || user === '' || Buffer.byteLength(user) > MAX_USER_BYTES) {
    throw invalid(`\`user\` must be a string of 1 to ${MAX_USER_BYTES} bytes`)
  }
}

function invalid(message: string, cause?: unknown): UnsessionError {
  return new UnsessionError('INVALID_VALUE', message, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isPlainObject(value: unknown): value is SessionData {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

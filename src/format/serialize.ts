import { isObject } from '../../drivers/utils/validate.ts'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { type Codec, type CodecRegistry, contextOf } from './codec.ts'
import {
  type Found,
  type Header,
  type HeaderFields,
  type StoredValue,
  formatEnvelope,
  parseEnvelope,
} from './envelope.ts'
import { withoutMessage } from '../shared/foreign-error.ts'
import { isListedId } from '../core/id.ts'
import { MAX_INSTANT } from '../core/lifetime.ts'
import { endOf, isLive } from '../core/stored-lifetime.ts'
import { type Snapshot, isSnapshotData, keepSnapshot } from './snapshot.ts'
import { type RotationMarker, readMarker } from './rotation-marker.ts'
import type { SessionValues, StoreConfig } from '../core/types.ts'

/** The result of reading a stored value. */
export type ParsedSession =
  | { state: 'live'; snapshot: Snapshot }
  | { state: 'missing' }
  | { state: 'expired'; header: Header }
  /** The session got a new id, and the marker has not ended. `version`: version of the marker. */
  | { state: 'rotated'; version: number; marker: RotationMarker }
  | { state: 'corrupt'; reason: string; cause?: unknown }

/** The options for writing and reading sessions. */
export interface SessionFormat {
  /** Codec for writes. */
  readonly codec: Codec
  /** Codecs for reads. */
  readonly codecs: CodecRegistry
  /** Maximum size of a stored session, in bytes. */
  readonly maxSize: number
  readonly config: Pick<StoreConfig, 'maxAge' | 'notBefore'>
}

/**
 * Reads a stored value. Never throws. A value that cannot be read is `corrupt`.
 *
 * @param found - result of a backend's read
 * @param now - ms since the epoch. The data of an expired session is not decoded
 */
export async function readSession(
  id: string,
  found: Found,
  { codecs, config }: SessionFormat,
  now: number,
): Promise<ParsedSession> {
  if (found === null) return { state: 'missing' }
  const envelope = found === undefined ? null : parseEnvelope(found)
  if (envelope === null) return { state: 'corrupt', reason: 'the stored value is not a session envelope' }
  const { body } = envelope
  const marker = envelope.header.rotation && (await readMarker(id, envelope, codecs, now))
  if (marker) return { state: 'rotated', version: envelope.header.version, marker }
  // `notBefore` does not apply to a claim. Otherwise the adopted session of the claim could be adopted again.
  const header = isListedId(id)
    ? { ...envelope.header, expiresAt: endOf(envelope.header, config) }
    : envelope.header
  if (header.rotation || !isLive(header, now)) return { state: 'expired', header }
  const { codec: name, rotation: _, ...fields } = header
  const codec = codecs.find(name)
  if (codec === undefined) return { state: 'corrupt', reason: `this store does not read codec \`${name}\`` }
  try {
    const data = await codec.decode(body, contextOf(id, envelope.header))
    if (!isPlainObject(data)) return { state: 'corrupt', reason: 'the session data is not a plain object' }
    const snapshot = keepSnapshot({ id, ...fields, data, copy: codec.copy })
    return { state: 'live', snapshot }
  } catch (cause) {
    const reason = `codec \`${name}\` cannot read the session data`
    return { state: 'corrupt', reason, cause: withoutMessage(cause) }
  }
}

/**
 * Returns a session as a stored value, and reads the value back. So the cache has the same data as a later read, and every stored
 * value can be read.
 *
 * @throws {UnsessionError} `INVALID_VALUE` if the data cannot be stored, `ITEM_TOO_LARGE` above `maxSize`
 */
export async function writeSession(
  id: string,
  fields: HeaderFields,
  data: SessionValues,
  format: SessionFormat,
): Promise<{ value: StoredValue; snapshot: Snapshot }> {
  if (!isObject(data)) throw invalid('session data must be an object and not an array')
  const { codec, maxSize } = format
  const header = { ...fields, codec: codec.name }
  let value: StoredValue
  try {
    value = formatEnvelope(header, await codec.encode(data, contextOf(id, header)))
  } catch (cause) {
    if (cause instanceof UnsessionError) throw cause
    const message = `codec \`${codec.name}\` cannot write the session data: ${messageOf(cause)}`
    throw invalid(message, withoutMessage(cause))
  }
  const size = Buffer.byteLength(value)
  // Unchanged data, for a touch or a cache, is accepted above the limit, because the limit may have been lowered after the save.
  if (size > maxSize && !isSnapshotData(data)) {
    const message = `the session has ${size} bytes, and the option \`maxSize\` allows ${maxSize}. Store less, or use compressed()`
    throw new UnsessionError('ITEM_TOO_LARGE', message, { key: id })
  }
  const outcome = await readSession(id, value, format, 0)
  if (outcome.state === 'live') return { value, snapshot: outcome.snapshot }
  throw invalid(`codec \`${codec.name}\` wrote session data that it cannot read back`, outcome)
}

/** Maximum size of an index's partition key in DynamoDB, in bytes. */
const MAX_USER_BYTES = 2048

/** Checks the header of a record. @throws {UnsessionError} `INVALID_VALUE` with the name of the invalid field */
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
  if (expiresAt <= now) throw invalid('`deadline` must be in the future. To end a session, destroy it')
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

function isPlainObject(value: unknown): value is SessionValues {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

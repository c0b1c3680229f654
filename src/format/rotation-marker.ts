import { isObject } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { type Codec, type CodecRegistry, contextOf } from './codec.ts'
import { type Header, type StoredValue, formatEnvelope, parseEnvelope } from './envelope.ts'
import { isSessionId } from '../core/id.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * Time after a rotation in which a request with the old id counts as in flight during the rotation, in ms. A browser sends several
 * requests at once, and some of them arrive after the rotation with the old cookie.
 */
export const IN_FLIGHT_MS = 10_000

/**
 * ms that a marker is kept after its end. If the process of the rotation was stopped in the meantime, the rotation finds its marker
 * afterwards, and knows that it has succeeded.
 */
export const KEPT_MS: number = 10 * 60 * 1000

/** Maximum grace, in seconds. */
const MAX_GRACE = 3600

/** The parameters of a rotation. */
export interface Rotation {
  newId: string
  /** Seconds for which the old id leads to the new one. */
  grace: number
  /** Random id of the rotation. With it, the rotation recognises its own marker. */
  writeId: string
  /** ms since the epoch. */
  begunAt: number
}

/** The item that a rotation stores at the old id. Instants are in ms since the epoch. */
export interface RotationMarker {
  rotatedAt: number
  /** End of the marker. After it, the marker has no effect. */
  until: number
  /** Random id of the rotation. */
  writeId: string
  /** The new id, during the grace; absent for a rotation without a grace. */
  successor?: string
}

/** A marker to be stored. */
export interface MarkerWrite {
  value: StoredValue
  version: number
  /** End of the marker, ms since the epoch. */
  until: number
  /** When the item expires, ms since the epoch. */
  keptUntil: number
}

/** Checks a grace. @throws {UnsessionError} `INVALID_OPTION` if it is not a number of seconds from 0 to 3600 */
export function checkGrace(grace: number): void {
  if (!(typeof grace === 'number' && grace >= 0 && grace <= MAX_GRACE))
    throw invalidOption('grace', `must be a number of seconds from 0 to ${MAX_GRACE}`)
}

/**
 * Returns the marker for a session that gets a new id. The codec encodes the new id, so that encryption protects it like session
 * data.
 *
 * @param old - the stored session. The marker gets the next version
 * @param now - ms since the epoch
 */
export async function formatMarker(
  old: Pick<Snapshot, 'id' | 'version' | 'createdAt'>,
  { newId: successor, grace, writeId }: Rotation,
  codec: Codec,
  now: number,
): Promise<MarkerWrite> {
  const version = old.version + 1
  const until = Math.round(now + Math.max(IN_FLIGHT_MS, grace * 1000))
  // A reader that does not know markers treats this as an expired session.
  const header = {
    version,
    createdAt: old.createdAt,
    expiresAt: 0,
    rotation: { rotatedAt: now, until, writeId },
  }
  const keptUntil = until + KEPT_MS
  if (grace === 0)
    return { value: formatEnvelope({ ...header, codec: 'json' }, '{}'), version, until, keptUntil }
  const full = { ...header, codec: codec.name }
  const body = await codec.encode({ successor, until: now + grace * 1000 }, contextOf(old.id, full))
  return { value: formatEnvelope(full, body), version, until, keptUntil }
}

/**
 * Reads a marker from a parsed envelope. Never throws.
 *
 * @param now - ms since the epoch
 * @returns `undefined` for a session, and for a marker after its end
 */
export async function readMarker(
  id: string,
  { header, body }: { header: Header; body: unknown },
  codecs: CodecRegistry,
  now: number,
): Promise<RotationMarker | undefined> {
  const { rotation } = header
  if (rotation === undefined || now >= rotation.until) return undefined
  try {
    const data: unknown = await codecs.find(header.codec)?.decode(body, contextOf(id, header))
    if (!isObject(data) || !isSessionId(data['successor'])) return rotation
    const isDue = typeof data['until'] === 'number' && now < data['until']
    return isDue ? { ...rotation, successor: data['successor'] } : rotation
  } catch {
    return rotation
  }
}

/**
 * Returns whether a stored value is a marker, and not a session.
 *
 * @returns `successor`: the new id, during the grace
 */
export async function parseMarker(
  id: string,
  value: StoredValue | undefined,
  codecs: CodecRegistry,
  now: number,
): Promise<{ isMarker: boolean; successor?: string | undefined }> {
  const envelope = value === undefined ? null : parseEnvelope(value)
  if (!envelope?.header.rotation) return { isMarker: false }
  const marker = await readMarker(id, envelope, codecs, now)
  return { isMarker: true, successor: marker?.successor }
}

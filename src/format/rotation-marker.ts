import { isObject } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'
import { type Codec, type CodecRegistry, contextOf } from './codec.ts'
import { type Header, type StoredValue, formatEnvelope, parseEnvelope } from './envelope.ts'
import { isSessionId } from '../core/id.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * ms for which a request with the old id counts as one that was in flight during the rotation. A browser sends several
 * requests at once, and some of them arrive after the rotation with the old cookie.
 */
export const IN_FLIGHT_MS = 10_000

/** Seconds that a grace may last at most. */
const MAX_GRACE = 3600

/** How a session gets a new id. */
export interface Rotation {
  newId: string
  /** Seconds for which the old id leads to the new one. */
  grace: number
  /** Random; by it the rotation recognises its own marker. */
  writeId: string
}

/** What a rotation leaves behind at the old id. Instants are in ms since the epoch. */
export interface RotationMarker {
  rotatedAt: number
  /** When the marker has no meaning any more. */
  until: number
  /** Random; names the rotation. */
  writeId: string
  /** The id that the old one leads to until then; absent for a rotation without a grace. */
  successor?: string
}

/** A marker to be stored. */
export interface MarkerWrite {
  value: StoredValue
  version: number
  until: number
}

/** @throws {UnsessionError} `INVALID_OPTION` for a grace that is no number of seconds in range */
export function checkGrace(grace: number): void {
  if (!(typeof grace === 'number' && grace >= 0 && grace <= MAX_GRACE))
    throw invalidOption('grace', `must be a number of seconds from 0 to ${MAX_GRACE}`)
}

/**
 * Writes the marker for a session that gets a new id. The codec writes the successor's id, so that an encrypting codec
 * protects it as it does session data.
 *
 * @param old - the session as it stands; the marker is stored one version above it
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
  // A reader that knows no markers takes this for a session that has expired.
  const header = {
    version,
    createdAt: old.createdAt,
    expiresAt: 0,
    rotation: { rotatedAt: now, until, writeId },
  }
  if (grace === 0) return { value: formatEnvelope({ ...header, codec: 'json' }, '{}'), version, until }
  const full = { ...header, codec: codec.name }
  const body = await codec.encode({ successor, until: now + grace * 1000 }, contextOf(old.id, full))
  return { value: formatEnvelope(full, body), version, until }
}

/**
 * Reads a marker from a parsed envelope. Never throws.
 *
 * @param now - ms since the epoch
 * @returns `undefined` for a session, and for a marker that has no meaning any more
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
 * Tells a marker from a session by the stored value.
 *
 * @returns `successor`: the id that the marker still leads to
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

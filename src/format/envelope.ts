import { isCount, isObject } from '../../drivers/utils/validate.ts'
import { MAX_INSTANT } from '../core/lifetime.ts'
import type { Lease, LifetimeSource } from '../core/types.ts'

/** The stored value of a session: the envelope as JSON text, or as bytes if the codec returns bytes. */
export type StoredValue = string | Uint8Array

/** The result of a read of the storage: `null` for no live item, `undefined` for a value that is neither text nor bytes. */
export type Found = StoredValue | null | undefined

/**
 * An envelope that a `LegacyFormat` made from a value of other software. Only such an envelope may have version 0. A stored value
 * with version 0 is not an envelope.
 */
export class LegacyValue extends Uint8Array {}

/** The fields of an envelope except the data. Instants are in ms since the epoch. */
export interface Header {
  /** Version; 0 for a session that other software has stored. */
  version: number
  createdAt: number
  expiresAt: number
  deadline?: number
  /** Seconds; stored in ms. */
  idleTimeout?: number
  /** Source of the lifetime; absent for the store's options. */
  lifetimeFrom?: LifetimeSource
  user?: string
  /** Absent if there are none. */
  leases?: readonly Lease[]
  /** Present in the marker that a rotation stores at the old id. A marker is not a session. */
  rotation?: { rotatedAt: number; until: number; writeId: string }
  /** Name of the codec that wrote the data. */
  codec: string
}

/** A header before a codec has written the data. */
export type HeaderFields = Omit<Header, 'codec'>

/** A parsed envelope. */
export interface Envelope {
  header: Header
  /** Parsed JSON of a text envelope; bytes of a binary one. */
  body: unknown
}

/** First byte of a binary envelope. No JSON text starts with it. The length of the header (two bytes), header and data follow. */
const BINARY = 1
const HEADER_AT = 3

/** Sources of a lifetime by their number in an envelope. The first one is not stored. */
const SOURCES: readonly LifetimeSource[] = ['store', 'config', 'call', 'session']

const DEFAULT_CODEC = 'json'
const CODEC_NAME = /^[\w.+-]{1,100}$/

/**
 * Returns an envelope.
 *
 * @param body - JSON text of the data, or bytes
 * @returns text for text, bytes for bytes
 */
export function formatEnvelope(header: Header, body: string | Uint8Array): StoredValue {
  const fields = formatHeader(header)
  if (typeof body === 'string') return `${fields.slice(0, -1)},"d":${body}}`
  const head = Buffer.from(fields)
  const prefix = Buffer.from([BINARY, head.length >> 8, head.length & 0xff])
  return Buffer.concat([prefix, head, body])
}

/** Returns a header as JSON text, without the data. A header and its parsed text give equal texts. */
export function formatHeader(header: Header): string {
  const {
    version,
    createdAt,
    expiresAt,
    deadline,
    idleTimeout,
    lifetimeFrom,
    user,
    leases,
    rotation,
    codec,
  } = header
  return JSON.stringify({
    v: version,
    c: createdAt,
    e: expiresAt,
    m: deadline && Math.min(Math.round(deadline), MAX_INSTANT),
    i: idleTimeout && Math.min(Math.round(idleTimeout * 1000), MAX_INSTANT),
    l: (lifetimeFrom && SOURCES.indexOf(lifetimeFrom)) || undefined,
    u: user,
    o: leases?.length
      ? leases.map(({ name, holder, until, isDone }) => [name, holder, until, ...(isDone ? [1] : [])])
      : undefined,
    r: rotation && [rotation.rotatedAt, rotation.until, rotation.writeId],
    k: codec === DEFAULT_CODEC ? undefined : codec,
  })
}

/**
 * Reads an envelope. Never throws.
 *
 * @param value - stored value. Text may be given as bytes
 * @returns `null` if the value is not a well-formed envelope
 */
export function parseEnvelope(value: StoredValue): Envelope | null {
  if (typeof value === 'string' || value[0] !== BINARY) return parseText(value)
  const bodyAt = HEADER_AT + (((value[1] ?? 0) << 8) | (value[2] ?? 0))
  if (value.length < bodyAt) return null
  const header = parseHeader(parseJson(decodeText(value.subarray(HEADER_AT, bodyAt))), 1)
  return header && { header, body: value.subarray(bodyAt) }
}

function parseText(value: StoredValue): Envelope | null {
  const fields = parseJson(toText(value))
  const header = parseHeader(fields, value instanceof LegacyValue ? 0 : 1)
  if (header === null || !isObject(fields) || !Object.hasOwn(fields, 'd')) return null
  return { header, body: fields['d'] }
}

function parseHeader(fields: unknown, minVersion: number): Header | null {
  if (!isObject(fields)) return null
  const { v, c, e, m, i, l, u, o, r, k = DEFAULT_CODEC } = fields
  if (!isCount(v, minVersion) || !isInstant(c) || !isInstant(e)) return null
  if (m !== undefined && !isInstant(m)) return null
  if (i !== undefined && !isCount(i, 1)) return null
  const lifetimeFrom = l === undefined ? undefined : SOURCES[Number(l)]
  if (l !== undefined && (lifetimeFrom === undefined || typeof l !== 'number' || l === 0)) return null
  if (u !== undefined && (typeof u !== 'string' || u === '')) return null
  const leases = parseLeases(o)
  const rotation = parseRotation(r)
  if (leases === null || rotation === null) return null
  if (typeof k !== 'string' || !CODEC_NAME.test(k)) return null
  return {
    version: v,
    createdAt: c,
    expiresAt: e,
    ...(m !== undefined && { deadline: m }),
    ...(i !== undefined && { idleTimeout: i / 1000 }),
    ...(lifetimeFrom && { lifetimeFrom }),
    ...(u !== undefined && { user: u }),
    ...(leases && { leases }),
    ...(rotation && { rotation }),
    codec: k,
  }
}

/** Reads leases. @returns `null` if the field is malformed */
function parseLeases(field: unknown): readonly Lease[] | undefined | null {
  if (field === undefined) return undefined
  if (!Array.isArray(field)) return null
  const leases: Lease[] = []
  for (const each of field) {
    if (!Array.isArray(each)) return null
    const [name, holder, until, done]: unknown[] = each
    if (typeof name !== 'string' || typeof holder !== 'string' || !isInstant(until)) return null
    leases.push({ name, holder, until, ...(done === 1 && { isDone: true }) })
  }
  return leases
}

/** Reads the fields of a marker. @returns `null` if the field is malformed */
function parseRotation(field: unknown): Header['rotation'] | null {
  if (field === undefined) return undefined
  if (!Array.isArray(field)) return null
  const [rotatedAt, until, writeId]: unknown[] = field
  if (!isInstant(rotatedAt) || !isInstant(until) || typeof writeId !== 'string') return null
  return { rotatedAt, until, writeId }
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_INSTANT
}

/** Returns parsed JSON; `undefined` if the text is not JSON. */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns a stored value as text; `undefined` for bytes that are not UTF-8. */
export function toText(value: StoredValue): string | undefined {
  return typeof value === 'string' ? value : decodeText(value)
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

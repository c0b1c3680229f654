import { createHash } from 'node:crypto'
import { isObject } from '../../drivers/utils/check.ts'
import { type StoredValue, formatEnvelope, parseEnvelope } from './envelope.ts'
import { isSessionId } from './id.ts'

/** A session that lately became a user's, or is about to. */
export interface Binding {
  id: string
  /** When that was announced, ms since the epoch. */
  at: number
  /** The session's id before, where it got a new one. */
  from?: string | undefined
}

/** What is stored of a user: a record of its own beside the sessions. */
export interface UserRecord {
  version: number
  createdAt: number
  /** In the order of their announcement. */
  bindings: readonly Binding[]
}

/** ms until every listing shows a session: far above any lag of an index. */
const SETTLED_MS = 60 * 60 * 1000

/** Bindings kept at most; the oldest leave first. */
const MAX_BINDINGS = 100

/** ms a record is kept when nothing happens to it. */
const LIFE_MS = 24 * 60 * 60 * 1000

/** No session's id has a dot. */
const USER_KEY = /^user\.[\w-]{43}$/

/** Where a user's record is stored. */
export function userKey(user: string): string {
  return `user.${createHash('sha256').update(user).digest('base64url')}`
}

/** Whether something is stored under this key as a user's record. */
export function isUserKey(key: string): boolean {
  return USER_KEY.test(key)
}

/**
 * A session is going to be the user's.
 *
 * @returns the bindings with that, and without those that are settled; `undefined` when they say so already
 */
export function announce(
  bindings: readonly Binding[],
  { id, from }: Omit<Binding, 'at'>,
  now: number,
): Binding[] | undefined {
  const isKnown = ({ at, ...known }: Binding): boolean => known.id === id && now - at < SETTLED_MS / 2
  if (bindings.some(isKnown)) return undefined
  const others = bindings.filter((known) => known.id !== id && now - known.at < SETTLED_MS)
  return [...others, { id, at: now, from }].slice(-MAX_BINDINGS)
}

/** Some sessions and those that continue them under another id. */
export function lineOf(bindings: readonly Binding[], ids: Iterable<string>): Set<string> {
  const line = new Set(ids)
  for (const { id, from } of bindings) if (from !== undefined && line.has(from)) line.add(id)
  return line
}

/** A user's record as a stored value: an envelope, so that every storage guards and expires it as it does sessions. */
export function formatUser(record: UserRecord, now: number): { value: StoredValue; expiresAt: number } {
  const { version, createdAt, bindings } = record
  // Of whole seconds, as a table keeps them: record and item end together.
  const expiresAt = Math.ceil((now + LIFE_MS) / 1000) * 1000
  const header = { version, createdAt, expiresAt, codec: 'json' }
  return { value: formatEnvelope(header, JSON.stringify({ bindings })), expiresAt }
}

/** A user's record of a stored value; `null` where there is none that is alive. */
export function parseUser(value: StoredValue | null | undefined, now: number): UserRecord | null {
  const envelope = value ? parseEnvelope(value) : null
  if (envelope === null || envelope.header.expiresAt <= now) return null
  const { version, createdAt } = envelope.header
  const list: unknown = isObject(envelope.body) ? envelope.body['bindings'] : undefined
  return { version, createdAt, bindings: Array.isArray(list) ? list.filter(isBinding) : [] }
}

function isBinding(value: unknown): value is Binding {
  if (!isObject(value) || !isSessionId(value['id']) || typeof value['at'] !== 'number') return false
  return value['from'] === undefined || isSessionId(value['from'])
}

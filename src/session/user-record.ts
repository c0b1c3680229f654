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
  /** Taken back: the session is to be ended, or refused where it is not written yet. */
  revoked?: true | undefined
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
 * @returns the bindings with that; `undefined` when they say so already
 */
export function announce(
  bindings: readonly Binding[],
  { id, from }: Pick<Binding, 'id' | 'from'>,
  now: number,
): Binding[] | undefined {
  const known = standing(bindings, id)
  if (known && now - known.at < SETTLED_MS / 2) return undefined
  const others = bindings.filter((other) => other.id !== id)
  return [...others, { id, at: now, from }].slice(-MAX_BINDINGS)
}

/** The announcement of a session, unless somebody has taken it back. */
export function standing(bindings: readonly Binding[], id: string): Binding | undefined {
  return bindings.find((binding) => binding.id === id && !binding.revoked)
}

/**
 * Some announcements are taken back. They stay: whoever ends all sessions anew after a failure is to find them, too.
 *
 * @returns the bindings with that; `undefined` when they say so already
 */
export function revoke(
  bindings: readonly Binding[],
  chosen: readonly Binding[],
): readonly Binding[] | undefined {
  if (chosen.every(({ revoked }) => revoked)) return undefined
  return bindings.map((binding) => (chosen.includes(binding) ? { ...binding, revoked: true } : binding))
}

/** A session and what continues it under other ids; nobody without one. */
export function lineOf(bindings: readonly Binding[], first: string | undefined): Set<string> {
  const line = new Set(first === undefined ? [] : [first])
  for (const { id, from } of bindings) if (from !== undefined && line.has(from)) line.add(id)
  return line
}

/** A user's record as a stored value: an envelope, so that every storage guards and expires it as it does sessions. */
export function formatUser(record: UserRecord, now: number): { value: StoredValue; expiresAt: number } {
  const { version, createdAt, bindings } = record
  const expiresAt = now + LIFE_MS
  const header = { version, createdAt, expiresAt, codec: 'json' }
  return { value: formatEnvelope(header, JSON.stringify({ bindings })), expiresAt }
}

/** A user's record of a stored value, without what is settled by now; `null` where there is none. */
export function parseUser(value: StoredValue | null | undefined, now: number): UserRecord | null {
  const envelope = value ? parseEnvelope(value) : null
  if (envelope === null) return null
  const { version, createdAt } = envelope.header
  const list: unknown = isObject(envelope.body) ? envelope.body['bindings'] : undefined
  const bindings = Array.isArray(list) ? list.filter(isBinding) : []
  return { version, createdAt, bindings: bindings.filter(({ at }) => now - at < SETTLED_MS) }
}

function isBinding(value: unknown): value is Binding {
  if (!isObject(value) || !isSessionId(value['id']) || typeof value['at'] !== 'number') return false
  return value['from'] === undefined || isSessionId(value['from'])
}

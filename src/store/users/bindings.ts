import { createHash, randomBytes } from 'node:crypto'
import { isSessionId } from '../../core/id.ts'

/** An announcement: a session that is about to become a user's, or has become it. */
export interface Binding {
  readonly id: string
  /** The session's id before, where it got a new one. */
  readonly from?: string
  /** Whether the session was the user's under that id. */
  readonly isTheirs?: boolean
}

/** ms that one item is for: far above the lag of an index, and above any time that a sign-in takes. */
const PERIOD_MS = 5 * 60 * 1000

/**
 * Items a period. Each announcement has about 35 bytes, and a write of up to 1 KB costs one unit: so 200 sign-ins of one user
 * in 5 minutes cost one unit each.
 */
const SHARDS = 8

/** ms that a sign-in may take from its announcement to its last check. It then ends in the same period or the next one. */
export const MAX_BINDING_MS: number = 60 * 1000

/** No session's id has a dot. */
const USER_KEY = /^user\.([\w-]{43})\.\d+\.\d+$/

/** Returns whether a key is that of announcements. */
export function isUserKey(key: string): boolean {
  return USER_KEY.test(key)
}

/** Returns whether a key is that of this user's announcements. */
export function isKeyOf(user: string, key: string): boolean {
  return USER_KEY.exec(key)?.[1] === hashOf(user)
}

/** Returns the key where a session is announced now. */
export function announcementKey(user: string, id: string, now: number): string {
  return keyOf(user, periodOf(now), createHash('sha256').update(id).digest().readUInt8() % SHARDS)
}

/** Returns the keys where a session may have been announced of late. */
export function announcementKeys(user: string, id: string, now: number): string[] {
  return recentPeriods(now).map((at) => announcementKey(user, id, at))
}

/** Returns the keys of a user's latest announcements. */
export function recentKeys(user: string, now: number): string[] {
  return recentPeriods(now).flatMap((at) =>
    Array.from({ length: SHARDS }, (_, shard) => keyOf(user, periodOf(at), shard)),
  )
}

/** An instant in the period before, in this one, and in the next one: the clock of another instance may be ahead. */
function recentPeriods(now: number): number[] {
  return [now - PERIOD_MS, now, now + PERIOD_MS]
}

/** Returns when the items of now expire, ms since the epoch. */
export function endOfItems(now: number): number {
  return (periodOf(now) + 4) * PERIOD_MS
}

function periodOf(now: number): number {
  return Math.floor(now / PERIOD_MS)
}

function keyOf(user: string, period: number, shard: number): string {
  return `user.${hashOf(user)}.${period}.${shard}`
}

function hashOf(user: string): string {
  return createHash('sha256').update(user).digest('base64url')
}

/** `id`, `id<from` for a session that becomes the user's, `id=from` for one that was the user's before. */
export function formatBinding({ id, from, isTheirs }: Binding): string {
  return from === undefined ? id : `${id}${isTheirs ? '=' : '<'}${from}`
}

/** Reads announcements; anything malformed is left out. */
export function parseBindings(entries: readonly string[]): Binding[] {
  return entries.flatMap((entry) => {
    const [, id, sign, from] = /^([\w-]+)(?:([<=])([\w-]+))?$/.exec(entry) ?? []
    if (!isSessionId(id) || (sign !== undefined && !isSessionId(from))) return []
    return from === undefined ? [{ id }] : [{ id, from, isTheirs: sign === '=' }]
  })
}

/** A mark that refuses all announcements made before it, but for a session and those that continue it. */
export function revokeAll(except: string | undefined): string {
  return `*${nonce()}.${except ?? ''}`
}

/** A mark that refuses one announcement made before it. */
export function refuse(id: string): string {
  return `!${nonce()}.${id}`
}

function nonce(): string {
  return randomBytes(6).toString('base64url')
}

/** What marks say about an announcement made before them. */
export interface Verdict {
  isRefused: boolean
  /** It is refused unless it continues each of these sessions. */
  unlessContinues: string[]
}

/** Reads the marks that were set since an announcement. */
export function judge(marks: readonly string[], id: string): Verdict {
  const verdict: Verdict = { isRefused: false, unlessContinues: [] }
  for (const mark of marks) {
    const [, kind, target = ''] = /^([*!])[\w-]+\.([\w-]*)$/.exec(mark) ?? []
    if (kind === '*' && target !== '') verdict.unlessContinues.push(target)
    else if (kind === '*' || (kind === '!' && target === id)) verdict.isRefused = true
  }
  return verdict
}

/** A session and what continues it under other ids; nobody without one. */
export function sessionLineage(bindings: readonly Binding[], first: string | undefined): Set<string> {
  const line = new Set(first === undefined ? [] : [first])
  for (let size = 0; size < line.size;) {
    size = line.size
    for (const { id, from } of bindings) if (from !== undefined && line.has(from)) line.add(id)
  }
  return line
}

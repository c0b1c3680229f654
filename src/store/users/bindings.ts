import { createHash, randomBytes } from 'node:crypto'
import { isSessionId } from '../../core/id.ts'

/** A session that is bound to a user, or will be. The protocol is described at `UserBindings`. */
export interface Binding {
  readonly id: string
  /** The former id of the session, if it gets a new id. */
  readonly from?: string
  /** Whether the session was already bound to the user under the former id. */
  readonly isTheirs?: boolean
}

/** Period of the items, in ms. It is much longer than the lag of an index (seconds) and than a sign-in. */
const PERIOD_MS = 5 * 60 * 1000

/**
 * Items of a user in each period. A binding has about 35 bytes, and a write of up to 1 KB costs one write unit. So 200 sign-ins of
 * one user in 5 minutes cost one unit each.
 */
const SHARDS = 8

/** Maximum time from step 1 to step 3 of a sign-in, in ms. So step 3 is in the same period as step 1, or in the next one. */
export const MAX_BINDING_MS: number = 60 * 1000

/** Form of the keys of a user's items. They contain dots, and session ids do not. */
const USER_KEY = /^user\.([\w-]{43})\.\d+\.\d+$/

/** Returns whether a key belongs to an item of bindings. */
export function isUserKey(key: string): boolean {
  return USER_KEY.test(key)
}

/** Returns whether a key belongs to an item of this user's bindings. */
export function isKeyOf(user: string, key: string): boolean {
  return USER_KEY.exec(key)?.[1] === hashOf(user)
}

/** Returns the key of the item to which a binding is added now. */
export function bindingKey(user: string, id: string, now: number): string {
  return keyOf(user, periodOf(now), createHash('sha256').update(id).digest().readUInt8() % SHARDS)
}

/** Returns the keys of the items that may contain a recent binding of a session. */
export function bindingKeys(user: string, id: string, now: number): string[] {
  return recentPeriods(now).map((at) => bindingKey(user, id, at))
}

/** Returns the keys of all items with recent bindings of a user. */
export function recentKeys(user: string, now: number): string[] {
  return recentPeriods(now).flatMap((at) =>
    Array.from({ length: SHARDS }, (_, shard) => keyOf(user, periodOf(at), shard)),
  )
}

/** Returns an instant in the last, the present and the next period. The clock of another instance may be ahead. */
function recentPeriods(now: number): number[] {
  return [now - PERIOD_MS, now, now + PERIOD_MS]
}

/** Returns the end of the items of the present period, ms since the epoch. */
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

/** Returns the text of a binding: `id`, `id<from` with a former id of another owner, `id=from` with a former id of the user. */
export function formatBinding({ id, from, isTheirs }: Binding): string {
  return from === undefined ? id : `${id}${isTheirs ? '=' : '<'}${from}`
}

/** Reads bindings. Malformed entries are omitted. */
export function parseBindings(entries: readonly string[]): Binding[] {
  return entries.flatMap((entry) => {
    const [, id, sign, from] = /^([\w-]+)(?:([<=])([\w-]+))?$/.exec(entry) ?? []
    if (!isSessionId(id) || (sign !== undefined && !isSessionId(from))) return []
    return from === undefined ? [{ id }] : [{ id, from, isTheirs: sign === '=' }]
  })
}

/** Returns a mark that revokes all earlier bindings except those of one session and of the sessions that continue it. */
export function markAll(except: string | undefined): string {
  return `*${nonce()}.${except ?? ''}`
}

/** Returns a mark that revokes one earlier binding. */
export function markOne(id: string): string {
  return `!${nonce()}.${id}`
}

function nonce(): string {
  return randomBytes(6).toString('base64url')
}

/** The effect of marks on an earlier binding. */
export interface Verdict {
  isRevoked: boolean
  /** The binding is also revoked if it does not continue each of these sessions. */
  unlessContinues: string[]
}

/** Returns the effect of marks on an earlier binding of a session. */
export function judge(marks: readonly string[], id: string): Verdict {
  const verdict: Verdict = { isRevoked: false, unlessContinues: [] }
  for (const mark of marks) {
    const [, kind, target = ''] = /^([*!])[\w-]+\.([\w-]*)$/.exec(mark) ?? []
    if (kind === '*' && target !== '') verdict.unlessContinues.push(target)
    else if (kind === '*' || (kind === '!' && target === id)) verdict.isRevoked = true
  }
  return verdict
}

/** Returns the ids of a session: its first id, and the ids that it got later. Empty if `first` is undefined. */
export function sessionLineage(bindings: readonly Binding[], first: string | undefined): Set<string> {
  const line = new Set(first === undefined ? [] : [first])
  for (let size = 0; size < line.size;) {
    size = line.size
    for (const { id, from } of bindings) if (from !== undefined && line.has(from)) line.add(id)
  }
  return line
}

import { channel } from 'node:diagnostics_channel'
import { hashKey } from '../../drivers/utils/errors.ts'
import { currentCall } from '../../drivers/utils/trace-context.ts'
import type { SessionRecord } from './types.ts'

/** What every hook is told. The session is named by its hash, the one in errors; never by its id. */
export interface SessionEvent {
  keyHash: string
}

/** A session as it stands in the store. */
export interface RecordEvent extends SessionEvent {
  version: number
  expiresAt: number
  user?: string
}

/** Two saves met. */
export interface ConflictEvent extends SessionEvent {
  /** The version the loser had read. */
  version: number
  /** The version it found. */
  currentVersion: number
}

/** A stored value that is no readable session. */
export interface CorruptEvent extends SessionEvent {
  reason: string
  cause?: unknown
}

/** The cache has begun to fail. It is left alone for some seconds, and requests go on without it. */
export interface CacheErrorEvent {
  error: unknown
}

/**
 * Functions called when something happens to a session; for logs and counters. They cannot change or stop it: what one
 * throws is written to the console and goes no further.
 *
 * @example
 * ```ts
 * createSessionStore({ storage, hooks: { destroyed: ({ keyHash }) => audit('logout', keyHash) } })
 * ```
 */
export interface SessionHooks {
  created?: (event: RecordEvent) => unknown
  /** Read from the storage. One load calls this, `expired` or `corrupt` at most once. */
  loaded?: (event: RecordEvent) => unknown
  saved?: (event: RecordEvent) => unknown
  touched?: (event: RecordEvent) => unknown
  conflict?: (event: ConflictEvent) => unknown
  destroyed?: (event: SessionEvent) => unknown
  expired?: (event: RecordEvent) => unknown
  corrupt?: (event: CorruptEvent) => unknown
  /** The storage was out of reach, and the session was read as it was last seen; see the option `staleIfError`. */
  stale?: (event: RecordEvent) => unknown
  'cache:hit'?: (event: SessionEvent) => unknown
  'cache:miss'?: (event: SessionEvent) => unknown
  'cache:error'?: (event: CacheErrorEvent) => unknown
}

type Details<Name extends keyof SessionHooks> = Omit<
  Parameters<NonNullable<SessionHooks[Name]>>[0],
  'keyHash'
>

/**
 * Call a hook, if there is one. Never throws.
 *
 * @param id - the session's id, of which the hook gets the hash; `undefined` for an event of no single session
 */
export function callHook<Name extends keyof SessionHooks>(
  hooks: SessionHooks,
  name: Name,
  id: string | undefined,
  details: Details<Name>,
): void {
  const hook = hooks[name] as ((event: object) => unknown) | undefined
  if (hook === undefined) return
  const report = (error: unknown): void => console.error(`[unsession] hook \`${name}\` failed:`, error)
  try {
    const result = hook(id === undefined ? details : { keyHash: hashKey(id), ...details })
    if (result instanceof Promise) result.catch(report)
  } catch (error) {
    report(error)
  }
}

const conflicts = channel('unsession.conflict')

/** Two saves met: tell the hook, and who listens to `unsession.conflict`. */
export function noteConflict(hooks: SessionHooks, id: string, details: Details<'conflict'>): void {
  callHook(hooks, 'conflict', id, details)
  if (conflicts.hasSubscribers) conflicts.publish({ keyHash: hashKey(id), ...details })
}

/** The cache had an answer or not: tell the hook, and the traced call. */
export function noteCache(hooks: SessionHooks, outcome: 'hit' | 'miss', id: string): void {
  callHook(hooks, `cache:${outcome}`, id, {})
  const call = currentCall.getStore()
  // A call may look for more than one session: one miss is what makes it slow.
  if (call && call.cache !== 'miss') call.cache = outcome
}

/** What the hooks tell of a record. */
export function recordDetails(
  record: Pick<SessionRecord, 'version' | 'expiresAt' | 'user'>,
): Omit<RecordEvent, 'keyHash'> {
  const { version, expiresAt, user } = record
  return { version, expiresAt, ...(user !== undefined && { user }) }
}

import { channel } from 'node:diagnostics_channel'
import { hashKey } from '../../drivers/utils/errors.ts'
import { currentCall } from '../../drivers/utils/trace-context.ts'
import type { SessionRecord } from './types.ts'

/** The event of every hook. It contains a hash of the session id, never the id. */
export interface SessionEvent {
  /** First 12 hex digits of the SHA-256 of the session id. Errors have the same `keyHash`. */
  keyHash: string
}

/** The state of a session in the store. */
export interface RecordEvent extends SessionEvent {
  /** Version of the session: 1 when created, one more with every save. */
  version: number
  /** End of the session, ms since the epoch. */
  expiresAt: number
  /** Owner of the session, if it is bound to one. */
  user?: string
}

/** A save that failed because another save was stored first. */
export interface ConflictEvent extends SessionEvent {
  /** The version that the failed save had read. */
  version: number
  /** The version that is stored. */
  currentVersion: number
}

/** A stored value that is not a readable session. */
export interface CorruptEvent extends SessionEvent {
  /** Why it cannot be read. Contains no session data. */
  reason: string
  /** The error of the codec, if one was thrown. */
  cause?: unknown
}

/** The first failure of the shared cache after it worked. Requests do without the cache for 5 seconds, then it is tried again. */
export interface CacheErrorEvent {
  /** The error of the cache. */
  error: unknown
}

/**
 * Functions that are called after an event of a session, for logs and counters. They cannot change or stop the operation.
 * An error that a hook throws is written to the console and is not passed on.
 *
 * @example
 * ```ts
 * createSessionStore({ storage, hooks: { destroyed: ({ keyHash }) => audit('logout', keyHash) } })
 * ```
 */
export interface SessionHooks {
  /** A new session was stored. */
  created?: (event: RecordEvent) => unknown
  /** A session was read from the storage. One load calls one of `loaded`, `expired` and `corrupt` at most once. */
  loaded?: (event: RecordEvent) => unknown
  /** A changed session was stored. */
  saved?: (event: RecordEvent) => unknown
  /** The end of a session was moved. Its data and version did not change. */
  touched?: (event: RecordEvent) => unknown
  /** A save failed because another save was stored first. */
  conflict?: (event: ConflictEvent) => unknown
  /** A session was destroyed. */
  destroyed?: (event: SessionEvent) => unknown
  /** An expired session was read. */
  expired?: (event: RecordEvent) => unknown
  /** A stored value was read that is not a readable session. */
  corrupt?: (event: CorruptEvent) => unknown
  /** The storage was unavailable, and the last known state of the session was used. See the option `staleIfError`. */
  stale?: (event: RecordEvent) => unknown
  /** A load was answered by the cache. */
  'cache:hit'?: (event: SessionEvent) => unknown
  /** A load was not answered by the cache, so the storage was read. */
  'cache:miss'?: (event: SessionEvent) => unknown
  /** The shared cache began to fail. */
  'cache:error'?: (event: CacheErrorEvent) => unknown
}

type Details<Name extends keyof SessionHooks> = Omit<
  Parameters<NonNullable<SessionHooks[Name]>>[0],
  'keyHash'
>

/**
 * Calls a hook if there is one. Never throws.
 *
 * @param id - the session id, whose hash is added to the event; `undefined` for an event that concerns no single session
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

/** Reports a conflict to the hook and to the subscribers of the channel `unsession.conflict`. */
export function noteConflict(hooks: SessionHooks, id: string, details: Details<'conflict'>): void {
  callHook(hooks, 'conflict', id, details)
  if (conflicts.hasSubscribers) conflicts.publish({ keyHash: hashKey(id), ...details })
}

/** Reports a cache hit or miss to the hook and to the traced call. */
export function noteCache(hooks: SessionHooks, outcome: 'hit' | 'miss', id: string): void {
  callHook(hooks, `cache:${outcome}`, id, {})
  const call = currentCall.getStore()
  // A call may load several sessions. One miss makes the call slow, so it counts as a miss.
  if (call && call.cache !== 'miss') call.cache = outcome
}

/** Returns the properties of a record that hooks get. */
export function recordDetails(
  record: Pick<SessionRecord, 'version' | 'expiresAt' | 'user'>,
): Omit<RecordEvent, 'keyHash'> {
  const { version, expiresAt, user } = record
  return { version, expiresAt, ...(user !== undefined && { user }) }
}

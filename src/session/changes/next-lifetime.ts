import { lifetimeFields, type SessionExpiry } from '../../core/expiry.ts'
import type { SourcedLifetime } from '../../core/lifetime.ts'
import type { PendingChanges } from '../../core/pending-changes.ts'
import type { Lifetime, SessionDraft, SessionRecord } from '../../core/types.ts'

/** The lifetimes that a write of a request can store. */
export interface Lifetimes {
  /** See {@link lifetimeOfCall}. */
  readonly call: Lifetime | undefined
  /** See {@link configuredLifetime}. */
  readonly configured: Lifetime
  /** The store's options. */
  readonly ofStore: Lifetime
}

/**
 * Returns the lifetime that a write stores. The first of these that exists:
 *
 * 1. the argument of `setExpiry` since the last write
 * 2. a stored lifetime that `setExpiry` has set earlier
 * 3. the options of the `useSession` call
 * 4. a stored lifetime of an earlier `useSession` call
 * 5. the configured lifetime
 *
 * @param record - the stored record; for a new session, its creation time
 * @param expiry - the argument of `setExpiry`. `null` skips 2 and 4
 */
export function nextLifetime(
  record: Pick<SessionRecord, 'createdAt'> & SourcedLifetime,
  expiry: SessionExpiry | null | undefined,
  { call, configured, ofStore }: Lifetimes,
): SourcedLifetime {
  const { createdAt, deadline, idleTimeout, lifetimeFrom } = record
  const kept = { deadline, idleTimeout, lifetimeFrom }
  const sourced = (lifetime: SessionExpiry, from: SessionRecord['lifetimeFrom']): SourcedLifetime => ({
    deadline: undefined,
    idleTimeout: undefined,
    ...lifetimeFields(lifetime, createdAt),
    lifetimeFrom: from,
  })
  if (expiry) return sourced(expiry, 'session')
  if (lifetimeFrom === 'session' && expiry === undefined) return kept
  if (call) return sourced(call, 'call')
  if (lifetimeFrom === 'call' && expiry === undefined) return kept
  return sourced(configured, configured === ofStore ? 'store' : 'config')
}

/** Returns a record with the owner and the lifetime for the next write. */
export function applyPending(
  record: SessionRecord,
  pending: PendingChanges | undefined,
  lifetimes: Lifetimes,
): SessionRecord {
  const { user = record.user, expiry } = pending ?? {}
  return { ...record, user, ...nextLifetime(record, expiry, lifetimes) }
}

/** Returns owner and lifetime of a new session. @param now - ms since the epoch */
export function newSession(
  pending: PendingChanges | undefined,
  lifetimes: Lifetimes,
  now: number,
): Omit<SessionDraft, 'id' | 'data'> {
  const { user, expiry } = pending ?? {}
  return { ...(user !== undefined && { user }), ...nextLifetime({ createdAt: now }, expiry, lifetimes) }
}

import { lifetimeFields, type SessionExpiry } from '../../core/expiry.ts'
import type { SourcedLifetime } from '../../core/lifetime.ts'
import type { PendingChanges } from '../../core/pending-changes.ts'
import type { Lifetime, SessionDraft, SessionRecord } from '../../core/types.ts'

/** The lifetimes that a request knows. */
export interface Lifetimes {
  /** See {@link lifetimeOfCall}. */
  readonly call: Lifetime | undefined
  /** See {@link configuredLifetime}. */
  readonly configured: Lifetime
  /** The store's options. */
  readonly ofStore: Lifetime
}

/**
 * The lifetime that a write stores. `setExpiry` comes first, then a lifetime that `setExpiry` has set before, then what the
 * call gives, then what an earlier call gave, then the configuration.
 *
 * @param record - the record as it is, or a new one's creation time
 * @param expiry - what `setExpiry` was called with since the last write; `null` for the configured lifetime
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

/** Returns a record with the owner and the lifetime that a write is to store. */
export function applyPending(
  record: SessionRecord,
  pending: PendingChanges | undefined,
  lifetimes: Lifetimes,
): SessionRecord {
  const { user = record.user, expiry } = pending ?? {}
  return { ...record, user, ...nextLifetime(record, expiry, lifetimes) }
}

/** Returns owner and lifetime of a session that begins now. @param now - ms since the epoch */
export function newSession(
  pending: PendingChanges | undefined,
  lifetimes: Lifetimes,
  now: number,
): Omit<SessionDraft, 'id' | 'data'> {
  const { user, expiry } = pending ?? {}
  return { ...(user !== undefined && { user }), ...nextLifetime({ createdAt: now }, expiry, lifetimes) }
}

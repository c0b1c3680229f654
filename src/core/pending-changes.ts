import type { SessionExpiry } from './expiry.ts'
import type { SessionRecord } from './types.ts'

/** Owner and lifetime that the next write sets in addition to the data. */
export interface PendingChanges {
  /** New owner; `undefined` keeps the present one. */
  readonly user?: string | undefined
  /** Whether a write that changes the owner also changes the id. Default `true`. */
  readonly regenerate?: boolean | undefined
  /** New lifetime; `null` for the configured one, `undefined` keeps the present one. */
  readonly expiry?: SessionExpiry | null | undefined
}

/** Returns whether a write would change the owner or the lifetime. */
export function hasChanges(pending: PendingChanges | undefined, record: SessionRecord | null): boolean {
  return pending !== undefined && (pending.expiry !== undefined || changesOwner(pending, record))
}

/** Returns whether a write would give the session another owner. */
function changesOwner(pending: PendingChanges | undefined, record: SessionRecord | null): boolean {
  return pending?.user !== undefined && pending.user !== record?.user
}

/** Returns whether a write would give a stored session another owner and, because of that, another id. */
export function changesIdOf(record: SessionRecord, pending: PendingChanges | undefined): boolean {
  return changesOwner(pending, record) && pending?.regenerate !== false
}

import { backoff } from '../../drivers/utils/backoff.ts'
import type { Lease } from './types.ts'

/**
 * ms for which a lease is kept after its end. Until then its holder can tell that its result was stored, when the answer to
 * the write was lost.
 */
const KEPT_MS = 60_000

/** Longest first wait, in ms. */
const FIRST_WAIT_MS = 64
const LONGEST_WAIT_MS = 500

type Leases = readonly Lease[] | undefined

/** Returns the lease of this name, whatever its state. */
export function leaseOf(leases: Leases, name: string): Lease | undefined {
  return leases?.find((lease) => lease.name === name)
}

/** Returns whether the work of a lease may be under way. */
export function isHeld(lease: Lease | undefined, now: number): lease is Lease {
  return lease !== undefined && !lease.isDone && now < lease.until
}

/** Returns the lease that ends last, of those whose work may be under way. */
export function lastHeld(leases: Leases, now: number): Lease | undefined {
  return leases?.filter((lease) => isHeld(lease, now)).toSorted((a, b) => b.until - a.until)[0]
}

/**
 * Returns ms to wait before the next look at a lease that another process holds: up to 64 at first, up to 500 later, and not
 * beyond its end.
 */
export function timeToLook({ until }: Lease, attempt: number, now: number): number {
  return Math.min(backoff(attempt, { first: FIRST_WAIT_MS, max: LONGEST_WAIT_MS }), until - now)
}

/** Returns leases with this one in the place of the one of its name. Drops those that ended a while ago. */
export function putLease(leases: Leases, lease: Lease, now: number): readonly Lease[] {
  return [...withoutLease(leases, lease.name).filter(({ until }) => now < until + KEPT_MS), lease]
}

/** Returns leases without the one of this name. */
export function withoutLease(leases: Leases, name: string): readonly Lease[] {
  return (leases ?? []).filter((lease) => lease.name !== name)
}

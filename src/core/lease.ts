import { backoff } from '../../drivers/utils/backoff.ts'
import type { Lease } from './types.ts'

/**
 * Time for which a lease stays in the record after its end, in ms. If the answer to the write of a result is lost, the holder finds
 * out from the lease that the result was stored.
 */
const KEPT_MS = 60_000

/** Maximum of the first wait and of later waits, in ms. */
const FIRST_WAIT_MS = 64
const LONGEST_WAIT_MS = 500

type Leases = readonly Lease[] | undefined

/** Returns the lease of a name. It may be held, done or ended. */
export function leaseOf(leases: Leases, name: string): Lease | undefined {
  return leases?.find((lease) => lease.name === name)
}

/** Returns whether the holder of a lease may still do the work. */
export function isHeld(lease: Lease | undefined, now: number): lease is Lease {
  return lease !== undefined && !lease.isDone && now < lease.until
}

/** Returns the held lease that ends last. */
export function lastHeld(leases: Leases, now: number): Lease | undefined {
  return leases?.filter((lease) => isHeld(lease, now)).toSorted((a, b) => b.until - a.until)[0]
}

/**
 * Returns the wait before the next read of a session whose lease another process holds, in ms: up to 64 at first, up to 500 later,
 * and never longer than the lease.
 */
export function timeToLook({ until }: Lease, attempt: number, now: number): number {
  return Math.min(backoff(attempt, { first: FIRST_WAIT_MS, max: LONGEST_WAIT_MS }), until - now)
}

/** Returns leases with a new or changed one. Drops leases that ended more than {@link KEPT_MS} ago. */
export function putLease(leases: Leases, lease: Lease, now: number): readonly Lease[] {
  return [...withoutLease(leases, lease.name).filter(({ until }) => now < until + KEPT_MS), lease]
}

/** Returns leases without the lease of a name. */
export function withoutLease(leases: Leases, name: string): readonly Lease[] {
  return (leases ?? []).filter((lease) => lease.name !== name)
}

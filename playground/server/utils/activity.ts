import type { Sample } from '#shared/types/activity'
import { KEPT_SECONDS } from '#shared/utils/activity'

const called = { calls: 0, units: 0 }
const samples: Sample[] = []

/** Counts a request to DynamoDB. @param units - capacity units it consumed */
export function countCall(units: number): void {
  called.calls += 1
  called.units += units
}

/** Stores the current counters for as long as the charts show them. */
export function takeSample(): void {
  const { loads, hits } = useSessionStore().stats()
  samples.push({ at: Math.floor(Date.now() / 1000), reads: loads, hits, ...called })
  if (samples.length > KEPT_SECONDS) samples.shift()
}

/** The samples taken after an instant. @param since - seconds since the epoch */
export function samplesSince(since: number): Sample[] {
  return samples.filter(({ at }) => at > since)
}

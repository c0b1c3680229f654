import { rowOf } from './support/measure.mjs'
import { withEndpoints } from './support/readers.mjs'

const DELAY_MS = 3
const BARS = [
  { readers: 8, atMost: 1.5 },
  { readers: 128, atMost: 0.3 },
]

/** How long a read takes when the endpoint is a network away: its answers arrive 3 ms late. */
export function measure(entries) {
  return withEndpoints(entries, DELAY_MS, async function* (endpoint, compare) {
    for (const { readers, atMost } of BARS) {
      const name = `${readers} readers, p50 of a read (${endpoint})`
      yield rowOf({ name, unit: 'ms', atMost }, await compare(readers, 11), (slice) => slice.p50)
    }
  })
}

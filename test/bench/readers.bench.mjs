import { rowOf } from './support/measure.mjs'
import { withEndpoints } from './support/readers.mjs'

const BARS = [
  { readers: 1, pairs: 31, time: { atMost: 1.1 }, cpu: { atMost: 1.1 } },
  { readers: 8, pairs: 11, cpu: { atMost: 0.4 } },
  { readers: 32, pairs: 11, rate: { atLeast: 5.5 }, cpu: { atMost: 0.12 } },
  { readers: 128, pairs: 11, rate: { atLeast: 8 } },
]

/** Measures `getItem` of the driver, compared with GetCommand of the document client: 1 to 128 readers, one key each. */
export function measure(entries) {
  return withEndpoints(entries, 0, async function* (endpoint, compare) {
    for (const { readers, pairs: count, time, rate, cpu } of BARS) {
      const pairs = await compare(readers, count)
      const name = (what) => `${readers} ${readers === 1 ? 'reader' : 'readers'}, ${what} (${endpoint})`
      if (time) yield rowOf({ name: name('time a read'), unit: 'ms', ...time }, pairs, (slice) => slice.time)
      if (rate)
        yield rowOf(
          { name: name('throughput'), unit: 'reads/s', ...rate },
          pairs,
          (slice) => 1000 / slice.time,
        )
      if (cpu) yield rowOf({ name: name('CPU a read'), unit: 'ms', ...cpu }, pairs, (slice) => slice.cpu)
    }
  })
}

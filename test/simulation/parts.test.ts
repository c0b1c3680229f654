import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../model/random.ts'
import { MemoryCache } from './app/memory-cache.ts'
import { EventQueue } from './events/queue.ts'
import { type Work, all, pause, start } from './events/work.ts'
import { Histogram } from './measure/histogram.ts'
import { Timeline } from './measure/timeline.ts'
import { Usage } from './measure/usage.ts'
import { TableCapacity } from './table/capacity.ts'
import { Partitions } from './table/partitions.ts'
import { Table } from './table/table.ts'
import { TokenBucket } from './table/token-bucket.ts'
import { pastSession } from './visitors/past.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('the queue of events', () => {
  it('runs events in the order of time, and those of the same time in the order in which they were added', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue()
        const ran: { time: number; order: number; now: number }[] = []
        for (const [order, time] of times.entries())
          queue.at(time, () => ran.push({ time, order, now: queue.now }))
        queue.run(20)
        expect(ran.map(({ time, order }) => [time, order])).toEqual(
          times
            .map((time, order) => [time, order])
            .toSorted(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j),
        )
        expect(ran.every(({ time, now }) => time === now)).toBe(true)
      }),
    )
  })

  it('ends works that run side by side when the last one ends, with the error of one that failed', () => {
    const queue = new EventQueue()
    const ended: (number | string)[] = []
    function* work(ms: number, fails: boolean): Work<number> {
      yield pause(queue, ms)
      if (fails) throw new Error('failed')
      return ms
    }
    function* both(fails: boolean): Work {
      try {
        ended.push(...(yield* all([work(20, false), work(10, fails)])), queue.now)
      } catch (error) {
        ended.push((error as Error).message, queue.now)
      }
    }
    start(both(false))
    start(both(true))
    queue.run(100)
    expect(ended).toEqual([20, 10, 20, 'failed', 20])
  })
})

describe('a token bucket', () => {
  const requests = fc.array(fc.record({ wait: fc.nat(3000), tokens: fc.nat(100) }), { maxLength: 200 })

  it('gives at most its depth and what flows in, in any time', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 200 }), (wanted, rate) => {
        const depth = 100
        const bucket = new TokenBucket(rate, depth, 0)
        const given: { at: number; tokens: number }[] = []
        let now = 0
        for (const { wait, tokens } of wanted) {
          now += wait
          if (!bucket.has(tokens, now)) continue
          bucket.take(tokens)
          given.push({ at: now, tokens })
        }
        for (const [from, first] of given.entries()) {
          let sum = 0
          for (const { at, tokens } of given.slice(from)) {
            sum += tokens
            expect(sum).toBeLessThanOrEqual(depth + ((at - first.at) / 1000) * rate + 1e-6)
          }
        }
      }),
    )
  })

  it('refuses nothing that comes more slowly than it fills', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 })), (sizes) => {
        const bucket = new TokenBucket(50, 100, 0)
        let now = 0
        for (const tokens of sizes) {
          expect(bucket.has(tokens, now)).toBe(true)
          bucket.take(tokens)
          now += (tokens / 50) * 1000 + 1e-6
        }
      }),
    )
  })
})

describe('a partition', () => {
  it('serves 3,000 read units and no write, 1,000 write units and no read, or half of each', () => {
    const served = (mix: { read: number; write: number }): { read: number; write: number } => {
      const partitions = new Partitions(1, 0)
      const partition = partitions.of(0.5)
      const sum = { read: 0, write: 0 }
      // A second after the first, in which the full bucket is used up.
      for (let now = 0; now < 2000; now++) {
        for (const kind of ['read', 'write'] as const) {
          if (!partition.has(kind, mix[kind], now)) continue
          partition.take(kind, mix[kind], now)
          if (now >= 1000) sum[kind] += mix[kind]
        }
      }
      return sum
    }
    expect(served({ read: 20, write: 0 }).read).toBeCloseTo(3000, -2)
    expect(served({ read: 0, write: 10 }).write).toBeCloseTo(1000, -2)
    const { read, write } = served({ read: 15, write: 5 })
    expect(read / 3000 + write / 1000).toBeCloseTo(1, 1)
  })

  it('is split after five hot minutes, so that its keys get twice as much, and one key does not', () => {
    const partitions = new Partitions(2, 0)
    for (let minute = 1; minute <= 5; minute++) {
      expect(partitions.list()).toHaveLength(2)
      partitions.of(0.1).take('write', 0.9 * 60 * 1000, minute * MINUTE)
      partitions.endMinute(minute * MINUTE)
    }
    expect(partitions.list()).toHaveLength(3)
    expect(partitions.of(0.1)).not.toBe(partitions.of(0.4))
    expect(partitions.of(0.1)).toBe(partitions.of(0.1))
    for (const hash of [0, 0.1, 0.25, 0.4999, 0.5, 0.9999]) {
      const { low, high } = partitions.of(hash)
      expect(low <= hash && hash < high).toBe(true)
    }
  })
})

describe('the capacity of a table', () => {
  it('is 12,000 read and 4,000 write units a second on demand, twice the highest traffic, and not above the quota', () => {
    const limits = (read: number, write: number, quota?: number): number[] => {
      const billing = { mode: 'on-demand', peak: { read, write }, ...(quota && { quota }) } as const
      const capacity = new TableCapacity(billing, 1, 0)
      return [capacity.limit('read'), capacity.limit('write')]
    }
    expect(limits(0, 0)).toEqual([12_000, 4000])
    expect(limits(10_000, 10_000)).toEqual([20_000, 20_000])
    expect(limits(100_000, 100_000)).toEqual([40_000, 40_000])
    expect(limits(100_000, 100_000, 1e6)).toEqual([200_000, 200_000])
  })

  it('grows on demand 30 minutes after the traffic did', () => {
    const capacity = new TableCapacity({ mode: 'on-demand', peak: { read: 0, write: 3000 } }, 1, 0)
    for (let minute = 1; minute <= 30; minute++) {
      expect(capacity.limit('write')).toBe(6000)
      capacity.take('write', 5000 * 60)
      capacity.endMinute(minute * MINUTE)
    }
    expect(capacity.limit('write')).toBe(10_000)
  })

  it('serves a burst of 300 seconds of unused provisioned capacity, and then what is provisioned', () => {
    const capacity = new TableCapacity({ mode: 'provisioned', read: 10, write: 10 }, 1, 0)
    let burst = 0
    for (; capacity.has('read', 1, 0); burst++) capacity.take('read', 1)
    expect(burst).toBe(3000)
    expect(capacity.has('read', 10, 999)).toBe(false)
    expect(capacity.has('read', 10, 1000)).toBe(true)
  })

  it('counts nothing for a throttled request, and does not carry it out', () => {
    const queue = new EventQueue()
    const usage = new Usage(new Timeline(1000, 1))
    const billing = { mode: 'provisioned', read: 1, write: 1 } as const
    const table = new Table(queue, usage, { billing, bytes: 0, share: 1 })
    let carriedOut = 0
    let refused = 0
    for (let request = 0; request < 310; request++) {
      const isServed = table.serve({ kind: 'write', hash: 0, units: 1 }, () => {
        carriedOut++
        return 'saved'
      })
      if (!isServed) refused++
    }
    expect([carriedOut, refused]).toEqual([300, 10])
    expect(usage.lines.saved).toEqual({ times: 300, units: 300 })
    expect([usage.attempts, usage.refusals]).toEqual([310, 10])
    expect(table.throttled).toEqual({ table: 10, partition: 0, index: 0 })
  })
})

describe('a histogram', () => {
  it('has quantiles within 2%', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const histogram = new Histogram()
          for (const value of values) histogram.add(value)
          const exact = values.toSorted((a, b) => a - b)[Math.ceil(share * values.length - 1e-9) - 1]!
          expect(histogram.quantile(share) / exact).toBeGreaterThan(0.98)
          expect(histogram.quantile(share) / exact).toBeLessThan(1.021)
        },
      ),
    )
  })
})

describe('the cache of an instance', () => {
  it('removes the least recently used entry when it is full', () => {
    const cache = new MemoryCache(3)
    const entry = { exists: true, version: 1, expiresAt: 1, storedAt: 0 }
    for (const key of [1, 2, 3]) cache.set(key, entry)
    cache.get(1)
    cache.set(4, entry)
    expect([1, 2, 3, 4].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true, true])
  })
})

describe('the past of a visitor', () => {
  const habits = {
    gap: DAY,
    savesInVisit: 0,
    idleTimeout: Infinity,
    maxAge: Infinity,
    lag: Infinity,
    signInEvery: Infinity,
  }
  const shareOf = (
    differences: Partial<typeof habits>,
    since: number,
    isSo: (past: ReturnType<typeof pastSession>) => boolean,
  ): number => {
    const random = new Random(5)
    const pasts = Array.from({ length: 3000 }, () =>
      pastSession({ ...habits, ...differences }, since, random),
    )
    return pasts.filter((past) => isSo(past)).length / pasts.length
  }
  const isExpired = (past: unknown): boolean => past === undefined

  it('has an expired session as often as a wait at random exceeds the timeout', () => {
    const idle = { savesInVisit: 1, idleTimeout: 2 * DAY }
    expect(shareOf(idle, 0, isExpired)).toBeCloseTo(Math.exp(-2), 1)
    expect(shareOf(idle, DAY, isExpired)).toBeCloseTo(Math.exp(-1), 1)
    expect(shareOf(idle, 2 * DAY, isExpired)).toBe(1)
  })

  it('signs in again once for each time that a session may be old', () => {
    const signInEvery = 9 * DAY
    const isOld = (past: ReturnType<typeof pastSession>): boolean => past!.age >= signInEvery
    expect(shareOf({ signInEvery }, 0, isOld)).toBeCloseTo(1 / 10, 1)
  })
})

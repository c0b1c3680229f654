import { describe, expect, it } from 'vitest'
import { scenarioOf } from './scenarios.ts'
import { type Simulation, simulate } from './simulate.ts'
import { samplingError } from './measure/summary.ts'

const MINUTE = 60
const SITE = { users: 5000, requestsPerMinute: 6000, bots: 0 }

/** Returns all counts of a simulation. */
function countsOf({ measures }: Simulation): unknown {
  const { outcomes, usage, requests, visits, times } = measures
  return [outcomes, usage.lines, usage.attempts, requests, visits, times.max]
}

describe('a simulation', () => {
  const storm = scenarioOf({
    workload: { ...SITE, requestsPerMinute: 3000 },
    setup: { instances: 3 },
    duration: 3 * MINUTE,
    warmUp: 0,
    billing: { mode: 'provisioned', read: 3, write: 1 },
    events: [
      { kind: 'deploy', at: MINUTE, over: 0, signOut: true },
      { kind: 'sign out everywhere', at: 2 * MINUTE, users: 5, perSecond: 1 },
      { kind: 'clear expired', at: 2 * MINUTE, maxCapacity: 20, expired: 0.1 },
    ],
  })

  it('has the same counts for the same seed, and others for another seed', () => {
    const [one, same, other] = [simulate(storm), simulate(storm), simulate(storm, { seed: 2 })]
    expect(countsOf(same)).toEqual(countsOf(one))
    expect(countsOf(other)).not.toEqual(countsOf(one))
  })

  it('counts every request of a visitor once, and every request to the table as served or throttled', () => {
    const { measures } = simulate(storm)
    const { outcomes, requests, times, usage, timeline } = measures
    const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0)
    expect(outcomes.failed).toBeGreaterThan(0)
    expect(sum(Object.values(outcomes))).toBe(requests)
    expect(times.count).toBe(requests)
    expect(sum(timeline.intervals.map((interval) => interval.requests))).toBe(requests)
    const { index, ...lines } = usage.lines
    expect(index.times).toBe(lines.created.times + lines.destroyed.times)
    expect(usage.refusals).toBeGreaterThan(0)
    expect(sum(Object.values(lines).map(({ times: each }) => each)) + usage.refusals).toBe(usage.attempts)
    for (const kind of ['read', 'write'] as const)
      expect(sum(timeline.intervals.map((interval) => interval[kind]))).toBeCloseTo(usage.units(kind), 6)
  })

  it('throttles no request below the capacity, and answers all', () => {
    const { measures, table } = simulate({ ...storm, billing: 'on-demand' })
    expect(table.throttled).toEqual({ table: 0, partition: 0, index: 0 })
    expect(measures.outcomes.failed).toBe(0)
  })

  it('ends a destroyed session everywhere within `cache.ttl`, and the lag of eventually consistent reads', () => {
    const scenario = scenarioOf({
      workload: { ...SITE, pageSeconds: 1, pages: 60 },
      setup: { instances: 3, cacheTtl: 5 },
      devices: 2,
      duration: 4 * MINUTE,
      events: [{ kind: 'sign out everywhere', at: 2 * MINUTE, users: 60, perSecond: 20 }],
    })
    const lagging = simulate({ ...scenario, lag: { share: 1, meanMs: 50, maxMs: 200 } }).measures
    expect(lagging.staleRequests).toBeGreaterThan(0)
    expect(lagging.staleness.count).toBeGreaterThan(60)
    expect(lagging.staleness.max).toBeGreaterThan(4500)
    expect(lagging.staleness.max).toBeLessThanOrEqual(5000 + 200)
    const strong = simulate({ ...scenario, setup: { ...scenario.setup, consistentRead: true } }).measures
    expect(strong.staleness.max).toBeGreaterThan(4500)
    expect(strong.staleness.max).toBeLessThanOrEqual(5000)
    const uncached = simulate({
      ...scenario,
      setup: { ...scenario.setup, consistentRead: true, cacheTtl: 0 },
    })
    expect(uncached.measures.staleness.max).toBe(0)
  })

  it('of a sample has the units of the whole, within the stated error', () => {
    const scenario = scenarioOf({
      workload: SITE,
      setup: { instances: 10 },
      duration: 8 * MINUTE,
      startHour: 20,
    })
    const whole = simulate({ ...scenario, share: 1 })
    for (const seed of [1, 2, 3]) {
      const sample = simulate({ ...scenario, share: 0.2 }, { seed })
      const error = samplingError(sample) + samplingError(whole)
      for (const kind of ['read', 'write'] as const) {
        const units = sample.measures.usage.units(kind) / sample.share
        expect(Math.abs(units / whole.measures.usage.units(kind) - 1)).toBeLessThan(error)
      }
    }
  })
})

import { describe, expect, it } from 'vitest'
import { MONTH } from '../../src/plan/workload.ts'
import type { Scenario } from './scenario.ts'
import { scenarioOf } from './scenarios.ts'
import { simulate } from './simulate.ts'

const DAY = 24 * 3600
const TOLERANCE = 0.15

/** Returns a site whose users each come so often on average, with even traffic and a capacity that is never reached. */
function site(
  { users, gap, ...workload }: Partial<Scenario['workload']> & { users: number; gap: number },
  setup: Partial<Scenario['setup']>,
): Scenario {
  const { pages = 6, parallel = 3 } = workload
  const requestsPerMinute = (users / gap) * pages * parallel * 60
  const visits = 2500
  return scenarioOf({
    workload: { users, requestsPerMinute, bots: 0, ...workload },
    setup,
    duration: (visits * gap) / users,
    dailyPeak: 0,
  })
}

const SITES: Record<string, Scenario> = {
  'as it comes': site({ users: 2000, gap: 2 * DAY }, {}),
  'many instances': site({ users: 20_000, gap: 3.5 * DAY }, { instances: 500 }),
  'a cache of five minutes on many instances': site(
    { users: 2000, gap: DAY },
    { instances: 20, cacheTtl: 300 },
  ),
  'half an hour, not bound, of 5 KB': site(
    { users: 500, gap: DAY / 3, bound: 0 },
    { idleTimeout: 1800, sessionBytes: 5000, cacheTtl: 60 },
  ),
  'touched every day, and never written': site(
    { users: 1000, gap: DAY / 2, writes: 0 },
    { idleTimeout: 2 * DAY },
  ),
  'touched within a visit': site(
    { users: 500, gap: DAY / 3, pages: 12, writes: 0.02, signIns: 0 },
    { idleTimeout: 120 },
  ),
  'no cache, strong reads, and an end that nothing moves': site(
    { users: 500, gap: DAY / 3, parallel: 1 },
    { cacheTtl: 0, consistentRead: true, idleTimeout: undefined, maxAge: DAY },
  ),
  'many writes': site({ users: 500, gap: DAY / 3, writes: 0.5, signIns: 30 }, { instances: 4 }),
}

describe('a plan matches a simulation', () => {
  it.each(Object.keys(SITES))('%s', (name) => {
    const scenario = SITES[name]!
    const { plan, measures, share } = simulate(scenario)
    const { usage } = measures
    const month = MONTH / scenario.duration / share
    const expected = measures.visits * month
    expect(plan.traffic.visits / expected).toBeCloseTo(1, 1)
    const scale = plan.traffic.visits / measures.visits
    expect(Math.abs(plan.readUnits / (usage.units('read') * scale) - 1)).toBeLessThan(TOLERANCE)
    expect(Math.abs(plan.writeUnits / (usage.units('write') * scale) - 1)).toBeLessThan(TOLERANCE)
  })
})

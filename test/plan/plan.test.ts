import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { itemUnits } from '../../src/plan/item.ts'
import { planMonth } from '../../src/plan/plan.ts'
import { DEFAULT_PRICES } from '../../src/plan/prices.ts'
import { entryLife, readsPerVisit } from '../../src/plan/reads.ts'
import { MONTH, type Setup, type Workload, trafficOf } from '../../src/plan/workload.ts'
import { writesPerVisit } from '../../src/plan/writes.ts'
import { Random } from '../model/random.ts'

const DAY = 24 * 3600
const WORKLOAD: Workload = {
  users: 10_000,
  requestsPerMinute: 600,
  bots: 0.2,
  pages: 6,
  pageSeconds: 20,
  parallel: 3,
  writes: 0.05,
  signIns: 1,
  bound: 0,
}
const SETUP: Setup = {
  sessionBytes: 1000,
  instances: 2,
  cacheTtl: 10,
  idleTimeout: 14 * DAY,
  maxAge: undefined,
  userIndex: false,
  consistentRead: false,
}
const HEADROOM = { peak: 3, target: 0.7 }
const plan = (workload: Partial<Workload> = {}, setup: Partial<Setup> = {}) =>
  planMonth({ ...WORKLOAD, ...workload }, { ...SETUP, ...setup }, DEFAULT_PRICES, HEADROOM)

const share = fc.double({ min: 0, max: 1, noNaN: true })
const workloads: fc.Arbitrary<Workload> = fc.record({
  users: fc.integer({ min: 1, max: 10_000_000 }),
  requestsPerMinute: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
  bots: share,
  pages: fc.integer({ min: 1, max: 50 }),
  pageSeconds: fc.double({ min: 0.1, max: 600, noNaN: true }),
  parallel: fc.integer({ min: 1, max: 20 }),
  writes: share,
  signIns: fc.double({ min: 0, max: 100, noNaN: true }),
  bound: share,
})
const setups: fc.Arbitrary<Setup> = fc.record({
  sessionBytes: fc.integer({ min: 0, max: 300_000 }),
  instances: fc.integer({ min: 1, max: 200 }),
  cacheTtl: fc.integer({ min: 0, max: 3600 }),
  idleTimeout: fc.option(fc.integer({ min: 1, max: 100 * DAY }), { nil: undefined }),
  maxAge: fc.option(fc.integer({ min: 1, max: 100 * DAY }), { nil: undefined }),
  userIndex: fc.boolean(),
  consistentRead: fc.boolean(),
})

describe('units of an item', () => {
  it.each([
    [0, 0.5, 1],
    [700, 0.5, 1],
    [1000, 0.5, 2],
    [4000, 1, 5],
    [100_000, 12.5, 98],
  ])('%i bytes of data: %d to read, %d to write', (sessionBytes, read, write) => {
    expect(itemUnits({ ...SETUP, sessionBytes }, WORKLOAD)).toMatchObject({ read, write })
    expect(itemUnits({ ...SETUP, sessionBytes, consistentRead: true }, WORKLOAD).read).toBe(2 * read)
  })
})

describe('a plan', () => {
  it('has finite numbers in range for any valid input', () => {
    fc.assert(
      fc.property(workloads, setups, (workload, setup) => {
        const { reads, writes, readUnits, writeUnits, provisioned, cost, stored } = planMonth(
          workload,
          setup,
          DEFAULT_PRICES,
          HEADROOM,
        )
        const numbers = [...Object.values(reads), ...Object.values(writes)].flatMap(({ times, units }) => [
          times,
          units,
        ])
        numbers.push(readUnits, writeUnits, ...Object.values(cost), ...Object.values(stored))
        for (const number of numbers) {
          expect(Number.isFinite(number)).toBe(true)
          expect(number).toBeGreaterThanOrEqual(0)
        }
        const requests = (workload.requestsPerMinute / 60) * MONTH * (1 - workload.bots)
        expect(reads.sessions.times).toBeLessThanOrEqual(requests * 1.0001)
        expect(writes.saved.times).toBeLessThanOrEqual(requests * 1.0001)
        expect(provisioned.readUnits).toBeGreaterThanOrEqual(1)
        expect(Number.isSafeInteger(provisioned.writeUnits)).toBe(true)
      }),
    )
  })

  it('has no cost for bots', () => {
    const { readUnits, writeUnits } = plan({ bots: 1, signIns: 0 })
    expect([readUnits, writeUnits]).toEqual([0, 0])
  })

  it('costs the prices of DynamoDB: a million units, and units a second for each hour', () => {
    const { readUnits, writeUnits, provisioned, cost } = plan()
    expect(cost.onDemand).toBeCloseTo((readUnits * 0.125 + writeUnits * 0.625) / 1e6)
    expect(provisioned).toEqual({
      readUnits: Math.ceil(((readUnits / MONTH) * 3) / 0.7),
      writeUnits: Math.ceil(((writeUnits / MONTH) * 3) / 0.7),
    })
    const { readUnits: r, writeUnits: w } = provisioned
    expect(cost.provisioned).toBeCloseTo((r * 0.00013 + w * 0.00065) * 730)
  })

  it('writes the index once for each session of a user, and provisions it like the table', () => {
    const [without, bound] = [plan(), plan({ bound: 1 }, { userIndex: true })]
    expect(bound.writes.index.times).toBeCloseTo(bound.writes.created.times)
    expect(bound.writes.index.units).toBe(bound.writes.index.times)
    expect(bound.writes.saved.units).toBe(without.writes.saved.units)
    const { readUnits, writeUnits } = bound.provisioned
    expect(bound.cost.provisioned).toBeCloseTo((readUnits * 0.00013 + writeUnits * 0.00065) * 730 * 2)
    expect(bound.reads.binding).toEqual({ times: 10_000, units: 10_000 })
    expect(bound.writes.binding).toEqual({ times: 10_000, units: 10_000 })
    expect(without.reads.binding.units + without.writes.binding.units).toBe(0)
    expect(plan({ bound: 1 }).writes.index.units).toBe(0)
  })

  it('reads less with a longer cache, and more with more instances', () => {
    const reads = (setup: Partial<Setup>): number => plan({}, setup).readUnits
    expect(reads({ cacheTtl: 60 })).toBeLessThan(reads({ cacheTtl: 10 }))
    expect(reads({ cacheTtl: 10 })).toBeLessThan(reads({ cacheTtl: 0 }))
    expect(reads({ instances: 1 })).toBeLessThan(reads({ instances: 4 }))
    expect(reads({ consistentRead: true })).toBe(2 * reads({}))
  })

  it('creates a session for each visit if sessions expire in between, and none otherwise', () => {
    const traffic = trafficOf(WORKLOAD)
    const created = (setup: Partial<Setup>): number =>
      writesPerVisit({ ...WORKLOAD, signIns: 0 }, { ...SETUP, ...setup }, traffic).created
    expect(created({ idleTimeout: 60 })).toBeGreaterThan(0.99)
    expect(created({ idleTimeout: 1000 * DAY })).toBeLessThan(0.01)
    expect(created({ idleTimeout: undefined, maxAge: traffic.gap })).toBeCloseTo(0.5)
    const { touched } = writesPerVisit(WORKLOAD, { ...SETUP, idleTimeout: undefined, maxAge: DAY }, traffic)
    expect(touched).toBe(0)
  })
})

describe('the life of an entry in a cache', () => {
  it('is the ttl without events', () => {
    expect(entryLife(10, 0, 0)).toBe(10)
    expect(readsPerVisit({ ...WORKLOAD, pages: 1 }, { ...SETUP, instances: 1 }, 0)).toBe(1)
  })

  it.each([
    [10, 0.1, 0],
    [10, 0.05, 0.1],
    [60, 0.02, 0.02],
    [30, 0, 0.05],
  ])('equals a simulation: ttl %i, ended at %d and renewed at %d a second', (ttl, ending, renewing) => {
    const random = new Random(3)
    const wait = (rate: number): number => (rate === 0 ? Infinity : -Math.log(1 - random.next()) / rate)
    let lived = 0
    const rounds = 20_000
    for (let round = 0; round < rounds; round++) {
      const end = wait(ending)
      let left = ttl
      let now = 0
      for (let renewed = wait(renewing); renewed < Math.min(end, left); renewed += wait(renewing)) {
        now = renewed
        left = now + ttl
      }
      lived += Math.min(end, left)
    }
    expect(entryLife(ttl, ending, renewing) / (lived / rounds)).toBeCloseTo(1, 1)
  })
})

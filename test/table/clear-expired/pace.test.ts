import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CostEstimator } from '../../../drivers/dynamodb/clear-expired/cost-estimator.ts'
import { RateMeter } from '../../../drivers/dynamodb/clear-expired/rate-meter.ts'
import { CapacityLimiter } from '../../../drivers/dynamodb/clear-expired/capacity-limiter.ts'
import { type ClearExpiredState, beginState } from '../../../drivers/dynamodb/clear-expired/state.ts'

/** A clock that only moves when told to. */
function clock(): { now: () => number; pass: (ms: number) => void } {
  let ms = 1000
  return { now: () => ms, pass: (more) => void (ms += more) }
}

/** Most units in any second. */
function busiestSecond(uses: { at: number; units: number }[]): number {
  const within = (from: number): number =>
    uses.filter(({ at }) => at >= from && at < from + 1000).reduce((sum, { units }) => sum + units, 0)
  return Math.max(...uses.map(({ at }) => within(at)))
}

/** Let a request wait for its turn. */
function turn(pacer: CapacityLimiter, units: number, pass: (ms: number) => void): number {
  let waited = 0
  const place = pacer.book(units)
  for (let ms = pacer.wait(place); ms > 0; ms = pacer.wait(place)) {
    waited += ms
    pass(ms)
  }
  return waited
}

/** Send as many requests as the pacer lets through, for some seconds. */
function run(
  limit: number,
  seconds: number,
  request: (slice: number) => { booked: number; used: number },
): { at: number; units: number }[] {
  const { now, pass } = clock()
  const pacer = new CapacityLimiter(limit, now)
  const uses = []
  for (const end = now() + seconds * 1000; now() < end;) {
    const { booked, used } = request(pacer.slice)
    turn(pacer, booked, pass)
    uses.push({ at: now(), units: used })
    pacer.settle(booked, used)
  }
  return uses
}

describe('the pace', () => {
  it('is close to the limit, and no second exceeds it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50_000 }),
        fc.infiniteStream(fc.double({ min: 0.2, max: 1, noNaN: true })),
        (limit, parts) => {
          const uses = run(limit, 12, (slice) => {
            const units = slice * (parts.next().value ?? 1)
            return { booked: units, used: units }
          })
          const total = uses.reduce((sum, { units }) => sum + units, 0)
          expect(total / 12 / limit).toBeGreaterThan(0.9)
          expect(busiestSecond(uses)).toBeLessThanOrEqual(limit * (1 + 1e-9))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('waits longer after a request that cost more than estimated', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1000 }),
        fc.infiniteStream(fc.double({ min: 0.25, max: 4, noNaN: true })),
        (limit, factors) => {
          const uses = run(limit, 30, (slice) => ({
            booked: slice / 2,
            used: (slice / 2) * (factors.next().value ?? 1),
          }))
          const total = uses.reduce((sum, { units }) => sum + units, 0)
          expect(total / 30).toBeLessThanOrEqual(limit * (1 + 1e-9))
        },
      ),
      { numRuns: 10 },
    )
  })

  it('sends a single request above the limit, and waits afterwards', () => {
    const { now, pass } = clock()
    const pacer = new CapacityLimiter(10, now)
    turn(pacer, 0.5, pass)
    pacer.settle(0.5, 100)
    expect(turn(pacer, 0.5, pass)).toBeCloseTo((100 / 9.5) * 1000, -2)
  })

  it('catches up after a pause without exceeding the limit in any second', () => {
    const some = fc.integer({ min: 20, max: 5000 })
    const stalls = fc.infiniteStream(
      fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(400) }),
    )
    fc.assert(
      fc.property(some, stalls, (limit, stalls) => {
        const { now, pass } = clock()
        const pacer = new CapacityLimiter(limit, now)
        const uses = []
        for (const end = now() + 20_000; now() < end;) {
          const places = [1, 2, 3].map(() => pacer.book(pacer.slice / 2))
          for (const place of places) {
            for (let ms = pacer.wait(place); ms > 0; ms = pacer.wait(place)) pass(ms + stalls.next().value)
            uses.push({ at: now(), units: pacer.slice / 2 })
            pacer.settle(pacer.slice / 2, pacer.slice / 2)
          }
        }
        const total = uses.reduce((sum, { units }) => sum + units, 0)
        expect(total / 20 / limit).toBeGreaterThan(0.85)
        expect(busiestSecond(uses)).toBeLessThanOrEqual(limit * (1 + 1e-9))
      }),
      { numRuns: 20 },
    )
  })

  it('has no limit by default, until DynamoDB throttles', () => {
    const { now, pass } = clock()
    const pacer = new CapacityLimiter(Infinity, now)
    expect(pacer.slice).toBe(Infinity)
    for (let second = 0; second < 5; second++) {
      expect(turn(pacer, 1000, pass)).toBe(0)
      pacer.settle(1000, 1000)
      pass(1000)
    }
    pacer.throttled()
    const first = pacer.book(1000)
    const wait = pacer.wait(first)
    expect(wait).toBeGreaterThan(1000)
    // The same burst of refusals is one cause.
    pacer.throttled()
    expect(pacer.wait(first)).toBe(wait)
    pass(501)
    pacer.throttled()
    expect(pacer.wait(first)).toBeGreaterThan(wait)
    pass(60_000)
    expect(pacer.wait(first)).toBe(0)
    expect(turn(pacer, 1000, pass)).toBeLessThan(1000)
  })

  it('never falls to zero or grows above the limit', () => {
    const { now, pass } = clock()
    const pacer = new CapacityLimiter(40, now)
    for (let time = 0; time < 50; time++) {
      pacer.throttled()
      pass(600)
    }
    expect(turn(pacer, 5, pass)).toBeLessThan(2000)
    pass(100_000)
    pacer.settle(5, 5)
    for (const units of [20, 20, 2]) {
      turn(pacer, units, pass)
      pacer.settle(units, units)
    }
    expect(turn(pacer, 38, pass)).toBeGreaterThan(700)
  })
})

describe('costs', () => {
  it('start with small pages and grow to their share of the limit, for items of any size', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 50, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (each, slice) => {
          const costs = new CostEstimator()
          expect(costs.page(slice).limit).toBeLessThanOrEqual(4)
          let limit = 0
          for (let page = 0; page < 60; page++) {
            const before = limit
            limit = costs.page(slice).limit
            if (page > 0) expect(limit).toBeLessThanOrEqual(Math.max(4, before * 4))
            costs.sawPage(limit, 0, Math.max(0.5, limit * each))
          }
          if (slice >= each && slice >= 0.5) {
            expect(limit * each).toBeLessThanOrEqual(slice * 1.01)
            expect(limit * each).toBeGreaterThan(Math.min(slice / 2, 0.25))
          } else expect(limit).toBe(1)
        },
      ),
    )
  })

  it('of deletes are estimated from item sizes, then from consumed units; at most 25 in a batch', () => {
    const costs = new CostEstimator()
    expect(costs.deletes(Infinity)).toEqual({ size: 25, each: 1 })
    costs.sawPage(1, 0, 0.5)
    expect(costs.deletes(10)).toEqual({ size: 2, each: 4 })
    costs.sawDeletes(2, 4)
    expect(costs.deletes(10)).toEqual({ size: 5, each: 2 })
    expect(costs.deletes(0.1)).toMatchObject({ size: 1 })
  })
})

it('a page has about 500 expired items if nothing else limits it', () => {
  const costs = new CostEstimator()
  expect(costs.page(Infinity)).toEqual({ limit: 500, units: 0 })
  for (let page = 0; page < 20; page++) costs.sawPage(1000, 100, 10)
  expect(costs.page(Infinity).limit).toBeGreaterThan(4900)
  for (let page = 0; page < 100; page++) costs.sawPage(1000, 0, 10)
  expect(costs.page(Infinity).limit).toBe(500_000)
})

describe('the rate', () => {
  it('is measured over the last ten seconds', () => {
    const meter = new RateMeter(0, 500)
    expect(meter.rate(0, 500)).toBe(0)
    expect(meter.rate(1000, 600)).toBe(100)
    for (let at = 2000; at <= 60_000; at += 1000) meter.rate(at, 600 + at)
    expect(meter.rate(61_000, 61_600)).toBeCloseTo(1000)
  })
})

describe('the state', () => {
  const target = {
    table: 't',
    region: 'r',
    endpoint: '',
    base: '',
    keyAttribute: 'k',
    expiresAttribute: 'e',
    dryRun: false,
  }

  it('fills an empty object, and can be restored from JSON', () => {
    const given: Partial<ClearExpiredState> = {}
    const state = beginState(given, target, undefined)
    expect(state).toBe(given)
    expect(state.segments).toEqual([{}, {}, {}, {}])
    const copy = JSON.parse(JSON.stringify(state)) as ClearExpiredState
    expect(beginState(copy, target, undefined)).toBe(copy)
    expect(beginState(copy, target, 4)).toBe(copy)
  })

  it('refuses any other value with a typed error', () => {
    fc.assert(
      fc.property(fc.object(), (nonsense) => {
        fc.pre(Object.keys(nonsense).length > 0)
        expect(() => beginState(nonsense, target, undefined)).toThrow('option `resume`')
      }),
    )
  })
})

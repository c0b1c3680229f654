import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type DynamoDBClearExpiredResult,
  type ClearExpiredState,
  clearExpired,
} from '../../../src/table/index.ts'
import { BOUNDS, type Session, World } from './world.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Worlds tried; raise it to look harder. */
const RUNS = Number(process.env.UNSESSION_SCHEDULES ?? 400)

const ms = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max })
const skew = ms(-BOUNDS.skew, BOUNDS.skew)

/** Sessions that end around the time of the sweep, and are renewed around their ends. */
const sessions = (renews: boolean): fc.Arbitrary<Session[]> =>
  fc.array(
    fc.record({
      end: ms(-100_000, 60_000),
      writes: fc.array(
        fc.record({
          at: ms(-100_000, 100_000),
          skew,
          flight: ms(0, BOUNDS.flight),
          ttl: ms(1000, 100_000),
          renews: renews ? fc.constant(true) : fc.boolean(),
        }),
        { maxLength: 6 },
      ),
    }),
    { minLength: 5, maxLength: 30 },
  )

/** Returns the live items that a deletion removes in a simulated world. */
const world = (renews: boolean): fc.Arbitrary<[Session[], number, Iterator<number>, boolean]> =>
  fc.tuple(
    sessions(renews),
    skew,
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    fc.boolean(),
  )

async function harmOf(
  [sessions, skew, stream, knowsPartiQL]: [Session[], number, Iterator<number>, boolean],
  options: { grace?: number; conditional?: boolean },
): Promise<string[]> {
  const world = new World(sessions, skew, () => stream.next().value as number, knowsPartiQL)
  const { expired, deleted } = await clearExpired({
    ...options,
    client: world.client as never,
    table: 'sessions',
    segments: 3,
  })
  if (!options.conditional) expect(deleted).toBe(expired)
  world.end()
  return world.harm
}

/** Whether any of many worlds comes to harm: shows that the check can fail. */
async function comesToHarm(
  renews: boolean,
  options: { grace?: number; conditional?: boolean },
): Promise<boolean> {
  for (const each of fc.sample(world(renews), { numRuns: 200, seed: 5 })) {
    if ((await harmOf(each, options)).length > 0) return true
  }
  return false
}

/** An interruption: after how many steps, and for a crash how many of them were not kept. */
const stops = fc.array(fc.record({ after: fc.nat(9), lost: fc.option(fc.nat(5), { nil: 0 }) }), {
  minLength: 1,
  maxLength: 5,
})

/** Sweep with interruptions, going on each time from what was kept. */
async function sweepInParts(
  world: World,
  segments: number,
  stops: { after: number; lost: number }[],
): Promise<DynamoDBClearExpiredResult> {
  const options = { client: world.client as never, table: 'sessions', segments }
  let kept = '{}'
  for (const { after, lost } of stops) {
    const resume = JSON.parse(kept) as Partial<ClearExpiredState>
    const steps = [kept]
    const stop = new AbortController()
    const onProgress = (): void => {
      steps.push(JSON.stringify(resume))
      if (steps.length > after + 1) stop.abort()
    }
    await clearExpired({ ...options, resume, onProgress, signal: stop.signal }).catch(() => {})
    kept = steps.at(-1 - lost) ?? steps[0]!
  }
  return clearExpired({ ...options, resume: JSON.parse(kept) as Partial<ClearExpiredState> })
}

describe('a deletion in several runs', () => {
  it('leaves no item out and counts none twice, although eventually consistent reads still show deleted items', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 20, maxLength: 200 }),
        fc.integer({ min: 1, max: 3 }),
        stops,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (expired, segments, stops, stream) => {
          const sessions = expired.map((has) => ({ end: has ? -3_600_000 : 3_600_000, writes: [] }))
          const world = new World(sessions, 0, () => stream.next().value, true)
          const all = expired.filter(Boolean).length
          const result = await sweepInParts(world, segments, stops)
          expect(world.harm).toEqual([])
          expect(world.count).toBe(expired.length - all)
          expect(result.deleted).toBeLessThanOrEqual(all)
          expect(result.scanned).toBeLessThanOrEqual(expired.length)
          if (stops.every(({ lost }) => lost === 0))
            expect(result).toMatchObject({ scanned: expired.length, expired: all, deleted: all })
        },
      ),
      { numRuns: RUNS },
    )
  })
})

describe('a deletion', () => {
  it('deletes no live session, with clocks off by 20 s, reads that lag by 10 s and writes in flight for 5 s', async () => {
    expect(2 * BOUNDS.skew + BOUNDS.lag + BOUNDS.flight).toBeLessThan(60_000)
    await fc.assert(
      fc.asyncProperty(world(true), async (each) => {
        expect(await harmOf(each, {})).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('with conditions deletes no live item of keys that are written again after their end', async () => {
    await fc.assert(
      fc.asyncProperty(world(false), async (each) => {
        expect(await harmOf(each, { conditional: true })).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('deletes live sessions if there is no grace period', async () => {
    expect(await comesToHarm(true, { grace: 0 })).toBe(true)
    expect(await comesToHarm(true, { grace: 15 })).toBe(true)
  })

  it('deletes live items without conditions, if keys are written again', async () => {
    expect(await comesToHarm(false, {})).toBe(true)
  })
})

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearExpired } from '../../src/table/index.ts'
import { BOUNDS, type Session, World } from './sweep-world.ts'

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

/** What harm a sweep does in a world. */
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

describe('a sweep', () => {
  it('hits no live session, with clocks off by 20 s, reads behind by 10 s and writes under way for 5 s', async () => {
    expect(2 * BOUNDS.skew + BOUNDS.lag + BOUNDS.flight).toBeLessThan(60_000)
    await fc.assert(
      fc.asyncProperty(world(true), async (each) => {
        expect(await harmOf(each, {})).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('with conditions hits none of those either whose keys are written again after their end', async () => {
    await fc.assert(
      fc.asyncProperty(world(false), async (each) => {
        expect(await harmOf(each, { conditional: true })).toEqual([])
      }),
      { numRuns: RUNS },
    )
  })

  it('would without the grace', async () => {
    expect(await comesToHarm(true, { grace: 0 })).toBe(true)
    expect(await comesToHarm(true, { grace: 15 })).toBe(true)
  })

  it('would without the conditions, where keys are written again', async () => {
    expect(await comesToHarm(false, {})).toBe(true)
  })
})

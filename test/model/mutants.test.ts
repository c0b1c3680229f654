import { expect, it, vi } from 'vitest'
import { isWhole } from '../support/extent.ts'
import { INTACT, MUTANTS } from './mutants.ts'
import { runSchedule, type SearchedMutant } from './world.ts'

vi.mock('node:timers/promises', async () => {
  const { scheduledSleep } = await import('./scheduler.ts')
  return { setTimeout: scheduledSleep }
})

/** Maximum number of schedules to search. Seeds are the same in each run. A mutant with a rare race sets its first seed. */
const SCHEDULES = 20_000

/** Number of schedules that must have no violation. */
const INTACT_SCHEDULES = isWhole ? 500 : 100

/** Returns the first violation that the model finds, with its seed. */
async function search(mutant: SearchedMutant, schedules: number): Promise<string | undefined> {
  const { withFaults: hasFaults = false, firstSeed = 1 } = mutant
  for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
    const { violation } = await runSchedule(seed, hasFaults, mutant)
    if (violation !== undefined) return `schedule ${seed}: ${violation}`
  }
  return undefined
}

it.each(Object.entries(MUTANTS))('the model notices when %s', { timeout: 600_000 }, async (_, mutant) => {
  expect(await search(mutant, SCHEDULES)).toBeDefined()
})

it.each(Object.entries(INTACT))(
  'the model finds no violation with a wrapper of %s that changes nothing',
  { timeout: 120_000 },
  async (_, mutant) => {
    expect(await search(mutant, INTACT_SCHEDULES)).toBeUndefined()
  },
)

import { expect, it, vi } from 'vitest'
import { INTACT, MUTANTS } from './mutants.ts'
import { runSchedule, type SearchedMutant } from './world.ts'

vi.mock('node:timers/promises', async () => {
  const { scheduledSleep } = await import('./scheduler.ts')
  return { setTimeout: scheduledSleep }
})

/** Seeds are the same at each run. A mutant whose race is rare says at which seed the search starts, to save time. */
const SCHEDULES = 20_000

/** Returns what the model has to say, and at which seed. */
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
  'the model has nothing against %s that is wrapped',
  { timeout: 120_000 },
  async (_, mutant) => {
    expect(await search(mutant, 500)).toBeUndefined()
  },
)

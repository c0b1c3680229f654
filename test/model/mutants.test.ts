import { expect, it, vi } from 'vitest'
import { INTACT, MUTANTS } from './mutants.ts'
import { type Mutant, runSchedule } from './world.ts'

vi.mock('node:timers/promises', async () => {
  const { scheduledSleep } = await import('./scheduler.ts')
  return { setTimeout: scheduledSleep }
})

/** Seeds are the same at each run. The rarest races show after some thousands. */
const SCHEDULES = 20_000

/** @returns what the model has to say, and after how many schedules */
async function search(mutant: Mutant, hasFaults: boolean, schedules: number): Promise<string | undefined> {
  for (let seed = 1; seed <= schedules; seed++) {
    const { violation } = await runSchedule(seed, hasFaults, mutant)
    if (violation !== undefined) return `schedule ${seed}: ${violation}`
  }
  return undefined
}

it.each(Object.entries(MUTANTS))('the model notices when %s', { timeout: 600_000 }, async (_, mutant) => {
  expect(await search(mutant, mutant.withFaults === true, SCHEDULES)).toBeDefined()
})

it.each(Object.entries(INTACT))('the model has nothing against %s that is wrapped', async (_, mutant) => {
  expect(await search(mutant, false, 500)).toBeUndefined()
})

import { expect, it, vi } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { runSchedule } from './world.ts'

vi.mock('node:timers/promises', async () => {
  const { scheduledSleep } = await import('./scheduler.ts')
  return { setTimeout: scheduledSleep }
})

/** The same ones at each run. A mutant takes many times fewer than that. */
const SCHEDULES = 5000

it.each(Object.entries(MUTANTS))('the model notices when %s', { timeout: 60_000 }, async (_, mutant) => {
  const { withFaults = false } = mutant
  let caught = 0
  for (let seed = 1; caught === 0 && seed <= SCHEDULES; seed++) {
    const { violation } = await runSchedule(seed, withFaults, mutant)
    if (violation !== undefined) caught = seed
  }
  expect(caught, `schedules until it was noticed, of ${SCHEDULES}`).toBeGreaterThan(0)
})

import type { ConditionalDriver } from '../storage/driver-contract.ts'
import { driverCases } from './conformance/driver.ts'
import type { TestHarness } from './conformance/suite.ts'

/** A database to test. */
export interface ConditionalDriverBackend {
  /** Name in the titles of the tests. */
  name: string
  /** Returns a driver on the database. Each call returns a new one on the same items. It stands for another process. */
  createDriver: () => ConditionalDriver | Promise<ConditionalDriver>
}

/**
 * Defines tests of the contract of {@link ConditionalDriver}. They use random keys, so several suites can share a database.
 *
 * @param harness - `describe` and `it` of vitest or `node:test`, and a function that sets the date
 * @param backend - the driver to test
 * @example
 * ```ts
 * import { describe, it, vi } from 'vitest'
 *
 * vi.useFakeTimers({ toFake: ['Date'] })
 * testConditionalDriver(
 *   { describe, it, setDate: (ms) => vi.setSystemTime(ms) },
 *   { name: 'my driver', createDriver: () => myDriver({ url }) },
 * )
 * ```
 */
export function testConditionalDriver(
  { describe, it, setDate }: TestHarness,
  backend: ConditionalDriverBackend,
): void {
  describe(`conditional driver ${backend.name}`, () => {
    for (const { name, run } of driverCases) {
      it(name, async () => {
        // The real time in whole seconds. A database with its own clock must not expire items too early.
        const start = Math.ceil((performance.timeOrigin + performance.now()) / 1000) * 1000
        const at = (seconds: number): void => void setDate(start + seconds * 1000)
        at(0)
        const [here, there] = [await backend.createDriver(), await backend.createDriver()]
        await run({ at, start, here, there })
      })
    }
  })
}

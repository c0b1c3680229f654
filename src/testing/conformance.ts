import { concurrencyCases } from './conformance/concurrency.ts'
import { lifetimeCases } from './conformance/lifetimes.ts'
import { listingCases } from './conformance/listing.ts'
import { recordCases } from './conformance/records.ts'
import { rotationCases } from './conformance/rotation.ts'
import type { Case, SessionStoreBackend, TestHarness } from './conformance/suite.ts'

export type { SessionStoreBackend, StoreTestOptions, TestHarness } from './conformance/suite.ts'

const CASES: Record<string, readonly Case[]> = {
  records: recordCases,
  'concurrent writers': concurrencyCases,
  rotation: rotationCases,
  lifetimes: lifetimeCases,
  'listing and revoking': listingCases,
}

/**
 * Defines the conformance tests of {@link SessionStore} for a backend. They use random ids, so several suites can share a storage.
 *
 * Call it in a test file. It defines the tests, and the test runner runs them.
 *
 * @param harness - `describe` and `it` of vitest or `node:test`, and a function that sets the date
 * @param backend - the backend to test: its name, and a function that creates stores
 * @example
 * ```ts
 * import { describe, it, vi } from 'vitest'
 *
 * vi.useFakeTimers({ toFake: ['Date'] })
 * const storage = createStorage({ driver: myDriver() })
 * testSessionStore(
 *   { describe, it, setDate: (ms) => vi.setSystemTime(ms) },
 *   { name: 'my driver', createStore: (options) => createSessionStore({ storage, ...options }) },
 * )
 * ```
 * @example
 * ```ts
 * import { describe, it, mock } from 'node:test'
 *
 * mock.timers.enable({ apis: ['Date'] })
 * testSessionStore({ describe, it, setDate: (ms) => mock.timers.setTime(ms) }, backend)
 * ```
 */
export function testSessionStore(harness: TestHarness, backend: SessionStoreBackend): void {
  const { describe, it, setDate } = harness
  for (const cache of [false, { ttl: 10 }] as const) {
    describe(`session store on ${backend.name}, ${cache ? 'cached' : 'not cached'}`, () => {
      for (const [group, cases] of Object.entries(CASES)) {
        describe(group, () => {
          for (const { name, run } of cases) {
            it(name, async () => {
              // The real time in whole seconds. A storage with its own clock must not expire items too early.
              const start = Math.ceil((performance.timeOrigin + performance.now()) / 1000) * 1000
              const at = (seconds: number): void => void setDate(start + seconds * 1000)
              at(0)
              await run({
                at,
                start,
                backend,
                createStore: (options) => backend.createStore({ cache, ...options }),
              })
            })
          }
        })
      }
    })
  }
}

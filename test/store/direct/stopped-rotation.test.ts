import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSessionStore } from '../../../src/index.ts'
import { conditionalDriver } from '../../support/stores/conditional-driver.ts'

const START = 1_900_000_000_000

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(() => void vi.useRealTimers())

/** Rotates a session. The marker is stored, its answer is lost, and the process is stopped for `seconds` until the retry. */
async function rotateWithPause(
  seconds: number,
  cache: false | { ttl: number },
): Promise<{ error: unknown; found: unknown[] }> {
  const driver = conditionalDriver()
  const store = createSessionStore({ storage: driver, cache })
  const record = await store.create({ id: 'old', data: { cart: 'tea' } })
  driver.failNext('write', 'after', 1)
  const goOn = driver.holdNext('write', 1)
  const rotated = store.rotate(record, 'new').then(
    () => undefined,
    (error: unknown) => error,
  )
  await vi.waitUntil(() => driver.history.get('old')?.length === 2, { interval: 1 })
  vi.setSystemTime(START + seconds * 1000)
  goOn()
  const error = await rotated
  const witness = createSessionStore({ storage: driver, cache: false })
  const found = await Promise.all(['old', 'new'].map((id) => witness.load(id, { consistent: true })))
  return { error, found: found.map((each) => each?.data ?? null) }
}

it.each([0, 9, 11, 600])(
  'a rotation that was stopped for %i s after its marker was stored succeeds',
  async (seconds) => {
    for (const cache of [false, { ttl: 10 }] as const)
      expect(await rotateWithPause(seconds, cache)).toEqual({
        error: undefined,
        found: [null, { cart: 'tea' }],
      })
  },
)

it('a rotation that was stopped until its marker expired fails with UNAVAILABLE, and the session is kept', async () => {
  const { error, found } = await rotateWithPause(3600, false)
  expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503 })
  expect(found).toEqual([null, { cart: 'tea' }])
})

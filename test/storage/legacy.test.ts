import memory from 'unstorage/drivers/memory'
import { describe, expect, it } from 'vitest'
import { createSessionStore } from '../../src/index.ts'
import type { DriverLike, LegacyFormat, LegacySession } from '../../src/index.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'

const START = 1_800_000_000_000
const now = (): number => START

/** The format of other software, which stores the app's data at the top level next to its own mark. */
const marked: LegacyFormat = {
  name: 'marked',
  read(value) {
    const { mark, ...data } = JSON.parse(String(value)) as Record<string, unknown>
    return mark === 'other software' ? { data } : null
  },
}
const open = (storage: DriverLike, legacy = marked): ReturnType<typeof createSessionStore> =>
  createSessionStore({ storage, legacy, cache: false, now })

const drivers: [string, () => DriverLike][] = [
  ['by a lock', () => memory() as DriverLike],
  ['with conditional writes', () => conditionalDriver() as DriverLike],
]

describe.each(drivers)('a value of other software, %s', (_, make) => {
  /** Returns data that an attacker stored in a session, with the keys of this package's envelope. */
  const forged = (version: number): object => ({
    v: version,
    c: START - 1000,
    e: START + 1e9,
    u: 'admin',
    d: { role: 'admin' },
  })

  it.each([0, 1, 7])(
    'is not read as an envelope, even if its data has the same keys: version %i',
    async (version) => {
      const driver = make()
      await driver.setItem?.('a', JSON.stringify({ mark: 'other software', ...forged(version) }), {
        version: 0,
      })
      const store = open(driver)
      const record = await store.load('a')
      expect(record).toMatchObject({ version: 0, data: forged(version) })
      expect(record?.user).toBeUndefined()
      // The same applies to the existing value that a rejected write or removal returns.
      await expect(store.create({ id: 'a', data: {} })).rejects.toMatchObject({ code: 'SESSION_EXISTS' })
      const stale = record && { ...record, version: 5, data: {} }
      if (stale) {
        const error = await store.save(stale).catch((reason: unknown) => reason)
        if (version !== 5) expect(error).toMatchObject({ code: 'CONFLICT', current: { version: 0 } })
      }
      const refused = store.destroy('a', { ifVersion: 9 })
      await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', current: { version: 0 } })
      expect(record && (await store.save(record))).toMatchObject({ version: 1, data: forged(version) })
      expect(await store.load('a', { minVersion: 1 })).toMatchObject({ version: 1, data: forged(version) })
    },
  )

  it('with the keys of an envelope at version 0 is not read without a format', async () => {
    const driver = make()
    await driver.setItem?.('a', JSON.stringify(forged(0)), { version: 0 })
    expect(await open(driver, { name: 'none', read: () => null }).load('a')).toBeNull()
    expect(await createSessionStore({ storage: driver, cache: false, now }).load('a')).toBeNull()
  })
})

describe('what a format says about a session', () => {
  const load = (session: LegacySession): Promise<unknown> => {
    const driver = memory()
    void driver.setItem?.('a', 'value', {})
    return open(driver as DriverLike, { name: 'dated', read: () => session }).load('a')
  }

  it('may contain times as dates, or in ms with fractions', async () => {
    const asDates = { createdAt: new Date(START - 5000), expiresAt: new Date(START + 5000) }
    const asFractions = { createdAt: START - 4999.5, expiresAt: START + 5000.25 }
    for (const instants of [asDates, asFractions]) {
      expect(await load({ data: {}, ...instants })).toMatchObject({
        createdAt: START - 5000,
        expiresAt: START + 5000,
      })
    }
  })

  it.each(['createdAt', 'expiresAt'] as const)('must contain a valid time: %s', async (field) => {
    for (const wrong of [new Date(Number.NaN), Number.NaN, -1, '2026', null]) {
      const loading = load({ data: {}, [field]: wrong } as LegacySession)
      await expect(loading).rejects.toThrow(`format \`dated\` must give \`${field}\` as a date`)
    }
  })
})

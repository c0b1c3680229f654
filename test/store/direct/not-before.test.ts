import memory from 'unstorage/drivers/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { createSessionStore } from '../../../src/index.ts'
import type { DriverLike, SessionStore, SessionStoreOptions } from '../../../src/index.ts'
import { adoptSession } from '../../../src/session/adopt.ts'
import { conditionalDriver } from '../../support/stores/conditional-driver.ts'

const START = 1_800_000_000_000
const DAY = 24 * 60 * 60 * 1000

describe('the instant', () => {
  const open = (notBefore: unknown): SessionStore =>
    createSessionStore({ storage: memory() as DriverLike, notBefore: notBefore as number })

  it.each([
    [new Date(START)],
    [START],
    [String(START)],
    [new Date(START).toISOString()],
    ['2027-01-15T09:00:00+01:00'],
  ])('may be %j', (notBefore) => {
    expect(open(notBefore).config.notBefore).toBe(START)
  })

  it.each([
    [START / 1000],
    ['1800000000'],
    ['soon'],
    ['2027'],
    [''],
    [Number.NaN],
    [new Date('x')],
    [null],
    [true],
  ])('must be one, and not %j', (notBefore) => {
    expect(() => open(notBefore)).toThrow('option `notBefore` must be a date, ISO text, or ms')
  })
})

describe.each<[string, () => DriverLike]>([
  ['by a lock', () => memory() as DriverLike],
  ['with conditional writes', () => conditionalDriver() as DriverLike],
])('sessions created before `notBefore`, %s', (_, make) => {
  let now: number
  let driver: DriverLike
  const expired: string[] = []
  const open = (options: Partial<SessionStoreOptions> = {}): SessionStore =>
    createSessionStore({ storage: driver, now: () => now, ...options })
  const ids = async (store: SessionStore, user?: string): Promise<string[]> => {
    const found: string[] = []
    for await (const { id } of store.list({ ...(user !== undefined && { user }) })) found.push(id)
    return found
  }

  beforeEach(() => {
    now = START
    driver = make()
  })

  it('are expired at once, for all methods of a store', async () => {
    const before = open()
    const old = await before.create({ id: 'old', data: {}, user: 'ada', idleTimeout: 1000 })
    const store = open({ notBefore: START + 1, hooks: { expired: ({ keyHash }) => expired.push(keyHash) } })
    now = START + 1
    const young = await store.create({ id: 'young', data: {}, user: 'ada' })

    expect(await store.load('old')).toBeNull()
    expect(expired).toHaveLength(1)
    expect(await store.load('young')).not.toBeNull()
    expect(await ids(store)).toEqual(['young'])
    expect(await ids(store, 'ada')).toEqual(['young'])
    expect(await store.touch(old)).toBeNull()
    await expect(store.save(old)).rejects.toMatchObject({ code: 'SESSION_GONE' })
    await expect(store.rotate(old, 'new')).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await store.load('new')).toBeNull()
    // A continued session is as old as the one that it continues.
    const rotated = await store.rotate(young, 'rotated')
    expect(rotated.createdAt).toBe(START + 1)
    await expect(store.create({ id: 'copy', data: {}, createdAt: START })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
    })
    // The id is free again.
    expect(await store.create({ id: 'old', data: { n: 1 } })).toMatchObject({ data: { n: 1 } })
  })

  it('are live until the instant comes, and no longer, also in memory', async () => {
    const store = open({ notBefore: START + 5000, staleIfError: 60, cache: { ttl: 60 } })
    const record = await store.create({ id: 'a', data: {} })
    now = START + 4999
    expect(await store.load('a')).toMatchObject({ expiresAt: START + 5000 })
    expect(await store.save(record)).toMatchObject({ version: 2 })
    now = START + 5000
    expect(await store.load('a')).toBeNull()
    for (const method of ['getItem', 'getItemRaw'])
      Object.assign(driver, { [method]: () => Promise.reject(new Error('down')) })
    await expect(store.load('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('are removed by `clearExpired` where the store does that itself', async () => {
    if ('deleteItem' in driver) return
    await open().create({ id: 'old', data: {} })
    now = START + DAY
    const result = await open({ notBefore: START + 1 }).clearExpired()
    expect(result).toMatchObject({ scanned: 1, deleted: 1 })
  })

  it('are not adopted, and sessions that were adopted before are not adopted again', async () => {
    const adopt = (store: SessionStore, createdAt?: number, key = 'k'): Promise<unknown> =>
      adoptSession(
        { store } as never,
        {
          key,
          read: async () => ({ data: { n: 1 }, ...(createdAt !== undefined && { createdAt }) }),
          end: async () => {},
        } as never,
      )
    expect(await adopt(open(), START)).not.toBeNull()
    const store = open({ notBefore: START + 1 })
    now = START + DAY
    // The claim still says that this session was taken over.
    expect(await adopt(store, START + DAY)).toBeNull()
    expect(await adopt(store, START, 'other')).toBeNull()
    expect(await adopt(store, undefined, 'unknown age')).toBeNull()
    expect(await adopt(store, START + 1, 'young')).not.toBeNull()
  })

  it('are expired in formats of other software, also when their age is not known', async () => {
    const legacy = (createdAt?: number) => ({
      name: 'other',
      read: () => ({ data: {}, ...(createdAt !== undefined && { createdAt }) }),
    })
    await driver.setItem?.('a', 'value', { version: 0 })
    expect(await open({ legacy: legacy(START) }).load('a')).not.toBeNull()
    now = START + DAY
    const notBefore = START + 1
    expect(await open({ notBefore, legacy: legacy(START) }).load('a')).toBeNull()
    expect(await open({ notBefore, legacy: legacy() }).load('a')).toBeNull()
    expect(await open({ notBefore, legacy: legacy(START + 1) }).load('a')).not.toBeNull()
    expect(await open({ legacy: legacy() }).load('a')).not.toBeNull()
  })
})

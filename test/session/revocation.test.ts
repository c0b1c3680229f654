import fc from 'fast-check'
import { createStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import {
  announce,
  type Binding,
  formatUser,
  isUserKey,
  lineOf,
  parseUser,
  revoke,
  standing,
  userKey,
} from '../../src/session/user-record.ts'
import { type ConditionalDriver, conditionalDriver } from '../support/conditional-driver.ts'

const START = 1_800_000_000_000
const HOUR = 60 * 60
const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)
const turns = async (count = 4): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

let driver: ConditionalDriver
let store: SessionStore

/** Keys that the index shows. */
let indexed: Set<string>

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  at(0)
  indexed = new Set()
  driver = conditionalDriver()
  driver.listUser = async function* () {
    for (const key of indexed) {
      const value = driver.history.get(key)?.at(-1)?.value
      if (value !== undefined) yield { key, value }
    }
  }
  store = createSessionStore({ storage: driver, cache: false })
})

const idsOf = async (user: string): Promise<string[]> => {
  const ids: string[] = []
  for await (const { id } of store.list({ user })) ids.push(id)
  return ids.toSorted()
}

describe('signing out everywhere', () => {
  it('ends what no index shows yet, however it became the user’s', async () => {
    await store.create({ id: 'created', data: {}, user: 'ada' })
    const saved = await store.create({ id: 'saved', data: {} })
    await store.save({ ...saved, data: {}, user: 'ada' })
    const moved = await store.create({ id: 'old', data: {}, user: 'ada' })
    await store.rotate(moved, 'moved')
    await store.create({ id: 'other', data: {}, user: 'bob' })
    expect(await store.destroyAll({ user: 'ada' })).toBe(3)
    for (const id of ['created', 'saved', 'moved']) expect(await store.load(id)).toBeNull()
    expect(await store.load('other')).not.toBeNull()
  })

  it.each([
    ['is still to come', 0],
    ['has just come', 1],
  ])('refuses a sign-in whose write %s', async (_, writes) => {
    const release = driver.holdNext('write', writes)
    const signingIn = store.create({ id: 'a', data: {}, user: 'ada' })
    await turns(12)
    await store.destroyAll({ user: 'ada' })
    release()
    await expect(signingIn).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await store.load('a')).toBeNull()
  })

  it('spares a session under the new id that it gets', async () => {
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    await store.create({ id: 'b', data: {}, user: 'ada' })
    await store.rotate(record, 'c')
    indexed = new Set(['b', 'c'])
    expect(await store.destroyAll({ user: 'ada', except: 'a' })).toBe(1)
    expect(await idsOf('ada')).toEqual(['c'])
  })

  it('ends a session whose new id nobody lists', async () => {
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    at(2 * HOUR)
    // It gets it while an index is asked that knows neither.
    driver.listUser = async function* () {
      await store.rotate(record, 'b')
      yield* []
    }
    await store.destroyAll({ user: 'ada' })
    for (const id of ['a', 'b']) expect(await store.load(id)).toBeNull()
  })

  it('is done again after a failure, and still finds everybody', async () => {
    await store.create({ id: 'a', data: {}, user: 'ada' })
    driver.failNext('delete', 'before')
    await expect(store.destroyAll({ user: 'ada' })).rejects.toThrow('no answer')
    expect(await store.destroyAll({ user: 'ada' })).toBe(1)
    expect(await store.load('a')).toBeNull()
  })

  it('leaves alone who had the id that somebody tried to make', async () => {
    await store.create({ id: 'a', data: {}, user: 'bob' })
    await expect(store.create({ id: 'a', data: {}, user: 'ada' })).rejects.toMatchObject({
      code: 'SESSION_EXISTS',
    })
    expect(await store.destroyAll({ user: 'ada' })).toBe(0)
    expect(await store.load('a')).not.toBeNull()
  })
})

describe('binding', () => {
  it('costs a write and two strong reads, and nothing where the user stays', async () => {
    const record = await store.create({ id: 'a', data: {} })
    expect(driver.calls.splice(0)).toEqual(['write'])
    const bound = await store.save({ ...record, data: {}, user: 'ada' })
    expect(driver.calls.splice(0)).toEqual(['strong read', 'write', 'write', 'strong read'])
    const moved = await store.rotate(bound, 'b')
    expect(driver.calls.splice(0)).toEqual(['strong read', 'write', 'write', 'strong read', 'write'])
    await store.save({ ...moved, data: { n: 1 } })
    await store.load('b')
    expect(driver.calls.splice(0)).toEqual(['write', 'read'])
  })

  it('shows at once in the list of the user’s devices', async () => {
    await store.create({ id: 'a', data: {}, user: 'ada' })
    expect(await idsOf('ada')).toEqual(['a'])
    indexed = new Set(['a'])
    expect(await idsOf('ada')).toEqual(['a'])
  })

  it('of many at once misses none', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `s${i}`)
    await Promise.all(ids.map((id) => store.create({ id, data: {}, user: 'ada' })))
    expect(await idsOf('ada')).toEqual(ids.toSorted())
  })
})

describe('a user’s record', () => {
  it('is no session: neither listed nor swept before its time', async () => {
    const storage = createStorage({ driver: memory() })
    store = createSessionStore({ storage, cache: false })
    await store.create({ id: 'a', data: {}, user: 'ada', idleTimeout: 60 })
    const all: string[] = []
    for await (const { id } of store.list()) all.push(id)
    expect(all).toEqual(['a'])
    at(HOUR)
    await store.clearExpired()
    expect(await storage.getKeys()).toEqual([userKey('ada')])
    at(24 * HOUR + 60)
    await store.clearExpired()
    expect(await storage.getKeys()).toEqual([])
  })

  it('has a key that names nobody, and that no session can have', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(isUserKey(userKey(one))).toBe(true)
        expect(userKey(one) === userKey(other)).toBe(one === other)
        expect(userKey(one)).not.toMatch(/^[\w-]*$/)
      }),
    )
  })

  const id = fc.stringMatching(/^[a-e]$/)
  const step = fc.record({ id, from: fc.option(id, { nil: undefined }), isEnd: fc.boolean() })

  it('says who stands: those announced since all were taken back', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let bindings: readonly Binding[] = []
        let standingNow = new Set<string>()
        for (const [now, { id: each, from, isEnd }] of steps.entries()) {
          if (isEnd) {
            const spared = lineOf(bindings, each)
            const chosen = bindings.filter((binding) => !spared.has(binding.id))
            bindings = revoke(bindings, chosen) ?? bindings
            standingNow = new Set([...standingNow].filter((other) => spared.has(other)))
          } else {
            bindings = announce(bindings, { id: each, from }, now) ?? bindings
            standingNow.add(each)
          }
          const { value } = formatUser({ version: 1, createdAt: 0, bindings }, now)
          expect(parseUser(value, now)?.bindings).toEqual(JSON.parse(JSON.stringify(bindings)))
          for (const other of ['a', 'b', 'c', 'd', 'e'])
            expect(standing(bindings, other) !== undefined).toBe(standingNow.has(other))
        }
      }),
    )
  })

  it('is bounded, in number and in time', () => {
    let bindings: readonly Binding[] = []
    for (let i = 0; i < 200; i++) bindings = announce(bindings, { id: `s${i}` }, START) ?? bindings
    expect(bindings.map((binding) => binding.id)).toEqual(
      Array.from({ length: 100 }, (_, i) => `s${i + 100}`),
    )
    const { value } = formatUser({ version: 1, createdAt: START, bindings }, START)
    expect(parseUser(value, START + HOUR * 1000 - 1)?.bindings).toHaveLength(100)
    expect(parseUser(value, START + HOUR * 1000)?.bindings).toEqual([])
  })

  it('that somebody has garbled is as none', () => {
    for (const value of [
      '',
      '{',
      '[]',
      '{"v":1,"c":0,"e":1,"d":7}',
      '{"v":1,"c":0,"e":1,"d":{"bindings":[{"id":"a:b"},3]}}',
    ])
      expect(parseUser(value, START)?.bindings ?? []).toEqual([])
  })
})

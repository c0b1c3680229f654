import fc from 'fast-check'
import { createStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessionStore, type SessionStore } from '../../../src/index.ts'
import {
  bindingKey,
  bindingKeys,
  endOfItems,
  formatBinding,
  isKeyOf,
  isUserKey,
  judge,
  sessionLineage,
  parseBindings,
  recentKeys,
  markOne,
  markAll,
} from '../../../src/store/users/bindings.ts'
import { formatSets, mergeSets, parseSets } from '../../../src/format/user-sets.ts'
import { type TestDriver, conditionalDriver } from '../../support/stores/conditional-driver.ts'

const START = 1_800_000_000_000
const HOUR = 60 * 60
const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)
const turns = async (count = 4): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

let driver: TestDriver
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
  it('destroys sessions that no index contains yet, however they were bound', async () => {
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
    ['is still to come', 'add'],
    ['has just come', 'write'],
  ])('refuses a sign-in whose write %s', async (_, call) => {
    const release = driver.holdNext(call)
    const signingIn = store.create({ id: 'a', data: {}, user: 'ada' })
    await turns(12)
    await store.destroyAll({ user: 'ada' })
    release()
    await expect(signingIn).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await store.load('a')).toBeNull()
  })

  it('keeps the session `except` under its new id', async () => {
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    await store.create({ id: 'b', data: {}, user: 'ada' })
    await store.rotate(record, 'c')
    indexed = new Set(['b', 'c'])
    expect(await store.destroyAll({ user: 'ada', except: 'a' })).toBe(1)
    expect(await idsOf('ada')).toEqual(['c'])
  })

  it('keeps the session `except` while it gets a new id, and refuses the rotation of another session', async () => {
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    const other = await store.create({ id: 'b', data: {}, user: 'ada' })
    const releases = [driver.holdNext('write')]
    const spared = store.rotate(record, 'c')
    await turns(12)
    releases.push(driver.holdNext('write'))
    const refused = store.rotate(other, 'd')
    await turns(12)
    indexed = new Set(['a', 'b', 'c', 'd'])
    const all = store.destroyAll({ user: 'ada', except: 'a' })
    await turns(200)
    for (const release of releases) release()
    expect((await spared).id).toBe('c')
    await expect(refused).rejects.toMatchObject({ code: 'SESSION_GONE' })
    await all
    expect(await idsOf('ada')).toEqual(['c'])
  })

  it('destroys a session whose new id is in no list', async () => {
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

  it('can be called again after a failure, and misses no session', async () => {
    await store.create({ id: 'a', data: {}, user: 'ada' })
    driver.failNext('delete', 'before')
    await expect(store.destroyAll({ user: 'ada' })).rejects.toThrow('no answer')
    expect(await store.destroyAll({ user: 'ada' })).toBe(1)
    expect(await store.load('a')).toBeNull()
  })

  it('does not destroy the session that already had the id of a refused create', async () => {
    await store.create({ id: 'a', data: {}, user: 'bob' })
    await expect(store.create({ id: 'a', data: {}, user: 'ada' })).rejects.toMatchObject({
      code: 'SESSION_EXISTS',
    })
    expect(await store.destroyAll({ user: 'ada' })).toBe(0)
    expect(await store.load('a')).not.toBeNull()
  })
})

describe('binding', () => {
  it('costs a write and a strongly consistent read, and nothing when the user stays the same', async () => {
    const record = await store.create({ id: 'a', data: {} })
    expect(driver.calls.splice(0)).toEqual(['write'])
    const bound = await store.save({ ...record, data: {}, user: 'ada' })
    expect(driver.calls.splice(0)).toEqual(['add', 'write', 'get sets'])
    const moved = await store.rotate(bound, 'b')
    expect(driver.calls.splice(0)).toEqual(['add', 'write', 'get sets', 'write'])
    await store.save({ ...moved, data: { n: 1 } })
    await store.load('b')
    expect(driver.calls.splice(0)).toEqual(['write', 'read'])
  })

  it('is in the list of the user’s sessions at once', async () => {
    await store.create({ id: 'a', data: {}, user: 'ada' })
    expect(await idsOf('ada')).toEqual(['a'])
    indexed = new Set(['a'])
    expect(await idsOf('ada')).toEqual(['a'])
  })

  it('of many sessions at once misses none', async () => {
    const ids = Array.from({ length: 200 }, (_, i) => `s${i}`)
    await Promise.all(ids.map((id) => store.create({ id, data: {}, user: 'ada' })))
    expect(driver.calls.filter((call) => call !== 'write').toSorted()).toEqual([
      ...ids.map(() => 'add'),
      ...ids.map(() => 'get sets'),
    ])
    expect(await idsOf('ada')).toEqual(ids.toSorted())
    expect(await store.destroyAll({ user: 'ada' })).toBe(200)
    expect(await idsOf('ada')).toEqual([])
  })
})

describe('the bindings of a user', () => {
  it('are no sessions: they are neither listed nor deleted before they expire', async () => {
    const storage = createStorage({ driver: memory() })
    store = createSessionStore({ storage, cache: false })
    await store.create({ id: 'a', data: {}, user: 'ada', idleTimeout: 60 })
    const all: string[] = []
    for await (const { id } of store.list()) all.push(id)
    expect(all).toEqual(['a'])
    at(10 * 60)
    await store.clearExpired()
    expect(await storage.getKeys()).toEqual([bindingKey('ada', 'a', START)])
    at(20 * 60 + 60)
    await store.clearExpired()
    expect(await storage.getKeys()).toEqual([])
  })

  it('have keys that contain no user name, and that no session can have', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.stringMatching(/^[\w-]{1,20}$/), (one, other, id) => {
        const key = bindingKey(one, id, START)
        expect(isUserKey(key)).toBe(true)
        expect(isKeyOf(one, key)).toBe(true)
        expect(isKeyOf(other, key)).toBe(one === other)
        expect(key).not.toMatch(/^[\w-]*$/)
        expect(key).not.toContain(`.${id}.`)
      }),
    )
  })

  it('are found for at least five minutes, also by a clock with an error of five minutes', () => {
    const minute = 60_000
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 * minute }), fc.stringMatching(/^[a-z]{8}$/), (ms, id) => {
        const now = START + ms
        for (const off of [-5 * minute, 0, 5 * minute]) {
          expect(recentKeys('ada', now)).toContain(bindingKey('ada', id, now + off))
          expect(bindingKeys('ada', id, now)).toContain(bindingKey('ada', id, now + off))
        }
        expect(endOfItems(now)).toBeGreaterThan(now + 15 * minute)
      }),
    )
  })

  const name = fc.stringMatching(/^[\w-]{1,12}$/)
  const binding = fc.oneof(
    fc.record({ id: name }),
    fc.record({ id: name, from: name, isTheirs: fc.boolean() }),
  )

  it('read as they were written', () => {
    fc.assert(
      fc.property(fc.array(binding), fc.array(name), (bindings, ids) => {
        const entries = bindings.map(formatBinding)
        expect(parseBindings(entries)).toEqual(bindings)
        const sets = mergeSets({ bindings: [], marks: [] }, { bindings: entries, marks: ids.map(markOne) })
        expect(parseSets(formatSets(sets, START))).toEqual(sets)
      }),
    )
  })

  it('are refused by marks for all sessions, for one, and for all except one session and its rotations', () => {
    fc.assert(
      fc.property(name, name, (id, other) => {
        expect(judge([markAll(undefined)], id)).toEqual({ isRevoked: true, unlessContinues: [] })
        expect(judge([markOne(other)], id).isRevoked).toBe(id === other)
        expect(judge([markAll(other)], id)).toEqual({ isRevoked: false, unlessContinues: [other] })
        expect(judge([], id)).toEqual({ isRevoked: false, unlessContinues: [] })
      }),
    )
    const bindings = [{ id: 'c', from: 'b' }, { id: 'b', from: 'a' }, { id: 'x' }, { id: 'y', from: 'x' }]
    expect([...sessionLineage(bindings, 'a')].toSorted()).toEqual(['a', 'b', 'c'])
    expect([...sessionLineage(bindings, undefined)]).toEqual([])
  })

  it('that are malformed are ignored', () => {
    for (const value of [
      '',
      '{',
      '[]',
      '{"v":1,"c":0,"e":1,"d":7}',
      '{"v":1,"c":0,"e":1,"d":{"bindings":3}}',
    ])
      expect(parseSets(value)).toEqual({ bindings: [], marks: [] })
    expect(parseBindings(['a:b', '', 'a<', '<a', 'a=b=c'])).toEqual([])
    expect(judge(['', '?x.a', '*'], 'a')).toEqual({ isRevoked: false, unlessContinues: [] })
  })
})

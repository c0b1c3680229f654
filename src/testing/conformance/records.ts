import assert from 'node:assert/strict'
import { type Case, freshId, expectNoSession, loadLive } from './suite.ts'

/** Keys and strings that parsers between a store and its storage may change. */
const AWKWARD: Record<string, unknown> = JSON.parse(
  `{"":"","a.b":[],"nested":{"deep":[{"er":null},[[]],{}]},"text":"{\\"a\\":1}","bool":"true","nil":"null","num":"1e3",
  "raw":"base64:AAAA","uni":"\u{1F510}\\u0000\\ud800é","zero":0,"minus":-1.5e-7,"max":9007199254740991,
  "constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1},"__proto__":{"polluted":1}}`,
)

export const recordCases: readonly Case[] = [
  {
    name: 'returns the record that was created',
    async run({ createStore, start }) {
      const id = freshId()
      const created = await (
        await createStore()
      ).create({ id, data: { cart: ['tea'] }, user: 'ada', idleTimeout: 60 })
      const record = await loadLive(await createStore(), id)
      for (const each of [created, record]) {
        assert.deepEqual(each.data, { cart: ['tea'] })
        assert.equal(each.version, 1)
        assert.equal(each.createdAt, start)
        assert.equal(each.expiresAt, start + 60_000)
        assert.equal(each.idleTimeout, 60)
        assert.equal(each.user, 'ada')
      }
    },
  },
  {
    name: 'refuses to create an id that exists, and does not change the session',
    async run({ createStore }) {
      const store = await createStore()
      const id = freshId()
      await store.create({ id, data: { first: true } })
      await assert.rejects(store.create({ id, data: { second: true } }), { code: 'SESSION_EXISTS' })
      assert.deepEqual((await loadLive(store, id)).data, { first: true })
    },
  },
  {
    name: 'returns no session for an unknown or malformed id',
    async run({ createStore }) {
      const store = await createStore()
      for (const id of [freshId(), '', 'a:b', '../a', 'a/b', '$', 'é', 'x'.repeat(129)]) {
        await expectNoSession(store, id)
        assert.equal(await store.destroy(id), false)
      }
      await assert.rejects(store.create({ id: 'a:b', data: {} }), { code: 'INVALID_KEY' })
    },
  },
  {
    name: 'keeps data with any keys exactly, and does not change a prototype',
    async run({ createStore }) {
      const id = freshId()
      const created = await (await createStore()).create({ id, data: AWKWARD })
      const record = await loadLive(await createStore(), id)
      for (const data of [created.data, record.data, record.original]) {
        assert.equal(JSON.stringify(data), JSON.stringify(AWKWARD))
        assert.equal(Object.getPrototypeOf(data), Object.prototype)
      }
      assert.equal(Reflect.get({}, 'polluted'), undefined)
    },
  },
  {
    name: 'keeps 100 KB',
    async run({ createStore }) {
      const id = freshId()
      const data = { text: 'ö'.repeat(50 * 1024) }
      await (await createStore()).create({ id, data })
      assert.deepEqual((await loadLive(await createStore(), id)).data, data)
    },
  },
  {
    name: 'gives each caller its own copy of the data',
    async run({ createStore }) {
      const store = await createStore()
      const id = freshId()
      const data = { list: [1] }
      const created = await store.create({ id, data })
      data.list.push(2)
      created.data.list.push(3)
      const first = await store.load<typeof data>(id)
      assert.deepEqual(first?.data, { list: [1] })
      first.data.list.push(4)
      const second = await loadLive(store, id)
      assert.deepEqual(second.data, { list: [1] })
      assert.deepEqual(second.original, { list: [1] })
    },
  },
  {
    name: 'refuses data that JSON cannot represent, and stores nothing',
    async run({ createStore }) {
      const store = await createStore()
      const id = freshId()
      const cyclic: Record<string, unknown> = {}
      cyclic['self'] = cyclic
      for (const data of [cyclic, { big: 1n }, { toJSON: () => [] }]) {
        await assert.rejects(store.create({ id, data }), { code: 'INVALID_VALUE' })
      }
      await expectNoSession(store, id)
    },
  },
  {
    name: 'saves the data at the next version, and all instances see it',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: { n: 1 }, user: 'ada' })
      await loadLive(there, id)
      record.data.n = 2
      record.user = 'bob'
      const saved = await here.save(record)
      assert.equal(saved.version, 2)
      assert.deepEqual(saved.original, { n: 2 })
      const seen = await loadLive(there, id, { minVersion: 2 })
      assert.equal(seen.version, 2)
      assert.deepEqual(seen.data, { n: 2 })
      assert.equal(seen.user, 'bob')
      assert.equal(seen.createdAt, record.createdAt)
    },
  },
  {
    name: 'returns the result of a strongly consistent read even if it is older than the token',
    async run({ createStore }) {
      const id = freshId()
      await (await createStore()).create({ id, data: {} })
      assert.equal((await loadLive(await createStore(), id, { minVersion: 7 })).version, 1)
    },
  },
  {
    name: 'destroys a session permanently',
    async run({ createStore }) {
      const store = await createStore()
      const id = freshId()
      const record = await store.create({ id, data: { secret: 1 } })
      assert.equal(await store.destroy(id), true)
      assert.equal(await store.destroy(id), false)
      await assert.rejects(store.save(record), { code: 'SESSION_GONE' })
      assert.equal(await store.touch(record), null)
      for (const each of [store, await createStore()]) await expectNoSession(each, id)
    },
  },
  {
    name: 'destroys a session only at the given version',
    async run({ createStore }) {
      const store = await createStore()
      const id = freshId()
      const saved = await store.save(await store.create({ id, data: {} }))
      await assert.rejects(store.destroy(id, { ifVersion: 1 }), { code: 'CONFLICT' })
      assert.equal((await loadLive(store, id, { minVersion: 2 })).version, 2)
      assert.equal(await store.destroy(id, { ifVersion: saved.version }), true)
      assert.equal(await store.destroy(id, { ifVersion: saved.version }), false)
    },
  },
  {
    name: 'rotates a session to another id',
    async run({ createStore }) {
      const store = await createStore()
      const [oldId, newId] = [freshId(), freshId()]
      const record = await store.create({ id: oldId, data: { cart: ['tea'] }, idleTimeout: 60 })
      record.user = 'ada'
      const rotated = await store.rotate(record, newId)
      assert.equal(rotated.id, newId)
      assert.equal(rotated.user, 'ada')
      const seen = await loadLive(await createStore(), newId, { minVersion: rotated.version })
      assert.deepEqual(seen.data, { cart: ['tea'] })
      assert.equal(seen.createdAt, record.createdAt)
      assert.equal(seen.idleTimeout, 60)
      for (const each of [store, await createStore()]) await expectNoSession(each, oldId)
    },
  },
  {
    name: 'does not rotate a destroyed session',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create({ id: oldId, data: {} })
      await there.destroy(oldId)
      await assert.rejects(here.rotate(record, newId), { code: 'SESSION_GONE' })
      await expectNoSession(there, newId)
    },
  },
]

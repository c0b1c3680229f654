import assert from 'node:assert/strict'
import { type Case, freshId, gone, loaded } from './suite.ts'

/** Later than anything that a case does. */
const LATER = Number.MAX_SAFE_INTEGER

const GONE = { code: 'SESSION_GONE' }

export const rotationCases: readonly Case[] = [
  {
    name: 'keeps the leases of a session, and gives it none under a new id',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const created = await here.create({ id: oldId, data: {} })
      const leases = [{ name: 'work', holder: 'somebody', until: start + 10_000 }]
      const saved = await here.save({ ...created, leases, data: {} })
      assert.deepEqual((await loaded(there, oldId, { minVersion: 2 })).leases, leases)
      const again = await there.save({ ...saved, data: { n: 1 } })
      assert.deepEqual((await loaded(here, oldId, { minVersion: 3 })).leases, leases)
      at(10)
      await there.rotate(again, newId)
      assert.equal((await loaded(here, newId)).leases, undefined)
    },
  },
  {
    name: 'tells requests with the old id for 10 s, on every instance',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId)
      at(9.999)
      for (const store of [here, there, await createStore()]) {
        await assert.rejects(store.load(oldId, { since: start, minVersion: LATER }), GONE)
        await assert.rejects(store.load(oldId, { since: start + 9999, minVersion: LATER }), GONE)
        await gone(store, oldId)
      }
      at(10)
      for (const store of [here, there, await createStore()]) {
        assert.equal(await store.load(oldId, { since: start + 10_000, minVersion: LATER }), null)
      }
    },
  },
  {
    name: 'tells requests that began before a session was destroyed, on the same instance',
    async run({ createStore, at, start }) {
      const store = await createStore()
      const id = freshId()
      await store.create({ id, data: {} })
      at(5)
      await store.destroy(id)
      at(70)
      await assert.rejects(store.load(id, { since: start + 4999 }), GONE)
      assert.equal(await store.load(id, { since: start + 5000 }), null)
      assert.equal(await store.load(id), null)
    },
  },
  {
    name: 'tells requests that began before all sessions of a user were destroyed',
    async run({ createStore, at, start }) {
      const store = await createStore()
      const [id, user] = [freshId(), freshId()]
      await store.create({ id, data: {}, user })
      at(5)
      await store.destroyAll({ user })
      await assert.rejects(store.load(id, { since: start + 4999 }), GONE)
      assert.equal(await store.load(id, { since: start + 5000 }), null)
    },
  },
  {
    name: 'takes unknown and expired sessions for no reason to fail',
    async run({ createStore, at, start }) {
      const store = await createStore({ idleTimeout: 60 })
      const id = freshId()
      await store.create({ id, data: {} })
      assert.equal(await store.load(freshId(), { since: start }), null)
      at(60)
      assert.equal(await store.load(id, { since: start }), null)
    },
  },
  {
    name: 'lets a stale cookie sign out and in again, whatever a rotation has left behind',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId)
      await assert.rejects(there.load(oldId, { since: start, minVersion: LATER }), GONE)
      at(1)
      assert.equal(await here.destroy(oldId), false)
      for (const store of [here, there, await createStore()])
        assert.equal(await store.load(oldId, { since: start + 1000, minVersion: LATER }), null)
      await assert.rejects(here.load(oldId, { since: start + 999 }), GONE)
      assert.equal((await loaded(there, newId)).id, newId)
    },
  },
  {
    name: 'leads from the old id to the new session for the time of the grace',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create({ id: oldId, data: { n: 1 } })
      const saved = await here.save(await here.rotate(record, newId, { grace: 30 }))
      at(29.999)
      for (const store of [here, there, await createStore()]) {
        const found = await store.load(oldId, { since: start, minVersion: LATER })
        assert.equal(found?.id, newId)
        assert.deepEqual(found.data, { n: 1 })
      }
      const found = await there.load<{ n: number }>(oldId, { minVersion: LATER })
      assert.ok(found)
      found.data.n = 2
      assert.equal((await there.save(found)).version, saved.version + 1)
      at(30)
      for (const store of [here, there, await createStore()]) {
        await gone(store, oldId)
        assert.equal(await store.load(oldId, { since: start + 30_000, minVersion: LATER }), null)
      }
    },
  },
  {
    name: 'leads through several rotations',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, nextId, newId] = [freshId(), freshId(), freshId()]
      const next = await here.rotate(await here.create({ id: oldId, data: {} }), nextId, { grace: 30 })
      await here.rotate(next, newId, { grace: 30 })
      for (const store of [here, there])
        assert.equal((await store.load(oldId, { minVersion: LATER }))?.id, newId)
    },
  },
  {
    name: 'leads to no session that was destroyed',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId, { grace: 30 })
      at(1)
      assert.equal(await there.destroy(newId), true)
      const fresh = await createStore()
      for (const store of [there, fresh]) {
        await gone(store, oldId)
        await assert.rejects(store.load(oldId, { since: start + 1000, minVersion: LATER }), GONE)
      }
    },
  },
  {
    name: 'destroys the new session by the old id during the grace, and not after it',
    async run({ createStore, at }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create({ id: oldId, data: {} })
      await here.rotate(record, newId, { grace: 30 })
      assert.equal(await there.destroy(oldId), true)
      for (const id of [oldId, newId]) for (const store of [there, await createStore()]) await gone(store, id)
      const [laterId, lastId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: laterId, data: {} }), lastId, { grace: 5 })
      at(5)
      assert.equal(await there.destroy(laterId), false)
      assert.equal((await loaded(there, lastId)).id, lastId)
    },
  },
  {
    name: 'refuses a grace that is no number of seconds, and rotates nothing',
    async run({ createStore }) {
      const store = await createStore()
      const record = await store.create({ id: freshId(), data: {} })
      for (const grace of [-1, Number.NaN, 3601, Infinity])
        await assert.rejects(store.rotate(record, freshId(), { grace }), { code: 'INVALID_OPTION' })
      assert.equal((await loaded(store, record.id)).version, 1)
    },
  },
  {
    name: 'takes what a rotation leaves behind for no session',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId, user] = [freshId(), freshId(), freshId()]
      const record = await here.create({ id: oldId, data: {}, user })
      await here.rotate(record, newId, { grace: 30 })
      for (const store of [here, there]) {
        // A listing may lag behind, and show the session as it was before.
        for (const options of [{ user }, {}])
          for await (const { id, version } of store.list(options)) if (id === oldId) assert.equal(version, 1)
        await assert.rejects(store.save(record), GONE)
        await assert.rejects(store.rotate(record, freshId()), GONE)
        assert.equal(await store.touch(record), null)
      }
      assert.equal(await there.destroyAll({ user }), 1)
      await gone(there, oldId)
    },
  },
  {
    name: 'clears what a rotation leaves behind, once it has no meaning',
    async run({ createStore, at, backend }) {
      if (backend.clearsExpired === false) return
      const store = await createStore()
      const [oldId, newId] = [freshId(), freshId()]
      await store.rotate(await store.create({ id: oldId, data: {} }), newId, { grace: 90 })
      at(89)
      await store.clearExpired({ grace: 0 })
      assert.equal((await (await createStore()).load(oldId, { minVersion: LATER }))?.id, newId)
      at(90)
      assert.ok((await store.clearExpired({ grace: 0 })).deleted >= 1)
      assert.equal((await store.clearExpired({ grace: 0 })).deleted, 0)
    },
  },
  {
    name: 'reads past the cache where that is asked for',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: { n: 1 } })
      await loaded(there, id)
      await here.save({ ...record, data: { n: 2 } })
      assert.deepEqual((await loaded(there, id, { consistent: true })).data, { n: 2 })
      await here.destroy(id)
      assert.equal(await there.load(id, { consistent: true }), null)
    },
  },
]

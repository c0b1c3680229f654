import assert from 'node:assert/strict'
import { type Case, freshId, expectNoSession, loadLive } from './suite.ts'

/** A version higher than any in a case. As `minVersion` it makes a read strongly consistent. */
const HIGHEST = Number.MAX_SAFE_INTEGER

const GONE = { code: 'SESSION_GONE' }

export const rotationCases: readonly Case[] = [
  {
    name: 'keeps the leases of a session, and drops them when it gets a new id',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const created = await here.create({ id: oldId, data: {} })
      const leases = [{ name: 'work', holder: 'somebody', until: start + 10_000 }]
      const saved = await here.save({ ...created, leases, data: {} })
      assert.deepEqual((await loadLive(there, oldId, { minVersion: 2 })).leases, leases)
      const again = await there.save({ ...saved, data: { n: 1 } })
      assert.deepEqual((await loadLive(here, oldId, { minVersion: 3 })).leases, leases)
      at(10)
      await there.rotate(again, newId)
      assert.equal((await loadLive(here, newId)).leases, undefined)
    },
  },
  {
    name: 'reports a rotation to requests with the old id for 10 s, on each instance',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId)
      at(9.999)
      for (const store of [here, there, await createStore()]) {
        await assert.rejects(store.load(oldId, { since: start, minVersion: HIGHEST }), GONE)
        await assert.rejects(store.load(oldId, { since: start + 9999, minVersion: HIGHEST }), GONE)
        await expectNoSession(store, oldId)
      }
      at(10)
      for (const store of [here, there, await createStore()]) {
        assert.equal(await store.load(oldId, { since: start + 10_000, minVersion: HIGHEST }), null)
      }
    },
  },
  {
    name: 'reports a destroyed session to requests that began before, on the same instance',
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
    name: 'reports to requests that began before that all sessions of a user were destroyed',
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
    name: 'reports no error for unknown and expired sessions',
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
    name: 'lets a client with an old cookie sign out and in again after a rotation',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId)
      await assert.rejects(there.load(oldId, { since: start, minVersion: HIGHEST }), GONE)
      at(1)
      assert.equal(await here.destroy(oldId), false)
      for (const store of [here, there, await createStore()])
        assert.equal(await store.load(oldId, { since: start + 1000, minVersion: HIGHEST }), null)
      await assert.rejects(here.load(oldId, { since: start + 999 }), GONE)
      assert.equal((await loadLive(there, newId)).id, newId)
    },
  },
  {
    name: 'returns the new session for the old id during the grace period',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create({ id: oldId, data: { n: 1 } })
      const saved = await here.save(await here.rotate(record, newId, { grace: 30 }))
      at(29.999)
      for (const store of [here, there, await createStore()]) {
        const found = await store.load(oldId, { since: start, minVersion: HIGHEST })
        assert.equal(found?.id, newId)
        assert.deepEqual(found.data, { n: 1 })
      }
      const found = await there.load<{ n: number }>(oldId, { minVersion: HIGHEST })
      assert.ok(found)
      found.data.n = 2
      assert.equal((await there.save(found)).version, saved.version + 1)
      at(30)
      for (const store of [here, there, await createStore()]) {
        await expectNoSession(store, oldId)
        assert.equal(await store.load(oldId, { since: start + 30_000, minVersion: HIGHEST }), null)
      }
    },
  },
  {
    name: 'follows several rotations',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, nextId, newId] = [freshId(), freshId(), freshId()]
      const next = await here.rotate(await here.create({ id: oldId, data: {} }), nextId, { grace: 30 })
      await here.rotate(next, newId, { grace: 30 })
      for (const store of [here, there])
        assert.equal((await store.load(oldId, { minVersion: HIGHEST }))?.id, newId)
    },
  },
  {
    name: 'returns no session for the old id after the new session was destroyed',
    async run({ createStore, at, start }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: oldId, data: {} }), newId, { grace: 30 })
      at(1)
      assert.equal(await there.destroy(newId), true)
      const fresh = await createStore()
      for (const store of [there, fresh]) {
        await expectNoSession(store, oldId)
        await assert.rejects(store.load(oldId, { since: start + 1000, minVersion: HIGHEST }), GONE)
      }
    },
  },
  {
    name: 'destroys the new session by the old id during the grace period, and not after it',
    async run({ createStore, at }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create({ id: oldId, data: {} })
      await here.rotate(record, newId, { grace: 30 })
      assert.equal(await there.destroy(oldId), true)
      for (const id of [oldId, newId])
        for (const store of [there, await createStore()]) await expectNoSession(store, id)
      const [laterId, lastId] = [freshId(), freshId()]
      await here.rotate(await here.create({ id: laterId, data: {} }), lastId, { grace: 5 })
      at(5)
      assert.equal(await there.destroy(laterId), false)
      assert.equal((await loadLive(there, lastId)).id, lastId)
    },
  },
  {
    name: 'refuses an invalid grace period, and does not rotate',
    async run({ createStore }) {
      const store = await createStore()
      const record = await store.create({ id: freshId(), data: {} })
      for (const grace of [-1, Number.NaN, 3601, Infinity])
        await assert.rejects(store.rotate(record, freshId(), { grace }), { code: 'INVALID_OPTION' })
      assert.equal((await loadLive(store, record.id)).version, 1)
    },
  },
  {
    name: 'does not treat the item of a rotated id as a session',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId, user] = [freshId(), freshId(), freshId()]
      const record = await here.create({ id: oldId, data: {}, user })
      await here.rotate(record, newId, { grace: 30 })
      for (const store of [here, there]) {
        // The user index is eventually consistent, so a listing may show the session as it was before.
        for (const options of [{ user }, {}])
          for await (const { id, version } of store.list(options)) if (id === oldId) assert.equal(version, 1)
        await assert.rejects(store.save(record), GONE)
        await assert.rejects(store.rotate(record, freshId()), GONE)
        assert.equal(await store.touch(record), null)
      }
      assert.equal(await there.destroyAll({ user }), 1)
      await expectNoSession(there, oldId)
    },
  },
  {
    name: 'deletes the item of a rotated id after its grace period',
    async run({ createStore, at, backend }) {
      if (backend.clearsExpired === false) return
      const store = await createStore()
      const [oldId, newId] = [freshId(), freshId()]
      await store.rotate(await store.create({ id: oldId, data: {} }), newId, { grace: 90 })
      at(89)
      await store.clearExpired({ grace: 0 })
      assert.equal((await (await createStore()).load(oldId, { minVersion: HIGHEST }))?.id, newId)
      at(690)
      assert.ok((await store.clearExpired({ grace: 0 })).deleted >= 1)
      assert.equal((await store.clearExpired({ grace: 0 })).deleted, 0)
    },
  },
  {
    name: 'does not read from the cache with the option consistent',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: { n: 1 } })
      await loadLive(there, id)
      await here.save({ ...record, data: { n: 2 } })
      assert.deepEqual((await loadLive(there, id, { consistent: true })).data, { n: 2 })
      await here.destroy(id)
      assert.equal(await there.load(id, { consistent: true }), null)
    },
  },
]

import assert from 'node:assert/strict'
import { type Case, freshId, expectNoSession, listedIds, loadLive } from './suite.ts'

export const listingCases: readonly Case[] = [
  {
    name: 'lists the live sessions of a user',
    async run({ createStore, at }) {
      const store = await createStore({ idleTimeout: 60 })
      const [user, mine, also, expired] = [freshId(), freshId(), freshId(), freshId()]
      await store.create({ id: expired, data: {}, user, idleTimeout: 30 })
      await store.create({ id: mine, data: { secret: 1 }, user })
      await store.create({ id: also, data: {}, user })
      await store.create({ id: freshId(), data: {}, user: freshId() })
      await store.create({ id: freshId(), data: {} })
      at(30)
      assert.deepEqual(await listedIds(store.list({ user })), [mine, also].toSorted())
      assert.equal((await listedIds(store.list({ user, limit: 1 }))).length, 1)
      for await (const session of store.list({ user })) {
        assert.equal(session.version, 1)
        assert.equal(session.user, user)
        assert.equal('data' in session, false)
      }
    },
  },
  {
    name: 'lists all live sessions if no user is given',
    async run({ createStore }) {
      const store = await createStore()
      const ids = [freshId(), freshId()]
      for (const id of ids) await store.create({ id, data: {} })
      const all = await listedIds(store.list())
      for (const id of ids) assert.ok(all.includes(id))
    },
  },
  {
    name: 'destroys all sessions of a user except one',
    async run({ createStore }) {
      const store = await createStore()
      const [user, keep, other] = [freshId(), freshId(), freshId()]
      const ended = [freshId(), freshId(), freshId()]
      for (const id of [keep, ...ended]) await store.create({ id, data: {}, user })
      await store.create({ id: other, data: {} })
      assert.equal(await store.destroyAll({ user, except: keep }), ended.length)
      assert.deepEqual(await listedIds(store.list({ user })), [keep])
      for (const id of ended) await expectNoSession(store, id)
      for (const id of [keep, other]) await loadLive(store, id)
    },
  },
  {
    name: 'deletes expired sessions and no others',
    async run({ createStore, at, backend }) {
      const store = await createStore()
      const [expired, live] = [freshId(), freshId()]
      await store.create({ id: expired, data: {}, idleTimeout: 30 })
      await store.create({ id: live, data: {}, idleTimeout: 600 })
      at(30 + 61)
      const result = await store.clearExpired()
      if (backend.clearsExpired !== false) assert.ok(result.deleted >= 1)
      assert.ok(result.scanned >= result.deleted)
      await loadLive(await createStore(), live)
      await expectNoSession(store, expired)
    },
  },
]

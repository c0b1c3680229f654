import assert from 'node:assert/strict'
import { type Case, freshId, gone, listed, loaded } from './suite.ts'

export const listingCases: readonly Case[] = [
  {
    name: 'lists the live sessions of a user',
    async run({ createStore, at }) {
      const store = await createStore({ idleTimeout: 60 })
      const [user, mine, also, over] = [freshId(), freshId(), freshId(), freshId()]
      await store.create({ id: over, data: {}, user, idleTimeout: 30 })
      await store.create({ id: mine, data: { secret: 1 }, user })
      await store.create({ id: also, data: {}, user })
      await store.create({ id: freshId(), data: {}, user: freshId() })
      await store.create({ id: freshId(), data: {} })
      at(30)
      assert.deepEqual(await listed(store.list({ user })), [mine, also].toSorted())
      assert.equal((await listed(store.list({ user, limit: 1 }))).length, 1)
      for await (const session of store.list({ user })) {
        assert.equal(session.version, 1)
        assert.equal(session.user, user)
        assert.equal('data' in session, false)
      }
    },
  },
  {
    name: 'lists every live session where no user is named',
    async run({ createStore }) {
      const store = await createStore()
      const ids = [freshId(), freshId()]
      for (const id of ids) await store.create({ id, data: {} })
      const all = await listed(store.list())
      for (const id of ids) assert.ok(all.includes(id))
    },
  },
  {
    name: 'ends all sessions of a user but one',
    async run({ createStore }) {
      const store = await createStore()
      const [user, keep, other] = [freshId(), freshId(), freshId()]
      const ended = [freshId(), freshId(), freshId()]
      for (const id of [keep, ...ended]) await store.create({ id, data: {}, user })
      await store.create({ id: other, data: {} })
      assert.equal(await store.destroyAll({ user, except: keep }), ended.length)
      assert.deepEqual(await listed(store.list({ user })), [keep])
      for (const id of ended) await gone(store, id)
      for (const id of [keep, other]) await loaded(store, id)
    },
  },
  {
    name: 'clears what has expired, and nothing else',
    async run({ createStore, at, backend }) {
      const store = await createStore()
      const [over, live] = [freshId(), freshId()]
      await store.create({ id: over, data: {}, idleTimeout: 30 })
      await store.create({ id: live, data: {}, idleTimeout: 600 })
      at(30 + 61)
      const result = await store.clearExpired()
      if (backend.clearsExpired !== false) assert.ok(result.deleted >= 1)
      assert.ok(result.scanned >= result.deleted)
      await loaded(await createStore(), live)
      await gone(store, over)
    },
  },
]

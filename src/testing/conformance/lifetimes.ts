import assert from 'node:assert/strict'
import type { SessionDraft } from '../../core/types.ts'
import { type Case, freshId, expectNoSession, loadLive, type StoreTestOptions } from './suite.ts'

const DAY = 24 * 60 * 60

/** Lifetimes, each with the time in seconds at which an unused session expires. */
const ENDS: { name: string; store?: StoreTestOptions; draft?: Partial<SessionDraft>; end: number }[] = [
  { name: 'idle', store: { idleTimeout: 60 }, end: 60 },
  { name: 'absolute', store: { maxAge: 60 }, end: 60 },
  { name: 'idle before absolute', store: { idleTimeout: 60, maxAge: 90 }, end: 60 },
  { name: 'absolute before idle', store: { idleTimeout: 90, maxAge: 60 }, end: 60 },
  {
    name: 'the session’s own idle',
    store: { idleTimeout: 30, maxAge: 30 },
    draft: { idleTimeout: 60 },
    end: 60,
  },
  { name: 'a fraction of a second', store: { idleTimeout: 1.5 }, end: 1.5 },
  { name: 'neither', end: 14 * DAY },
]

export const lifetimeCases: readonly Case[] = [
  ...ENDS.map(({ name, store: options, draft, end }): Case => ({
    name: `is live until 1 ms before its expiry, and then expired: ${name}`,
    async run({ createStore, at, start }) {
      const id = freshId()
      const record = await (await createStore(options)).create({ id, data: {}, ...draft })
      assert.equal(record.expiresAt, start + end * 1000)
      const reader = await createStore(options)
      at(end - 0.001)
      assert.equal((await loadLive(reader, id)).id, id)
      at(end)
      await expectNoSession(reader, id)
      await expectNoSession(await createStore(options), id)
    },
  })),
  {
    name: 'never makes an expired session live again',
    async run({ createStore, at }) {
      const store = await createStore({ idleTimeout: 60 })
      const [id, newId] = [freshId(), freshId()]
      const record = await store.create({ id, data: {} })
      at(60)
      await assert.rejects(store.save(record), { code: 'SESSION_GONE' })
      await assert.rejects(store.rotate(record, newId), { code: 'SESSION_GONE' })
      assert.equal(await store.touch(record), null)
      assert.equal(await store.destroy(id), false)
      for (const each of [id, newId]) await expectNoSession(store, each)
    },
  },
  {
    name: 'expires a session to the millisecond, even if the storage stores whole seconds',
    async run({ createStore, at }) {
      const store = await createStore({ idleTimeout: 59.5 })
      const [id, newId] = [freshId(), freshId()]
      const record = await store.create({ id, data: {} })
      at(59.75)
      await assert.rejects(store.save(record), { code: 'SESSION_GONE' })
      await assert.rejects(store.rotate(record, newId), { code: 'SESSION_GONE' })
      assert.equal(await store.touch(record), null)
      for (const each of [id, newId]) await expectNoSession(store, each)
    },
  },
  {
    name: 'lets an expired id be created again',
    async run({ createStore, at }) {
      const store = await createStore({ idleTimeout: 59.5 })
      const id = freshId()
      await store.create({ id, data: { n: 1 } })
      at(59.75)
      const record = await store.create({ id, data: { n: 2 } })
      assert.equal(record.version, 1)
      assert.deepEqual((await loadLive(await createStore(), id)).data, { n: 2 })
      assert.deepEqual((await store.save(record)).version, 2)
    },
  },
  {
    name: 'extends the idle timeout with a save',
    async run({ createStore, at, start }) {
      const store = await createStore({ idleTimeout: 60 })
      const record = await store.create({ id: freshId(), data: {} })
      at(45)
      assert.equal((await store.save(record)).expiresAt, start + 105_000)
      at(104.999)
      assert.ok(await store.load(record.id))
      at(105)
      await expectNoSession(store, record.id)
    },
  },
  {
    name: 'extends the idle timeout with a touch, without a new version and without unsaved changes',
    async run({ createStore, at, start }) {
      const store = await createStore({ idleTimeout: 60 })
      const record = await store.create({ id: freshId(), data: { n: 1 }, user: 'ada' })
      at(45)
      record.data.n = 2
      record.user = 'bob'
      const touched = await store.touch(record)
      assert.equal(touched?.expiresAt, start + 105_000)
      assert.equal(touched.version, 1)
      at(104.999)
      const seen = await loadLive(await createStore(), record.id, { minVersion: 1 })
      assert.equal(seen.version, 1)
      assert.deepEqual(seen.data, { n: 1 })
      assert.equal(seen.user, 'ada')
      at(105)
      await expectNoSession(store, record.id)
    },
  },
  {
    name: 'accepts a save of a session that another instance has touched',
    async run({ createStore, at }) {
      const [here, there] = [await createStore({ idleTimeout: 60 }), await createStore({ idleTimeout: 60 })]
      const record = await here.create({ id: freshId(), data: { n: 1 } })
      at(45)
      await there.touch(record)
      at(75)
      assert.equal((await here.save({ ...record, data: { n: 2 } })).version, 2)
    },
  },
  {
    name: 'sees a touch of another instance, although it does not change the version',
    async run({ createStore, at }) {
      const [here, there] = [await createStore({ idleTimeout: 60 }), await createStore({ idleTimeout: 60 })]
      const record = await here.create({ id: freshId(), data: {} })
      at(55)
      await loadLive(here, record.id)
      await there.touch(record)
      at(61)
      assert.equal((await loadLive(here, record.id)).version, 1)
    },
  },
  {
    name: 'does not extend a session beyond its maxAge',
    async run({ createStore, at, start }) {
      const store = await createStore({ idleTimeout: 60, maxAge: 90 })
      const record = await store.create({ id: freshId(), data: {} })
      at(45)
      const touched = await store.touch(record)
      assert.equal(touched?.expiresAt, start + 90_000)
      at(80)
      assert.equal((await store.save(touched)).expiresAt, start + 90_000)
      at(90)
      await expectNoSession(store, record.id)
    },
  },
  {
    name: 'never accepts a session that is older than the current maxAge of the store',
    async run({ createStore, at }) {
      const record = await (await createStore({ maxAge: 600 })).create({ id: freshId(), data: {} })
      const store = await createStore({ maxAge: 60 })
      at(59.999)
      assert.equal((await loadLive(store, record.id)).id, record.id)
      at(60)
      await expectNoSession(store, record.id)
      await expectNoSession(await createStore({ maxAge: 60 }), record.id)
    },
  },
  {
    name: 'applies the current options of the store with each save, touch and rotation',
    async run({ createStore, at, start }) {
      const before = await createStore({ idleTimeout: 60 })
      const saved = await before.create({ id: freshId(), data: {} })
      const touched = await before.create({ id: freshId(), data: {} })
      const rotated = await before.create({ id: freshId(), data: {} })
      const store = await createStore({ maxAge: 600, idleTimeout: 120 })
      at(30)
      const records = [
        await store.save(await loadLive(store, saved.id)),
        await store.touch(await loadLive(store, touched.id)),
        await store.rotate(await loadLive(store, rotated.id), freshId()),
      ]
      for (const record of records) {
        assert.equal(record?.expiresAt, start + 150_000)
        assert.equal(record.deadline, start + 600_000)
      }
    },
  },
  {
    name: 'keeps the lifetime of a session that has its own, with any options of the store',
    async run({ createStore, at, start }) {
      const id = freshId()
      await (await createStore()).create({ id, data: {}, idleTimeout: 300 })
      const store = await createStore({ maxAge: 60, idleTimeout: 30 })
      at(90)
      const saved = await store.save(await loadLive(store, id))
      assert.equal(saved.expiresAt, start + 390_000)
      assert.equal(saved.lifetimeFrom, 'session')
      const rotated = await store.rotate(saved, freshId())
      assert.equal(rotated.expiresAt, start + 390_000)
    },
  },
  {
    name: 'returns a session to the lifetime of the store with a save',
    async run({ createStore, start }) {
      const store = await createStore({ idleTimeout: 60 })
      const record = await store.create({ id: freshId(), data: {}, idleTimeout: 300 })
      assert.equal(
        (await store.save({ ...record, data: {}, lifetimeFrom: 'store' })).expiresAt,
        start + 60_000,
      )
    },
  },
  {
    name: 'changes the lifetime of a session with a save',
    async run({ createStore, at, start }) {
      const store = await createStore({ idleTimeout: 60 })
      const record = await store.create({ id: freshId(), data: {} })
      record.idleTimeout = undefined
      record.deadline = start + DAY * 1000
      await store.save(record)
      at(DAY - 0.001)
      const kept = await loadLive(await createStore(), record.id)
      assert.equal(kept.deadline, start + DAY * 1000)
      assert.equal(kept.lifetimeFrom, 'session')
      at(DAY)
      await expectNoSession(store, record.id)
    },
  },
]

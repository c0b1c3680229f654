import assert from 'node:assert/strict'
import { ConflictError } from '../../../drivers/utils/errors.ts'
import { type Case, freshId, gone, loaded } from './suite.ts'

const CROWD = 10

/** Results of a crowd. */
async function settle<T>(tasks: Promise<T>[]): Promise<{ won: T[]; lost: unknown[] }> {
  const results = await Promise.allSettled(tasks)
  return {
    won: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    lost: results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : [])),
  }
}

export const concurrencyCases: readonly Case[] = [
  {
    name: 'lets one of many create an id',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: CROWD }, () => createStore()))
      const id = freshId()
      const { won, lost } = await settle(stores.map((store, n) => store.create({ id, data: { n } })))
      assert.equal(won.length, 1)
      for (const error of lost) assert.equal(Reflect.get(Object(error), 'code'), 'SESSION_EXISTS')
      assert.deepEqual((await loaded(await createStore(), id)).data, won[0]?.data)
    },
  },
  {
    name: 'lets one of many save a version, and tells the others what it found',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: CROWD }, () => createStore()))
      const id = freshId()
      const record = await (await createStore()).create({ id, data: { n: -1 } })
      const { won, lost } = await settle(stores.map((store, n) => store.save({ ...record, data: { n } })))
      assert.equal(won.length, 1)
      for (const error of lost) {
        assert.ok(error instanceof ConflictError)
        assert.equal(error.current.version, 2)
        assert.deepEqual(error.current.data, won[0]?.data)
      }
    },
  },
  {
    name: 'loses no update of writers who try again',
    async run({ createStore }) {
      const id = freshId()
      await (await createStore()).create({ id, data: { count: 0 } })
      const increment = async (): Promise<void> => {
        const store = await createStore()
        let record = await loaded(store, id)
        for (;;) {
          record.data['count'] = Number(record.data['count']) + 1
          try {
            await store.save(record)
            return
          } catch (error) {
            if (!(error instanceof ConflictError)) throw error
            record = error.current
          }
        }
      }
      await Promise.all(Array.from({ length: CROWD }, increment))
      const record = await loaded(await createStore(), id, { minVersion: CROWD + 1 })
      assert.equal(record.data['count'], CROWD)
      assert.equal(record.version, CROWD + 1)
    },
  },
  {
    name: 'lets a logout win over the saves it meets',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: {} })
      await settle<unknown>([here.save(record), there.destroy(id), here.save(record), there.touch(record)])
      await gone(there, id)
      await gone(await createStore(), id)
      await assert.rejects(here.save({ ...record, version: 2, data: {} }), { code: 'SESSION_GONE' })
    },
  },
  {
    name: 'does not undo a save by a touch',
    async run({ createStore, at }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: { n: 1 }, idleTimeout: 60 })
      await there.save({ ...record, data: { n: 2 } })
      at(40)
      record.data.n = 3
      assert.equal(await here.touch(record), null)
      assert.deepEqual((await loaded(here, id, { minVersion: 2 })).data, { n: 2 })
    },
  },
  {
    name: 'moves what others saved meanwhile along to the new id',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create<Record<string, unknown>>({ id: oldId, data: { a: 1, b: 1, c: 1 } })
      await there.save({ ...record, data: { a: 2, b: 1, c: 2 } })
      const renewed = await here.rotate({ ...record, data: { a: 1, b: 3, c: 3 }, user: 'ada' }, newId)
      assert.deepEqual(renewed.data, { a: 2, b: 3, c: 3 })
      const seen = await loaded(there, newId, { minVersion: renewed.version })
      assert.deepEqual(seen.data, { a: 2, b: 3, c: 3 })
      assert.equal(seen.user, 'ada')
      for (const each of [here, await createStore()]) await gone(each, oldId)
    },
  },
  {
    name: 'lets one of many move a session',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: CROWD }, () => createStore()))
      const [first = await createStore()] = stores
      const record = await first.create({ id: freshId(), data: {} })
      const ids = stores.map(() => freshId())
      const { won } = await settle(stores.map((store, n) => store.rotate(record, ids[n] ?? '')))
      assert.equal(won.length, 1)
      const fresh = await createStore()
      const live = await Promise.all(ids.map((id) => fresh.load(id, { minVersion: Number.MAX_SAFE_INTEGER })))
      assert.deepEqual(
        live.flatMap((each) => each?.id ?? []),
        [won[0]?.id],
      )
    },
  },
]

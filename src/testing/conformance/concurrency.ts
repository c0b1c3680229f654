import assert from 'node:assert/strict'
import { ConflictError } from '../../../drivers/utils/errors.ts'
import { type Case, freshId, expectNoSession, loadLive } from './suite.ts'

/** Number of concurrent writers. */
const WRITERS = 10

/** Returns the results and the errors of concurrent writers. */
async function settle<T>(tasks: Promise<T>[]): Promise<{ won: T[]; lost: unknown[] }> {
  const results = await Promise.allSettled(tasks)
  return {
    won: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    lost: results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : [])),
  }
}

export const concurrencyCases: readonly Case[] = [
  {
    name: 'lets only one of several writers create an id',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: WRITERS }, () => createStore()))
      const id = freshId()
      const { won, lost } = await settle(stores.map((store, n) => store.create({ id, data: { n } })))
      assert.equal(won.length, 1)
      for (const error of lost) assert.equal(Reflect.get(Object(error), 'code'), 'SESSION_EXISTS')
      assert.deepEqual((await loadLive(await createStore(), id)).data, won[0]?.data)
    },
  },
  {
    name: 'lets only one of several writers save a version, and gives the others the stored record',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: WRITERS }, () => createStore()))
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
    name: 'loses no update of writers that retry after a conflict',
    async run({ createStore }) {
      const id = freshId()
      await (await createStore()).create({ id, data: { count: 0 } })
      const increment = async (): Promise<void> => {
        const store = await createStore()
        let record = await loadLive(store, id)
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
      await Promise.all(Array.from({ length: WRITERS }, increment))
      const record = await loadLive(await createStore(), id, { minVersion: WRITERS + 1 })
      assert.equal(record.data['count'], WRITERS)
      assert.equal(record.version, WRITERS + 1)
    },
  },
  {
    name: 'destroys a session in spite of concurrent saves',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: {} })
      await settle<unknown>([here.save(record), there.destroy(id), here.save(record), there.touch(record)])
      await expectNoSession(there, id)
      await expectNoSession(await createStore(), id)
      await assert.rejects(here.save({ ...record, version: 2, data: {} }), { code: 'SESSION_GONE' })
    },
  },
  {
    name: 'does not overwrite a save with a touch of an older version',
    async run({ createStore, at }) {
      const [here, there] = [await createStore(), await createStore()]
      const id = freshId()
      const record = await here.create({ id, data: { n: 1 }, idleTimeout: 60 })
      await there.save({ ...record, data: { n: 2 } })
      at(40)
      record.data.n = 3
      assert.equal(await here.touch(record), null)
      assert.deepEqual((await loadLive(here, id, { minVersion: 2 })).data, { n: 2 })
    },
  },
  {
    name: 'merges concurrent changes when a session gets a new id',
    async run({ createStore }) {
      const [here, there] = [await createStore(), await createStore()]
      const [oldId, newId] = [freshId(), freshId()]
      const record = await here.create<Record<string, unknown>>({ id: oldId, data: { a: 1, b: 1, c: 1 } })
      await there.save({ ...record, data: { a: 2, b: 1, c: 2 } })
      const rotated = await here.rotate({ ...record, data: { a: 1, b: 3, c: 3 }, user: 'ada' }, newId)
      assert.deepEqual(rotated.data, { a: 2, b: 3, c: 3 })
      const seen = await loadLive(there, newId, { minVersion: rotated.version })
      assert.deepEqual(seen.data, { a: 2, b: 3, c: 3 })
      assert.equal(seen.user, 'ada')
      for (const each of [here, await createStore()]) await expectNoSession(each, oldId)
    },
  },
  {
    name: 'lets only one of several writers rotate a session',
    async run({ createStore }) {
      const stores = await Promise.all(Array.from({ length: WRITERS }, () => createStore()))
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

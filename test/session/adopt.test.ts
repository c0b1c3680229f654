import { createStorage } from 'unstorage'
import { beforeEach, describe, expect, it } from 'vitest'
import { createSessionStore, type SessionStore } from '../../src/index.ts'
import { adoptSession } from '../../src/session/adopt.ts'
import type { AdoptedSession, AdoptableSession, RequestSessionOptions } from '../../src/core/session.ts'
import type { SessionRecord } from '../../src/core/types.ts'
import { type TestDriver, conditionalDriver } from '../support/stores/conditional-driver.ts'

const DATA = { user: 7 }

let now: number
let driver: TestDriver
beforeEach(() => {
  now = Date.now()
  driver = conditionalDriver()
})

/** Another process over the same table. */
const instance = (): SessionStore =>
  createSessionStore({ storage: createStorage({ driver }), now: () => now })

const adoptable = (read: () => AdoptedSession | undefined = () => ({ data: DATA })): AdoptableSession => ({
  key: 'h3.of-the-test',
  read: async () => read(),
  end: async () => {},
})

const adopt = (
  store: SessionStore,
  session: AdoptableSession = adoptable(),
  options: Partial<RequestSessionOptions> = {},
): Promise<SessionRecord | null> => adoptSession({ store, sign: () => '', ...options }, session)

/** The sessions that are live. */
async function sessions(store: SessionStore): Promise<string[]> {
  const ids = []
  for await (const { id } of store.list()) {
    ids.push(id)
  }
  return ids
}

describe('a session from elsewhere', () => {
  it('is continued by a session of the store, on any instance', async () => {
    const adopted = await adopt(instance())
    expect(adopted).toMatchObject({ version: 1, data: DATA })
    expect(await adopt(instance())).toMatchObject({ id: adopted?.id, data: DATA })
    expect(await sessions(instance())).toEqual([adopted?.id])
  })

  it('is continued by one session for any number of parallel requests', async () => {
    const stores = Array.from({ length: 4 }, instance)
    const records = await Promise.all([...stores, ...stores].map((store) => adopt(store)))
    const ids = new Set(records.map((record) => record?.id))
    expect(ids.size).toBe(1)
    expect(await sessions(instance())).toEqual([...ids])
  })

  it('is found by an instance whose last read found no claim', async () => {
    const [one, other] = [instance(), instance()]
    const ids: (string | undefined)[] = []
    const record = await adopt(other, {
      ...adoptable(),
      read: async () => {
        ids.push((await adopt(one))?.id)
        return { data: DATA }
      },
    })
    expect(ids).toEqual([record?.id])
  })

  it.each<[string, (store: SessionStore, record: SessionRecord) => Promise<unknown>]>([
    ['destroyed', (store, { id }) => store.destroy(id)],
    ['given another id', (store, record) => store.rotate(record, 'another-id')],
    ['revoked', (store) => store.destroyAll({ user: 'ada' })],
    ['over', async () => (now += 15 * 24 * 3_600_000)],
  ])('stays ended once what continued it was %s', async (_, end) => {
    const store = instance()
    const record = await adopt(
      store,
      adoptable(() => ({ data: DATA, user: 'ada' })),
    )
    if (record) await end(store, record)
    expect(await adopt(store)).toBeNull()
    expect(await adopt(instance())).toBeNull()
  })

  it('stays destroyed for a request that had read it before', async () => {
    const [one, late] = [instance(), instance()]
    const record = await adopt(late, {
      ...adoptable(),
      read: async () => {
        const adopted = await adopt(one)
        if (adopted) await one.destroy(adopted.id)
        return { data: DATA }
      },
    })
    expect(record).toBeNull()
    expect(await sessions(instance())).toEqual([])
  })

  it.each(['before', 'after'] as const)('is found again when the claim fails %s it is made', async (when) => {
    const store = instance()
    driver.failNext('write', when, 1)
    await expect(adopt(store)).rejects.toThrow('no answer')
    const record = await adopt(store)
    expect(record).toMatchObject({ data: DATA })
    expect(await adopt(instance())).toMatchObject({ id: record?.id })
  })

  it('is not adopted when it is missing, or older than maxAge', async () => {
    const store = instance()
    expect(
      await adopt(
        store,
        adoptable(() => undefined),
      ),
    ).toBeNull()
    const old = adoptable(() => ({ data: DATA, createdAt: now - 60_000 }))
    expect(await adopt(store, old, { maxAge: 60 })).toBeNull()
    expect(driver.history.size).toBe(0)
    expect(await adopt(store, old, { maxAge: 61 })).toMatchObject({
      createdAt: now - 60_000,
      expiresAt: now + 1000,
    })
  })
})

import memory from 'unstorage/drivers/memory'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import type { ConflictResolver } from '../../src/core/merge.ts'
import { RequestSession } from '../../src/session/request-session.ts'
import type { SessionTransport, RequestSessionOptions } from '../../src/core/session.ts'
import type { SessionToken } from '../../src/core/token.ts'
import type { SessionRecord, SessionStore } from '../../src/core/types.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'

/** A response, and the cookie jar of its browser. */
class Client implements SessionTransport {
  isOpen = true
  token: SessionToken | null = null
  sent = 0

  readonly hasResponse = true

  send({ id, version }: SessionRecord): void {
    if (!this.isOpen) return
    this.sent++
    this.token = { id, version }
  }

  remove(): void {
    this.token = null
  }

  readonly isTimed = false

  instrument<R>(work: () => Promise<R>): () => Promise<R> {
    return work
  }

  failed(): void {}

  opened(): void {}
}

let table: TestTable

beforeAll(async () => {
  table = await createTestTable(anyEngine())
})
afterAll(() => table.drop())

describe.each([
  ['memory', () => memory()],
  ['dynalite', () => dynamodb(table.options)],
])('on %s', (_, createDriver) => {
  let driver: ReturnType<typeof memory> | ReturnType<typeof dynamodb>
  let now: number
  let store: SessionStore
  /** Another instance. */
  let elsewhere: SessionStore
  let client: Client

  beforeEach(() => {
    driver = createDriver()
    now = Date.now()
    store = createSessionStore({ storage: driver, now: () => now })
    elsewhere = createSessionStore({ storage: driver })
    client = new Client()
    vi.spyOn(console, 'warn').mockReturnValue()
  })

  afterEach(async () => {
    vi.restoreAllMocks()
    await driver.dispose?.()
  })

  /** The session of a request that begins now. */
  function begin(
    options: Partial<RequestSessionOptions> = {},
    token = client.token,
    transport: SessionTransport = client,
  ): RequestSession {
    return new RequestSession({ store, sign: () => 'token', ...options }, transport, { token })
  }

  const visit = (...args: Parameters<typeof begin>): Promise<RequestSession> => begin(...args).load()

  /** Lets the response leave while the store does something. */
  function leaveDuring(method: 'create' | 'rotate'): void {
    const call = store[method].bind(store) as (...args: unknown[]) => Promise<unknown>
    vi.spyOn(store, method).mockImplementationOnce((async (...args: unknown[]) => {
      const result = await call(...args)
      client.isOpen = false
      return result
    }) as never)
  }

  describe('regenerate', () => {
    it('stores the data of a new session', async () => {
      const session = await visit()
      session.data.user = 'ada'
      session.bind('ada')
      await session.regenerate()
      expect(await elsewhere.load(client.token!.id)).toMatchObject({ user: 'ada', data: { user: 'ada' } })
    })

    it('sends no request when there is nothing to store', async () => {
      await (await visit()).regenerate()
      expect(client.token).toBeNull()
      expect(store.stats().saves).toBe(0)
    })

    it('accepts the old token for the new session during a grace period', async () => {
      await (await visit()).update({ n: 1 })
      const old = client.token!
      await (await visit()).regenerate({ grace: 30 })
      const parallel = new Client()
      const session = await visit({ store: elsewhere }, old, parallel)
      expect(session.data).toEqual({ n: 1 })
      expect(parallel.token).toEqual(client.token)
      expect(session.id).toBe(client.token!.id)
    })
  })

  describe('a save that is not awaited', () => {
    it('leaves no record when the headers were sent before', async () => {
      leaveDuring('create')
      const session = await visit()
      await expect(session.update({ n: 1 })).rejects.toMatchObject({ code: 'HEADERS_SENT' })
      expect(await elsewhere.load(session.id)).toBeNull()
      expect(client.token).toBeNull()
    })

    it('keeps the visitor’s session with its old id, without the change', async () => {
      await (await visit()).update({ cart: 1 })
      const { id } = client.token!
      leaveDuring('rotate')
      const session = await visit()
      session.data.user = 'ada'
      session.bind('ada')
      await expect(session.regenerate()).rejects.toMatchObject({ code: 'HEADERS_SENT' })
      client.isOpen = true
      for (const each of [store, elsewhere]) {
        const later = await visit({ store: each })
        expect(later.id).toBe(id)
        expect(later.data).toEqual({ cart: 1 })
      }
      expect((await elsewhere.load(id))?.user).toBeUndefined()
    })
  })

  describe('a request in flight', () => {
    it.each([
      ['gets a new id', (session: RequestSession) => session.regenerate()],
      ['is destroyed', (session: RequestSession) => session.clear()],
    ])('reads an empty session and writes nothing when its session %s', async (_name, end) => {
      await (await visit()).update({ n: 1 })
      const old = client.token
      const late = new Client()
      const inFlight = begin({}, old, late)
      now += 1
      await end(await visit())
      await inFlight.load()
      expect(inFlight.data).toEqual({})
      expect(inFlight.isNew).toBe(false)
      for (let times = 0; times < 2; times++)
        await expect(inFlight.update({ n: 2 })).rejects.toMatchObject({ code: 'SESSION_GONE' })
      inFlight.data.n = 3
      await expect(inFlight.flush()).rejects.toMatchObject({ code: 'SESSION_GONE' })
      await expect(inFlight.regenerate()).rejects.toMatchObject({ code: 'SESSION_GONE' })
      expect(late.sent).toBe(0)
      await inFlight.clear()
      await inFlight.update({ n: 4 })
      expect((await elsewhere.load(inFlight.id))?.data).toEqual({ n: 4 })
    })

    it('writes nothing after it has read its session, either', async () => {
      await (await visit()).update({ n: 1 })
      const late = new Client()
      const inFlight = await visit({}, client.token, late)
      await (await visit()).regenerate()
      for (let times = 0; times < 2; times++)
        await expect(inFlight.update({ n: 2 })).rejects.toMatchObject({ code: 'SESSION_GONE' })
      expect(late.sent).toBe(0)
    })

    it('uses a live session of its tokens', async () => {
      await (await visit()).update({ n: 1 })
      const old = client.token!
      const inFlight = new Client()
      await (await visit()).regenerate()
      const options = { store, sign: () => 'token' }
      const session = new RequestSession(options, inFlight, { token: old, others: [client.token!] })
      expect((await session.load()).data).toEqual({ n: 1 })
      await session.update({ n: 2 })
      expect(inFlight.token?.id).toBe(client.token!.id)
    })

    it('starts a new session for an unknown token', async () => {
      const session = await visit({}, { id: 'unknown', version: 3 })
      await session.update({ n: 1 })
      expect(session.isNew).toBe(true)
      expect(client.token?.id).toBe(session.id)
    })
  })

  describe('regenerateOn', () => {
    const options = { regenerateOn: ['user'] }

    it('gives the session a new id when the key is added or changes', async () => {
      await (await visit(options)).update({ cart: 1 })
      const ids = [client.token!.id]
      for (const user of [{ name: 'ada' }, { name: 'ada', roles: ['admin'] }]) {
        const session = await visit(options)
        await session.update({ user })
        ids.push(client.token!.id)
        expect(session.data).toEqual({ cart: 1, user })
        expect(await store.load(ids.at(-2)!)).toBeNull()
      }
      const later = await visit(options)
      await later.update({ user: { name: 'ada', roles: ['admin'], picture: undefined }, cart: 2 })
      later.data.cart = 3
      await later.save()
      ids.push(client.token!.id)
      expect(new Set(ids).size).toBe(3)
      expect((await elsewhere.load(ids[3]!))?.data).toMatchObject({ cart: 3 })
    })

    it('loses no concurrent write of other requests, and calls onConflict', async () => {
      await (await visit()).update({ n: 1, list: ['a'] })
      const onConflict = vi.fn<ConflictResolver>((_key, { theirs }) => theirs)
      const session = await visit({ ...options, onConflict })
      await (await visit({ store: elsewhere }, client.token, new Client())).update({ n: 2, list: ['a', 'b'] })
      await session.update({ user: 'ada', list: ['c'] })
      expect(session.data).toEqual({ n: 2, list: ['a', 'b'], user: 'ada' })
      expect(onConflict).toHaveBeenCalledWith('list', { base: ['a'], mine: ['c'], theirs: ['a', 'b'] })
    })

    it('runs a function patch on the data that other requests have written', async () => {
      await (await visit()).update({ n: 1 })
      const session = await visit(options)
      await (await visit({ store: elsewhere }, client.token, new Client())).update({ n: 5 })
      await session.update((data) => ({ user: 'ada', n: Number(data['n']) + 1 }))
      expect(session.data).toEqual({ n: 6, user: 'ada' })
    })
  })

  describe('bind', () => {
    it('gives the session a new id when the owner changes, unless told not to', async () => {
      await (await visit()).update({ n: 1 })
      const { id } = client.token!
      const session = await visit()
      session.bind('ada')
      await session.save()
      expect(client.token!.id).not.toBe(id)
      expect(await store.load(id)).toBeNull()
      const kept = await visit()
      kept.bind('bob', { regenerate: false })
      await kept.save()
      expect(kept.id).toBe(session.id)
      expect((await elsewhere.load(kept.id, { minVersion: kept.version }))?.user).toBe('bob')
    })

    it('keeps an id that the same request has created', async () => {
      const session = await visit()
      await session.update({ n: 1 })
      const { id } = session
      session.bind('ada')
      await session.save()
      expect(session.id).toBe(id)
      const later = await visit()
      await later.regenerate()
      const renewed = later.id
      later.bind('bob')
      await later.save()
      expect(later.id).toBe(renewed)
      expect((await elsewhere.load(renewed))?.user).toBe('bob')
    })

    it('to the same owner writes nothing', async () => {
      const session = await visit()
      session.bind('ada')
      await session.update({ n: 1 })
      const { saves } = store.stats()
      const later = await visit()
      later.bind('ada')
      expect(later.isDirty).toBe(false)
      await later.save()
      await later.flush()
      expect(store.stats().saves).toBe(saves)
      expect(later.version).toBe(1)
    })
  })

  describe('reload', () => {
    it('reads the writes of other requests, and drops unsaved changes', async () => {
      await (await visit()).update({ n: 1 })
      const socket = await visit({}, client.token, new Client())
      const { data } = socket
      await (await visit({ store: elsewhere })).update({ n: 2 })
      socket.data.draft = true
      socket.bind('bob')
      await socket.reload()
      expect(data).toEqual({ n: 2 })
      expect(socket.data).toBe(data)
      expect(socket.isDirty).toBe(false)
      expect(socket.version).toBe(2)
    })

    it('reads empty when another request has destroyed the session, and then writes nothing', async () => {
      await (await visit()).update({ n: 1 })
      const socket = await visit({}, client.token, new Client())
      expect(socket.data).toEqual({ n: 1 })
      await elsewhere.destroy(client.token!.id)
      await socket.reload()
      expect(socket.data).toEqual({})
      await expect(socket.update({ n: 2 })).rejects.toMatchObject({ code: 'SESSION_GONE' })
    })
  })
})

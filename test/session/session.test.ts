import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { ConflictError, SessionGoneError, UnsessionError } from '../../drivers/utils/errors.ts'
import { RequestSession } from '../../src/session/request-session.ts'
import type { RequestSessionOptions } from '../../src/core/session.ts'
import { RecordingTransport } from '../support/stores/recording-transport.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

let now: number
let store: MemoryStore
let transport: RecordingTransport

beforeEach(() => {
  now = 1_900_000_000_000
  store = new MemoryStore({ now: () => now })
  transport = new RecordingTransport()
})

async function open(
  id?: string,
  version = 1,
  options: Partial<RequestSessionOptions> = {},
): Promise<RequestSession> {
  const sign = (...parts: unknown[]): string => parts.join('.')
  return new RequestSession({ store, sign, ...options }, transport, {
    token: id === undefined ? null : { id, version },
  }).load()
}

/** Let another request change the stored session, just before this one's next `save`. */
function interfere(change: (data: any) => void, times = 1): void {
  let left = times
  store.before = async (call, id) => {
    if (call !== 'save' || left === 0) return
    left--
    const row = store.rows.get(id)
    if (!row) return
    const data = JSON.parse(row.json)
    change(data)
    store.rows.set(id, { ...row, version: row.version + 1, json: JSON.stringify(data) })
  }
}

const stored = (id: string): unknown => JSON.parse(store.rows.get(id)?.json ?? 'null')

describe('when another request saves at the same time', () => {
  beforeEach(() => store.create({ id: 's', data: { n: 1, cart: ['a'], theme: 'light' } }))

  it('a function runs again on the data that the other request stored', async () => {
    const session = await open('s')
    interfere((data) => (data.n += 10), 3)
    await session.update(({ n }) => ({ n: Number(n) + 1 }))
    expect(session.data).toEqual({ n: 32, cart: ['a'], theme: 'light' })
    expect(stored('s')).toEqual(session.data)
    expect(transport.sent).toEqual(['s.5'])
  })

  it('a function that changes its argument does so once', async () => {
    const session = await open('s')
    interfere((data) => data.cart.push('theirs'), 2)
    await session.update((data) => {
      ;(data.cart as string[]).push('mine')
    })
    expect(session.data.cart).toEqual(['a', 'theirs', 'theirs', 'mine'])
  })

  it('an object and direct changes merge by key', async () => {
    const session = await open('s')
    session.data.cart = ['a', 'b']
    interfere((data) => {
      data.n = 2
      data.theirs = true
      delete data.theme
    })
    await session.update({ mine: true })
    expect(stored('s')).toEqual({ n: 2, cart: ['a', 'b'], theirs: true, mine: true })
    expect(session.data).toEqual(stored('s'))
  })

  it('direct changes and a function are both applied', async () => {
    const session = await open('s')
    session.data.direct = true
    interfere((data) => (data.n = 5))
    await session.update(({ n, direct }) => ({ n: Number(n) + 1, seen: direct }))
    expect(stored('s')).toMatchObject({ n: 6, direct: true, seen: true })
  })

  it('the later writer wins a key', async () => {
    const session = await open('s')
    interfere((data) => (data.theme = 'dark'))
    await session.update({ theme: 'light' })
    expect(stored('s')).toMatchObject({ theme: 'light' })
  })

  it('unless onConflict decides', async () => {
    const onConflict = (_: string, { mine, theirs }: { mine: unknown; theirs: unknown }): unknown => [
      mine,
      theirs,
    ]
    const session = await open('s', 1, { onConflict })
    interfere((data) => {
      data.theme = 'dark'
      data.n = 9
    })
    await session.update({ theme: 'blue' })
    expect(stored('s')).toEqual({ n: 9, cart: ['a'], theme: ['blue', 'dark'] })
  })

  it('fails after maxRetries, and stores nothing', async () => {
    store.config.maxRetries = 2
    const session = await open('s')
    interfere((data) => (data.n += 1), 3)
    await expect(session.update({ mine: true })).rejects.toThrow(ConflictError)
    expect(stored('s')).toEqual({ n: 4, cart: ['a'], theme: 'light' })
    expect(transport.sent).toEqual([])
  })

  it('owner and lifetime are stored too', async () => {
    const session = await open('s')
    session.bind('ada')
    session.setExpiry({ idleTimeout: 60 })
    expect(session.isDirty).toBe(true)
    interfere((data) => (data.n = 2))
    await session.save()
    expect(session.isDirty).toBe(false)
    expect(store.rows.get(session.id)).toMatchObject({
      user: 'ada',
      idleTimeout: 60,
      expiresAt: now + 60_000,
    })
  })

  it('counters through update are exact, distinct keys are never lost', async () => {
    const writers = fc.array(fc.nat({ max: 3 }), { minLength: 2, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(writers, async (delays) => {
        store.rows.clear()
        store.config.maxRetries = 100
        await store.create({ id: 's', data: { n: 0 } })
        store.before = async () => {
          const turns = delays.shift() ?? 0
          for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
        }
        const count = delays.length
        await Promise.all(
          Array.from({ length: count }, async (_, index) => {
            const session = await open('s')
            session.data[`key${index}`] = index
            await session.update(({ n }) => ({ n: Number(n) + 1 }))
          }),
        )
        const keys = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]))
        expect(stored('s')).toEqual({ n: count, ...keys })
      }),
      { numRuns: 30 },
    )
  })
})

describe('when the session was destroyed in the meantime', () => {
  beforeEach(() => store.create({ id: 's', data: { n: 1 } }))

  it.each(['update', 'save', 'regenerate', 'flush'] as const)(
    '%s fails, and brings nothing back',
    async (method) => {
      const session = await open('s')
      session.data.n = 2
      store.rows.clear()
      await expect(session[method]()).rejects.toThrow(SessionGoneError)
      await expect(session[method]()).rejects.toThrow(SessionGoneError)
      expect(store.rows.size).toBe(0)
      expect(transport.sent).toEqual([])
    },
  )

  it('clear succeeds, and the next write starts a new session', async () => {
    const session = await open('s')
    store.rows.clear()
    await session.clear()
    await session.update({ fresh: true })
    expect([...store.rows.keys()]).toEqual([session.id])
    expect(session.id).not.toBe('s')
    expect(session.data).toEqual({ fresh: true })
  })
})

describe('the data a handler holds', () => {
  beforeEach(() => store.create({ id: 's', data: { cart: ['a'], n: 1 } }))

  it('stays the same object, members included, across writes', async () => {
    const session = await open('s')
    const { data } = session
    const cart = data.cart as string[]
    await session.update({ n: 2 })
    cart.push('b')
    await session.save()
    expect(session.data).toBe(data)
    expect(stored('s')).toEqual({ cart: ['a', 'b'], n: 2 })
  })

  it('keeps changes made while a write is in flight, for the next write', async () => {
    const session = await open('s')
    session.data.n = 2
    store.before = (call) => {
      if (call === 'save') session.data.late = true
    }
    await session.save()
    expect(stored('s')).toEqual({ cart: ['a'], n: 2 })
    expect(session.isDirty).toBe(true)
    await session.save()
    expect(stored('s')).toEqual({ cart: ['a'], n: 2, late: true })
  })

  it('is not changed by an update that fails', async () => {
    const session = await open('s')
    const { data } = session
    store.before = () => {
      throw new UnsessionError('UNAVAILABLE', 'down')
    }
    await expect(session.update((draft) => ({ n: (draft.cart as string[]).push('x') }))).rejects.toThrow(
      'down',
    )
    expect(data).toEqual({ cart: ['a'], n: 1 })
    store.before = undefined
    await session.update({ n: 5 })
    expect(stored('s')).toEqual({ cart: ['a'], n: 5 })
  })

  it('is not stored when the session was cleared', async () => {
    const session = await open('s')
    const { data } = session
    await session.clear()
    data.n = 'old'
    await session.update({ fresh: true })
    expect(stored(session.id)).toEqual({ fresh: true })
  })

  it('is copied at the first access only', async () => {
    const session = await open('s')
    expect(session.isDirty).toBe(false)
    expect(session.data).not.toBe((await store.load('s'))?.data)
    expect(session.isDirty).toBe(false)
    session.data.n = 2
    expect(session.isDirty).toBe(true)
    session.data.n = 1
    expect(session.isDirty).toBe(false)
  })
})

describe('starting', () => {
  it('uses another id when the first one exists', async () => {
    await store.create({ id: 'taken', data: { theirs: true } })
    const made = ['taken', 'taken', 'free']
    const session = await open(undefined, 1, { generateId: () => made.shift() ?? 'none' })
    expect(session.id).toBe('taken')
    await session.update({ mine: true })
    expect(session.id).toBe('free')
    expect(stored('taken')).toEqual({ theirs: true })
  })

  it('fails when the generator returns only one id', async () => {
    await store.create({ id: 'taken', data: { theirs: true } })
    const session = await open(undefined, 1, { generateId: () => 'taken' })
    await expect(session.update()).rejects.toMatchObject({ code: 'SESSION_EXISTS' })
    expect(stored('taken')).toEqual({ theirs: true })
  })

  it('is an error when the cookie can no longer be sent', async () => {
    const session = await open()
    transport.isOpen = false
    await expect(session.update({ n: 1 })).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect(store.calls).toEqual([])
  })

  it('stores lifetime and owner', async () => {
    const session = await open(undefined, 1, { maxAge: 60 })
    session.bind('ada')
    session.setExpiry({ maxAge: 600, idleTimeout: 30, expiresAt: now + 100_000 })
    await session.save()
    expect([...store.rows.values()]).toMatchObject([
      { user: 'ada', deadline: now + 100_000, idleTimeout: 30 },
    ])
  })
})

describe('regenerate', () => {
  it('keeps direct changes, owner and lifetime', async () => {
    await store.create({ id: 's', data: { n: 1 } })
    const session = await open('s')
    session.data.n = 2
    session.bind('ada')
    await session.regenerate()
    expect(session.id).not.toBe('s')
    expect(store.rows.get(session.id)).toMatchObject({ user: 'ada', json: '{"n":2}' })
    expect(store.rows.size).toBe(1)
    expect(session.isDirty).toBe(false)
  })

  it('is an error when the cookie can no longer be sent, and the session stays live', async () => {
    await store.create({ id: 's', data: { n: 1 } })
    const session = await open('s')
    transport.isOpen = false
    await expect(session.regenerate()).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect([...store.rows.keys()]).toEqual(['s'])
  })
})

describe('reading', () => {
  it('sends the token again when the record is older than it', async () => {
    await store.create({ id: 's', data: {} })
    await open('s', 7)
    expect(transport.sent).toEqual(['s.1'])
  })

  it('sends nothing when the record is newer, because a late cookie could undo a sign-in', async () => {
    await store.create({ id: 's', data: {} })
    await (await open('s')).update({ n: 1 })
    transport.sent = []
    await open('s', 1)
    expect(transport.sent).toEqual([])
  })

  it('extends the idle timeout, and a conflict is no failure', async () => {
    await store.create({ id: 's', data: { n: 1 }, idleTimeout: 60 })
    now += 31_000
    store.before = (call, id) => {
      const row = store.rows.get(id)
      if (call === 'touch' && row) store.rows.set(id, { ...row, version: 2 })
    }
    const session = await open('s')
    expect(session.data).toEqual({ n: 1 })
    expect(transport.sent).toEqual([])
    store.before = undefined
    const next = await open('s', 2)
    expect(next.expiresAt).toBe(now + 60_000)
    expect(transport.sent).toEqual(['s.2'])
  })
})

describe('setExpiry and bind', () => {
  it.each([
    { maxAge: 0 },
    { maxAge: -1 },
    { maxAge: Number.NaN },
    { idleTimeout: '60' },
    { expiresAt: new Date('x') },
  ])('refuse %j', async (expiry) => {
    const session = await open()
    expect(() => session.setExpiry(expiry as object)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
    expect(session.isDirty).toBe(false)
  })

  it('refuse an expiry in the past, counted from the creation', async () => {
    await store.create({ id: 's', data: {} })
    now += 60_000
    const session = await open('s')
    for (const expiry of [
      { maxAge: 60 },
      { expiresAt: now },
      { idleTimeout: 5, expiresAt: new Date(now - 1) },
    ]) {
      expect(() => session.setExpiry(expiry)).toThrow('future')
    }
    session.setExpiry({ maxAge: 60.001 })
    await session.save()
    expect(session.expiresAt).toBe(now + 1)
  })

  it('refuse an invalid user', async () => {
    const session = await open()
    for (const user of ['', undefined, 7]) expect(() => session.bind(user as string)).toThrow('`user`')
  })
})

describe('a store that throws at once', () => {
  const broken = (): never => {
    throw new UnsessionError('UNAVAILABLE', 'no answer')
  }

  it('rejects the load, and leaves the session free for the next one', async () => {
    await store.create({ id: 's', data: { n: 1 } })
    const load = store.load.bind(store)
    store.load = broken
    const options = { store, sign: String }
    const session = new RequestSession(options, transport, { token: { id: 's', version: 1 } })
    await expect(session.load()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await session.settled()
    expect(session.isBusy).toBe(false)
    store.load = load
    expect((await session.load()).data).toEqual({ n: 1 })
  })

  it('rejects the save, and leaves the session free for the next one', async () => {
    const session = await open()
    const create = store.create.bind(store)
    store.create = broken
    await expect(session.update({ n: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await session.settled()
    expect(session.isBusy).toBe(false)
    store.create = create
    await session.update({ n: 2 })
    expect(session.data).toEqual({ n: 2 })
  })
})

import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type SessionStore,
  type SessionStoreOptions,
  compressed,
  createSessionStore,
  devalue,
  encrypted,
  json,
} from '../../src/index.ts'
import { RequestSession } from '../../src/session/request-session.ts'
import type { OnceWork, RequestSessionOptions } from '../../src/core/session.ts'
import type { SessionValues } from '../../src/core/types.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'
import { RecordingTransport } from '../support/stores/recording-transport.ts'

const START = 1_900_000_000_000
const LEASE = 10

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(() => void vi.useRealTimers())

const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)

/** Opens the session of a request. */
async function open(
  store: SessionStore,
  {
    id = 'a',
    transport = new RecordingTransport(),
    ...options
  }: Partial<RequestSessionOptions> & Opening = {},
): Promise<RequestSession> {
  const sign = (...parts: unknown[]): string => parts.join('.')
  const token = id === null ? null : { id, version: 1 }
  return new RequestSession({ store, sign, ...options }, transport, { token }).load()
}

interface Opening {
  id?: string | null
  transport?: RecordingTransport
}

/** Data with a stale token. `isStale` accepts versions from 1. */
const TOKEN = { token: { version: 0 } }
const isStale = ({ token }: SessionValues): boolean => !(token as { version: number } | undefined)?.version

/** Returns work that counts its runs. */
function counted(run?: OnceWork<SessionValues>['run']): OnceWork<SessionValues> & { runs: number } {
  let runs = 0
  const work: OnceWork<SessionValues> = {
    isStale,
    run: async (data, context) => {
      runs++
      return run ? run(data, context) : { token: { version: runs } }
    },
    lease: LEASE,
  }
  // Not enumerable, because `runs` is not an option of `once`.
  return Object.defineProperty(work, 'runs', { get: () => runs }) as typeof work & { runs: number }
}

/** Returns a gate: `pass()` waits until `open()` is called, and `reached` resolves when a caller waits there. */
function gate(): {
  opened: Promise<void>
  open: () => void
  reached: Promise<void>
  pass: () => Promise<void>
} {
  let open = (): void => {}
  let arrive = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  const pass = (): Promise<void> => {
    arrive()
    return opened
  }
  return { opened, open, reached, pass }
}

const backends: Record<string, () => SessionStoreOptions['storage']> = {
  'a lock in memory': () => createStorage(),
  'conditional writes': () => conditionalDriver(),
  'conditional writes and delayed reads': () => conditionalDriver({ lag: 3 }),
}

describe.each(Object.entries(backends))('exclusive work over %s', (_, createBackend) => {
  let stores: [SessionStore, SessionStore, SessionStore]

  beforeEach(async () => {
    const storage = createBackend()
    stores = [0, 1, 2].map(() => createSessionStore({ storage })) as typeof stores
    await stores[0].create({ id: 'a', data: TOKEN })
  })

  it('runs once for 30 parallel requests to 3 instances, and all continue with the new data', async () => {
    const work = counted()
    const transports = Array.from({ length: 30 }, () => new RecordingTransport())
    const sessions = await Promise.all(
      transports.map((transport, index) => open(stores[index % 3]!, { transport })),
    )
    await Promise.all(sessions.map((session) => session.once('tokens', work)))
    expect(work.runs).toBe(1)
    for (const session of sessions) expect(session.data).toEqual({ token: { version: 1 } })
    // The version in the cookie makes the next request read this version or a later one.
    for (const { sent } of transports) expect(sent).toEqual(['a.3'])
  })

  it('is run by another caller when the lease of a dead process expires, and not before', async () => {
    const { reached, pass } = gate()
    void (await open(stores[0])).once('tokens', counted(pass))
    await reached
    const work = counted()
    let isDone = false
    const waiting = (await open(stores[1])).once('tokens', work).then(() => (isDone = true))
    at(LEASE - 0.001)
    // The waiting caller checks the lease several times in these 200 ms.
    await new Promise((resolve) => void setTimeout(resolve, 200))
    expect([isDone, work.runs]).toEqual([false, 0])
    at(LEASE)
    await waiting
    expect(work.runs).toBe(1)
  })

  it('that finishes late overwrites no newer result: its caller continues with the newer one', async () => {
    const { open: finish, reached, pass } = gate()
    const late = counted(async () => {
      await pass()
      return { token: { version: 100 } }
    })
    const slow = await open(stores[0])
    const slowDone = slow.once('tokens', late)
    await reached
    at(LEASE)
    const quick = await open(stores[1])
    await quick.once('tokens', counted())
    finish()
    await slowDone
    for (const session of [slow, quick, await open(stores[2])])
      expect((await session.reload()).data).toEqual({ token: { version: 1 } })
  })

  it('that finishes late is stored when no other caller has run it', async () => {
    const { open: finish, reached, pass } = gate()
    const session = await open(stores[0])
    const done = session.once(
      'tokens',
      counted(async () => {
        await pass()
        return { token: { version: 7 } }
      }),
    )
    await reached
    at(LEASE + 5)
    finish()
    await done
    expect((await (await open(stores[1])).reload()).data).toEqual({ token: { version: 7 } })
  })

  it('that fails throws for the callers of its process, and the next caller does not wait', async () => {
    const thrown = new Error('the provider is down')
    const { open: finish, reached, pass } = gate()
    const failing = counted(async () => {
      await pass()
      throw thrown
    })
    const [first, second] = [await open(stores[0]), await open(stores[0])]
    const results = Promise.allSettled([first.once('tokens', failing), second.once('tokens', failing)])
    await reached
    finish()
    for (const result of await results) expect(result).toMatchObject({ status: 'rejected', reason: thrown })
    expect(failing.runs).toBe(1)
    const work = counted()
    await (await open(stores[1])).once('tokens', work)
    expect(work.runs).toBe(1)
  })

  it('stops with the session: the holder and the waiting callers get SESSION_GONE', async () => {
    const { open: finish, reached, pass } = gate()
    const holder = (await open(stores[0])).once('tokens', counted(pass))
    await reached
    const waiting = (await open(stores[1])).once('tokens', counted())
    await (await open(stores[2])).clear()
    await expect(waiting).rejects.toMatchObject({ code: 'SESSION_GONE' })
    finish()
    await expect(holder).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await stores[0].load('a', { consistent: true })).toBeNull()
  })

  it('delays a rotation, and the session with the new id has the result', async () => {
    const { open: finish, reached, pass } = gate()
    const holder = (await open(stores[0])).once(
      'tokens',
      counted(async () => {
        await pass()
        return { token: { version: 1 } }
      }),
    )
    await reached
    const renewed = await open(stores[1], { generateId: () => 'b' })
    const done = renewed.regenerate()
    await new Promise((resolve) => void setTimeout(resolve, 100))
    expect(renewed.id).toBe('a')
    finish()
    await Promise.all([holder, done])
    expect(renewed).toMatchObject({ id: 'b', data: { token: { version: 1 } } })
    const record = await stores[2].load('b', { consistent: true })
    expect(record?.data).toEqual({ token: { version: 1 } })
    expect(record?.leases).toBeUndefined()
  })

  it('does not block other saves, and merges with them', async () => {
    const { open: finish, reached, pass } = gate()
    const holder = await open(stores[0])
    const done = holder.once(
      'tokens',
      counted(async () => {
        await pass()
        return { token: { version: 1 } }
      }),
    )
    await reached
    await (await open(stores[1])).update({ cart: ['tea'] })
    finish()
    await done
    expect(holder.data).toEqual({ token: { version: 1 }, cart: ['tea'] })
  })
})

describe('exclusive work', () => {
  let driver: ReturnType<typeof conditionalDriver>
  let store: SessionStore
  let elsewhere: SessionStore

  beforeEach(async () => {
    driver = conditionalDriver()
    store = createSessionStore({ storage: driver })
    elsewhere = createSessionStore({ storage: driver })
    await store.create({ id: 'a', data: TOKEN })
  })

  it('sends no request while the data is not stale', async () => {
    await store.save({ ...(await store.load('a'))!, data: { token: { version: 1 } } })
    const session = await open(store)
    driver.calls.length = 0
    const work = counted()
    await session.once('tokens', work)
    expect([work.runs, driver.calls]).toEqual([0, []])
  })

  it('sends two writes and no read', async () => {
    const session = await open(store)
    driver.calls.length = 0
    await session.once('tokens', counted())
    expect(driver.calls).toEqual(['write', 'write'])
  })

  it('works when timers are numbers, as in Workers', async () => {
    const { setTimeout } = globalThis
    vi.stubGlobal('setTimeout', (...args: Parameters<typeof setTimeout>) => Number(setTimeout(...args)))
    try {
      const session = await open(store)
      await session.once('tokens', counted())
      expect(session.data).toEqual({ token: { version: 1 } })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('shares one wait among the callers of a process', async () => {
    const { open: finish, reached, pass } = gate()
    const holder = (await open(elsewhere)).once(
      'tokens',
      counted(async () => {
        await pass()
        return { token: { version: 1 } }
      }),
    )
    await reached
    const sessions = await Promise.all(Array.from({ length: 50 }, () => open(store)))
    driver.calls.length = 0
    const done = Promise.all(sessions.map((session) => session.once('tokens', counted())))
    await new Promise((resolve) => void setTimeout(resolve, 150))
    expect(driver.calls.length).toBeLessThan(15)
    finish()
    await Promise.all([done, holder])
    for (const { data } of sessions) expect(data).toEqual({ token: { version: 1 } })
  })

  it.each([json(), devalue(), compressed(), encrypted({ secret: 'x'.repeat(32), required: true })])(
    'shows in no data and no list, with the codec $name',
    async (codec) => {
      const storage = conditionalDriver()
      const coded = createSessionStore({ storage, codec, cache: false })
      await coded.create({ id: 'c', data: { ...TOKEN, long: 'x'.repeat(2000) } })
      const seen: unknown[] = []
      const session = await open(coded, { id: 'c' })
      await session.once(
        'tokens',
        counted(async (data) => {
          const during = await coded.load('c', { consistent: true })
          seen.push(data, during?.data)
          expect(during?.leases).toMatchObject([{ name: 'tokens', until: START + LEASE * 1000 }])
          for await (const summary of coded.list()) expect(summary).not.toHaveProperty('leases')
          return { token: { version: 1 } }
        }),
      )
      seen.push(session.data, (await coded.load('c'))?.data)
      expect(seen.map((data) => Object.keys(data as object))).toEqual(
        Array.from({ length: 4 }, () => ['token', 'long']),
      )
    },
  )

  it('keeps its lease when the session is touched, and when another session of the process saves', async () => {
    const { open: finish, reached, pass } = gate()
    const done = (await open(store)).once('tokens', counted(pass))
    await reached
    const held = await elsewhere.load('a', { consistent: true })
    await elsewhere.touch(held!)
    const { leases } = (await elsewhere.load('a', { consistent: true }))!
    expect(leases).toEqual(held?.leases)
    finish()
    await done
  })

  it('stores unsaved changes first, and a session that is not stored yet', async () => {
    const fresh = await open(store, { id: null, generateId: () => 'new' })
    fresh.data.cart = ['tea']
    await fresh.once(
      'tokens',
      counted(({ cart }) => ({ token: { version: 1 }, seen: cart })),
    )
    expect((await elsewhere.load('new'))?.data).toEqual({
      cart: ['tea'],
      token: { version: 1 },
      seen: ['tea'],
    })
  })

  it('keeps changes that the handler makes while it waits, for the next save', async () => {
    const { open: finish, reached, pass } = gate()
    const holder = (await open(elsewhere)).once(
      'tokens',
      counted(async () => {
        await pass()
        return { token: { version: 1 } }
      }),
    )
    await reached
    const session = await open(store)
    session.data.before = true
    const done = session.once('tokens', counted())
    await new Promise((resolve) => void setTimeout(resolve, 50))
    session.data.later = true
    finish()
    await Promise.all([holder, done])
    expect(session.data).toEqual({ token: { version: 1 }, before: true, later: true })
    expect(session.isDirty).toBe(true)
    await session.save()
    expect((await elsewhere.load('a', { consistent: true }))?.data).toEqual(session.data)
  })

  it('does not run for a new session whose cookie can no longer be sent', async () => {
    const transport = new RecordingTransport()
    const session = await open(store, { id: null, transport })
    transport.isOpen = false
    const work = counted()
    await expect(session.once('tokens', work)).rejects.toMatchObject({ code: 'HEADERS_SENT' })
    expect(work.runs).toBe(0)
  })

  it.each(['before', 'after'] as const)(
    'is done once and not lost when a write fails %s it has an effect',
    async (when) => {
      for (const skip of [0, 1]) {
        at(skip * 100)
        await store.save({ ...(await store.load('a', { consistent: true }))!, data: TOKEN })
        const work = counted()
        const session = await open(store)
        driver.failNext('write', when, skip)
        await session.once('tokens', work)
        expect(work.runs).toBe(1)
        expect((await elsewhere.load('a', { consistent: true }))?.data).toEqual({ token: { version: 1 } })
      }
    },
  )

  it('of another caller that is not finished within two leases fails with TIMEOUT, status 503', async () => {
    const { reached, pass } = gate()
    void (await open(elsewhere)).once('tokens', counted(pass))
    await reached
    const transport = new RecordingTransport()
    const work = { ...counted(), lease: 0.05 }
    const waiting = (await open(store, { transport })).once('tokens', work)
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT', status: 503 })
    expect(transport.failures).toHaveLength(1)
  })

  it('gets an abort signal when the lease expires, and a caller of the same process runs it', async () => {
    vi.useRealTimers()
    let reason: unknown
    const { open: begin, pass: begun } = gate()
    const hung = counted(
      (_, { signal }) =>
        new Promise((resolve) => {
          begin()
          signal.addEventListener('abort', () => {
            reason = signal.reason
            setTimeout(() => resolve({ token: { version: 100 } }), 50)
          })
        }),
    )
    const first = await open(store)
    const firstDone = first.once('tokens', { ...hung, lease: 0.05 })
    await begun()
    const second = await open(store)
    const work = { ...counted(), lease: 5 }
    await second.once('tokens', work)
    expect(second.data).toEqual({ token: { version: 1 } })
    await firstDone
    expect(reason).toMatchObject({ code: 'TIMEOUT' })
    expect(first.data).toEqual({ token: { version: 1 } })
  })

  it('of another name, or of another session, does not wait', async () => {
    const { open: finish, reached, pass } = gate()
    let isDone = false
    const first = (await open(store)).once('tokens', counted(pass)).then(() => (isDone = true))
    await reached
    const profile = { isStale: (data: SessionValues) => !data.profile, run: () => ({ profile: 1 }) }
    await (await open(elsewhere)).once('profile', profile)
    await elsewhere.create({ id: 'b', data: TOKEN })
    await (await open(elsewhere, { id: 'b' })).once('tokens', counted())
    expect(isDone).toBe(false)
    finish()
    await first
  })

  it('cannot set a key of regenerateOn, because that needs a new id, but can change its value', async () => {
    const session = await open(store, { regenerateOn: ['user'] })
    const signIn = { isStale: ({ user }: SessionValues) => !user, run: () => ({ user: 'ada' }) }
    await expect(session.once('user', signIn)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    await session.update({ user: { name: 'ada', token: 0 } })
    const isOld = ({ user }: SessionValues): boolean => (user as { token: number }).token === 0
    await session.once('user', { isStale: isOld, run: () => ({ user: { name: 'ada', token: 1 } }) })
    expect(session.data).toMatchObject({ user: { token: 1 } })
  })

  it('refuses to wait for itself', async () => {
    const session = await open(store)
    const nested = counted(async () => {
      await session.once('tokens', counted())
    })
    await expect(session.once('tokens', nested)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('may save the session while it runs', async () => {
    const session = await open(store)
    await session.once(
      'tokens',
      counted(async () => {
        await session.update({ tried: true })
        return { token: { version: 1 } }
      }),
    )
    expect(session.data).toEqual({ token: { version: 1 }, tried: true })
  })

  it('runs for a session in a format of other software', async () => {
    const legacy = {
      name: 'old',
      read: (value: string | Uint8Array) =>
        String(value).startsWith('old:') ? { data: { ...TOKEN, cart: ['tea'] } } : null,
    }
    const storage = createStorage()
    await storage.setItemRaw('l', 'old:')
    const older = createSessionStore({ storage, legacy })
    const session = await open(older, { id: 'l' })
    await session.once('tokens', counted())
    expect((await older.load('l'))?.data).toEqual({ token: { version: 1 }, cart: ['tea'] })
  })

  it('keeps only the leases of the last minute in the record', async () => {
    const session = await open(store)
    for (let index = 0; index < 5; index++) {
      at(index * 40)
      const run = (): SessionValues => ({ [`n${index}`]: 1 })
      await session.once(`work-${index}`, { isStale: (data) => !(`n${index}` in data), run, lease: LEASE })
    }
    const { leases } = (await elsewhere.load('a', { consistent: true }))!
    expect(leases?.map(({ name }) => name)).toEqual(['work-3', 'work-4'])
  })

  it.each([
    ['', {}, 'name'],
    ['a name', {}, 'name'],
    ['x'.repeat(65), {}, 'name'],
    ['tokens', { isStale: undefined }, 'isStale'],
    ['tokens', { run: 'now' }, 'run'],
    ['tokens', { lease: 0 }, 'lease'],
    ['tokens', { lease: 601 }, 'lease'],
    ['tokens', { leese: 5 }, 'lease'],
  ])('named %o refuses the options %o and names `%s`', async (name, options, named) => {
    const session = await open(store)
    const once = session.once(name, { ...counted(), ...options } as never)
    await expect(once).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(once).rejects.toThrow(`\`${named}\``)
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Storage, createStorage, prefixStorage } from 'unstorage'
import fs from 'unstorage/drivers/fs'
import memory from 'unstorage/drivers/memory'
import { createStorage as createStorage2, prefixStorage as prefixStorage2 } from 'unstorage2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConflictError, UnsessionError, compressed, createSessionStore } from '../../src/index.ts'
import type {
  DriverLike,
  SessionHooks,
  SessionRecord,
  SessionStore,
  SessionStoreOptions,
} from '../../src/index.ts'
import { expiryOf, shouldTouch } from '../../src/core/lifetime.ts'
import { isLive, secondsUntil } from '../../src/core/stored-lifetime.ts'
import { KeyedQueue } from '../../src/shared/keyed-queue.ts'
import { type TestDriver, conditionalDriver } from '../support/stores/conditional-driver.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('options', () => {
  const storage = createStorage()
  it.each<[string, unknown]>([
    ['storage', undefined],
    ['storage', {}],
    ['storage', { storage: null }],
    ['storage', { storage: {} }],
    ['storage', { storage: memory }],
    ['storage', { storage: { ...memory(), setItem: undefined } }],
    ['maxAge', { storage, maxAge: 0 }],
    ['maxAge', { storage, maxAge: 30 * 24 * 3600 * 1000 }],
    ['idleTimeout', { storage, idleTimeout: 30 * 60 * 1_000_000 }],
    ['idletimeout', { storage, idletimeout: 60 }],
    ['cache.TTL', { storage, cache: { TTL: 1 } }],
    ['hooks.destroy', { storage, hooks: { destroy: () => {} } }],
    ['maxAge', { storage, maxAge: '60' }],
    ['idleTimeout', { storage, idleTimeout: Number.NaN }],
    ['maxRetries', { storage, maxRetries: -1 }],
    ['now', { storage, now: 1 }],
    ['hooks', { storage, hooks: [] }],
    ['hooks.created', { storage, hooks: { created: 'log' } }],
    ['codec', { storage, codec: [] }],
    ['codec', { storage, codec: () => ({}) }],
    ['cache', { storage, cache: true }],
    ['cache.ttl', { storage, cache: { ttl: 0 } }],
    ['cache.max', { storage, cache: { max: 0.5 } }],
    ['cache.maxBytes', { storage, cache: { maxBytes: 0 } }],
    ['maxSize', { storage, maxSize: -1 }],
    ['cache.storage', { storage, cache: { storage: {} } }],
    ['cache.storage', { storage, cache: { storage } }],
  ])('%s is checked at creation, by name', (name, options) => {
    const create = (): unknown => createSessionStore(options as SessionStoreOptions)
    expect(create).toThrow(UnsessionError)
    expect(create).toThrow(`option \`${name}\``)
  })
})

it.each([
  [
    { idletimeout: 60 },
    'option `idletimeout` is unknown; did you mean `idleTimeout`? known names: storage, cache,',
  ],
  [{ cache: { TTL: 60 } }, 'option `cache.TTL` is unknown; did you mean `ttl`?'],
  [{ hooks: { destroy: () => {} } }, 'option `hooks.destroy` is unknown; did you mean `destroyed`?'],
  [{ somethingElse: 1 }, 'option `somethingElse` is unknown; known names: storage,'],
])('a misspelt option is refused with the nearest name: %j', (options, message) => {
  const create = (): unknown => createSessionStore({ storage: createStorage(), ...(options as object) })
  expect(create).toThrow(message)
})

describe('lifetimes', () => {
  const now = 1_000_000

  it.each([
    ['idle', { idleTimeout: 60 }, now + 60_000],
    ['absolute', { deadline: now + 5 }, now + 5],
    ['the earlier of both', { idleTimeout: 60, deadline: now + 5 }, now + 5],
    ['neither', {}, now + 14 * 24 * 60 * 60 * 1000],
  ])('end: %s', (_, lifetime, end) => {
    expect(expiryOf(lifetime, now)).toBe(end)
    expect(isLive({ expiresAt: end }, end - 1)).toBe(true)
    expect(isLive({ expiresAt: end }, end)).toBe(false)
  })

  it.each([
    ['half of the window is left', { idleTimeout: 60, expiresAt: now + 30_000 }, false],
    ['less than half is left', { idleTimeout: 60, expiresAt: now + 29_999 }, true],
    ['the end is fixed', { deadline: now + 1, expiresAt: now + 1 }, false],
    ['the end is at the deadline', { idleTimeout: 60, deadline: now + 9, expiresAt: now + 9 }, false],
    ['the default window is half gone', { expiresAt: now + 7 * 24 * 60 * 60 * 1000 - 1 }, true],
  ])('a touch is worth its write when %s: see the last column', (_, record, worth) => {
    expect(shouldTouch(record, now)).toBe(worth)
  })

  it('a time to live never expires a session early, and is never 0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8.64e15 }), fc.integer({ min: -1e6, max: 1e12 }), (at, left) => {
        const ttl = secondsUntil(at + left, at)
        expect(Number.isInteger(ttl) && ttl >= 1).toBe(true)
        expect(at + ttl * 1000).toBeGreaterThanOrEqual(at + left)
      }),
    )
  })
})

describe('the lock', () => {
  it('runs the tasks of a key one by one, in order, also after a failure, and keeps nothing', async () => {
    const lock = new KeyedQueue()
    const seen: string[] = []
    const task = (name: string) => async (): Promise<string> => {
      seen.push(`${name} in`)
      await new Promise(setImmediate)
      seen.push(`${name} out`)
      if (name === 'b') throw new Error(name)
      return name
    }
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => lock.run('key', task(name))))
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  const versions: [string, typeof createStorage, typeof prefixStorage][] = [
    ['unstorage 1', createStorage, prefixStorage],
    ['unstorage 2', createStorage2 as never, prefixStorage2 as never],
  ]
  it.each(versions)('belongs to the driver, wherever it is mounted: %s', async (_, create, prefix) => {
    const driver = memory()
    const root = create()
    root.mount('somewhere:else', driver)
    const other = create({ driver })
    const ways: SessionStoreOptions['storage'][] = [
      driver as DriverLike,
      other,
      prefix(root, 'somewhere:else'),
      prefix(prefix(root, 'somewhere'), 'else:'),
    ]
    const stores = ways.map((storage) => createSessionStore({ storage, cache: false, maxRetries: 0 }))
    let record = await stores[0]?.create<{ n: number }>({ id: 'a', data: { n: 0 } })
    for (let round = 1; round <= 10; round++) {
      const results = await Promise.allSettled(
        stores.map((store) => record && store.save({ ...record, data: { n: round } })),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      record = (await stores[1]?.load<{ n: number }>('a')) ?? undefined
      expect(record?.version).toBe(round + 1)
    }
    expect(root.getMounts().map(({ base }) => base)).toEqual(['somewhere:else:', ''])
  })
})

describe('the size of a session', () => {
  const sized = (bytes: number): { text: string } => ({ text: 'é'.repeat(bytes / 2) + 'x'.repeat(bytes % 2) })

  it('is at most 400,000 bytes as stored, or `maxSize`', async () => {
    const storage = createStorage()
    const store = createSessionStore({ storage, now: () => 1_800_000_000_000 })
    const empty = await sizeOf(store, storage, sized(0))
    expect(await sizeOf(store, storage, sized(400_000 - empty))).toBe(400_000)
    for (const text of [sized(400_001 - empty), sized(10_000_000)]) {
      const error: unknown = await sizeOf(store, storage, text).catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ITEM_TOO_LARGE' })
      expect(String(error)).toContain('`maxSize` allows 400000')
    }
    const small = createSessionStore({ storage, maxSize: empty, now: () => 1_800_000_000_000 })
    expect(await sizeOf(small, storage, sized(0))).toBe(empty)
    await expect(sizeOf(small, storage, sized(1))).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' })
  })

  it('is the size as stored, compressed or encrypted', async () => {
    const store = createSessionStore({ storage: createStorage(), codec: compressed(), maxSize: 2000 })
    await store.create({ id: 'a', data: sized(1_000_000) })
    expect(await store.load('a')).toMatchObject({ data: sized(1_000_000) })
  })

  it('limits writes, but not reads', async () => {
    const storage = createStorage()
    const record = await createSessionStore({ storage }).create({ id: 'a', data: sized(1000) })
    const small = createSessionStore({ storage, maxSize: 500, cache: false })
    expect(await small.load('a')).toMatchObject({ data: sized(1000) })
    await expect(small.save(record)).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' })
    expect(await small.save({ ...record, data: sized(0) })).toMatchObject({ version: 2 })
  })

  async function sizeOf(store: SessionStore, storage: Storage, data: object): Promise<number> {
    await store.destroy('a')
    await store.create({ id: 'a', data: { ...data } })
    return Buffer.byteLength((await storage.getItemRaw<string>('a')) ?? '')
  }
})

describe('instants', () => {
  const START = 1_800_000_000_000

  it('are whole ms, also when the clock returns fractions', async () => {
    const store = createSessionStore({ storage: createStorage(), now: () => START + 0.75 })
    const record = await store.create({ id: 'a', data: {}, idleTimeout: 60 })
    expect(record).toMatchObject({ createdAt: START, expiresAt: START + 60_000 })
    expect(await store.save(record)).toMatchObject({ version: 2, createdAt: START })
    expect(await store.load('a')).toMatchObject({ version: 2 })
  })

  it.each([[undefined], [Number.NaN], ['2026-01-01'], [Infinity]])(
    'a clock must tell ms: not %j',
    async (wrong) => {
      const store = createSessionStore({ storage: createStorage(), now: () => wrong as number })
      await expect(store.create({ id: 'a', data: {} })).rejects.toThrow('option `now` must return ms')
    },
  )

  it('the creation time of a session may be a date or ms, and nothing else', async () => {
    const store = createSessionStore({ storage: createStorage() })
    for (const [id, createdAt] of Object.entries({ a: new Date(START), b: START, c: START + 0.5 }))
      expect(await store.create({ id, data: {}, createdAt })).toMatchObject({ createdAt: START })
    for (const createdAt of [new Date(Number.NaN), '2026-01-01', -1]) {
      const creating = store.create({ id: 'd', data: {}, createdAt: createdAt as number })
      await expect(creating).rejects.toThrow('`createdAt` must be a date or ms')
    }
  })
})

describe('hooks', () => {
  const names = [
    'created',
    'loaded',
    'saved',
    'touched',
    'conflict',
    'destroyed',
    'expired',
    'corrupt',
  ] as const

  it('are called for each operation, with the hash of the id', async () => {
    const heard: [string, object][] = []
    const hooks: SessionHooks = Object.fromEntries(
      names.map((name) => [name, (event: object) => heard.push([name, event])]),
    )
    let now = Date.now()
    const storage = createStorage()
    const store = createSessionStore({ storage, hooks, cache: false, idleTimeout: 60, now: () => now })
    const record = await store.create({ id: 'the-raw-id', data: {}, user: 'ada' })
    await store.load('the-raw-id')
    await store.touch(record)
    await store.save(record)
    await expect(store.save(record)).rejects.toBeInstanceOf(ConflictError)
    await store.destroy('the-raw-id')
    await store.create({ id: 'the-raw-id', data: {} })
    now += 60_000
    await store.load('the-raw-id')
    await storage.setItem('the-raw-id', 'garbage')
    await store.load('the-raw-id')
    expect(heard.map(([name]) => name)).toEqual([
      'created',
      'loaded',
      'touched',
      'saved',
      'conflict',
      'destroyed',
      'created',
      'expired',
      'corrupt',
    ])
    expect(heard[0]?.[1]).toEqual({
      keyHash: expect.stringMatching(/^[0-9a-f]{12}$/),
      version: 1,
      expiresAt: record.expiresAt,
      user: 'ada',
    })
    expect(heard[4]?.[1]).toMatchObject({ version: 1, currentVersion: 2 })
    expect(JSON.stringify(heard)).not.toContain('the-raw-id')
  })

  it('do not fail an operation when they throw or reject', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const hooks: SessionHooks = {
      created: () => {
        throw new Error('thrown')
      },
      destroyed: () => Promise.reject(new Error('rejected')),
    }
    const store = createSessionStore({ storage: createStorage(), hooks })
    await store.create({ id: 'a', data: {} })
    expect(await store.destroy('a')).toBe(true)
    await new Promise(setImmediate)
    expect(said).toHaveBeenCalledTimes(2)
  })
})

describe('a storage that fails', () => {
  it('is never reported as a missing session', async () => {
    const driver = conditionalDriver()
    const store = createSessionStore({ storage: driver, cache: false })
    const record = await store.create({ id: 'a', data: {} })
    for (const [call, attempt, skip] of [
      ['read', () => store.load('a')],
      ['write', () => store.save(record)],
      ['write', () => store.touch(record)],
      ['write', () => store.create({ id: 'b', data: {} })],
      ['delete', () => store.destroy('a')],
      ['write', () => store.rotate(record, 'c'), 1],
    ] as const) {
      driver.failNext(call, 'before', skip)
      await expect(attempt()).rejects.toThrow('no answer')
    }
    expect(await store.load('a')).not.toBeNull()
    expect(await store.load('c')).toBeNull()
  })

  it('is asked again for its capabilities after a failed answer', async () => {
    const driver = memory()
    const storage = createStorage({ driver })
    const hasItem = driver.hasItem
    driver.hasItem = () => Promise.reject(new Error('down'))
    const store = createSessionStore({ storage })
    await expect(store.load('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    driver.hasItem = hasItem
    expect(await store.load('a')).toBeNull()
  })

  it('is detected although unstorage’s fs driver resolves with the error', async () => {
    const base = await mkdtemp(join(tmpdir(), 'unsession-'))
    try {
      // A file where a directory is expected: ENOTDIR, which the driver does not take for "not found".
      await writeFile(join(base, 'file'), '')
      const storage = createStorage({ driver: fs({ base: join(base, 'file') }) })
      await expect(createSessionStore({ storage }).load('a')).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        cause: { code: 'ENOTDIR' },
      })
    } finally {
      await rm(base, { recursive: true })
    }
  })
})

describe('at the expiry of a session', () => {
  const START = 1_800_000_000_000
  const at = (seconds: number): unknown => vi.setSystemTime(START + seconds * 1000)
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate)
  }
  let driver: TestDriver
  let mine: SessionStore
  let theirs: SessionStore
  let record: SessionRecord

  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterAll(() => {
    vi.useRealTimers()
  })
  beforeEach(async () => {
    at(0)
    driver = conditionalDriver()
    mine = createSessionStore({ storage: driver })
    theirs = createSessionStore({ storage: driver, cache: false })
    record = await mine.create({ id: 'a', data: { n: 1 }, idleTimeout: 5 })
  })

  it('a save whose own deadline has passed merges with the request that extended the session', async () => {
    const short = await mine.save({ ...record, data: { n: 1 }, deadline: START + 5000 })
    await theirs.save({ ...short, data: { n: 2 }, deadline: undefined, idleTimeout: 60 })
    at(5)
    await expect(mine.save(short)).rejects.toMatchObject({ code: 'CONFLICT', current: { version: 3 } })
  })

  it('a rotation whose own deadline has passed merges with the request that extended the session', async () => {
    const short = await mine.save({ ...record, data: { n: 1 }, deadline: START + 5000 })
    await theirs.save({ ...short, data: { n: 2 }, deadline: undefined, idleTimeout: 60 })
    at(5)
    const moved = await mine.rotate({ ...short, data: { n: 1, own: true } }, 'b')
    expect(moved).toMatchObject({ id: 'b', data: { n: 2, own: true }, deadline: undefined, idleTimeout: 60 })
  })

  it('a refused write does not treat a session as expired that was extended while its response was in flight', async () => {
    const current = await theirs.save({ ...record, data: { n: 2 } })
    at(1)
    const release = driver.holdNext('write')
    const saving = mine.save(record)
    await turns()
    at(4)
    await theirs.touch(current)
    at(6)
    release()
    await expect(saving).rejects.toMatchObject({ code: 'CONFLICT', current: { expiresAt: START + 9000 } })
    expect(await mine.load('a')).not.toBeNull()
  })

  it('a strongly consistent read that began before the expiry does not confirm it', async () => {
    at(4)
    const release = driver.holdNext('strong read')
    const loading = theirs.load('a', { minVersion: 2 })
    await turns()
    await createSessionStore({ storage: driver }).touch(record)
    at(6)
    release()
    expect((await loading)?.expiresAt).toBe(START + 9000)
  })

  it('no cache stores it as expired while a write that began in time may still arrive', async () => {
    const odd = await mine.save({ ...record, data: { n: 1 }, idleTimeout: 5.3 })
    at(5.5)
    await expect(mine.save(odd)).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await mine.load('a')).toBeNull()
    const late = createSessionStore({ storage: driver, now: () => START + 5200 })
    expect(await late.touch(odd)).not.toBeNull()
    expect(await mine.load('a')).not.toBeNull()
  })

  it('signing out everywhere destroys a session that the index shows as expired and that was extended', async () => {
    driver = conditionalDriver({ lag: 1 })
    driver.listUser = async function* (_, { liveAt = Date.now() }) {
      for (const [key, states] of driver.history) {
        const item = states.at(-2)
        if (item && (item.expires ?? Infinity) > liveAt) yield { key, value: item.value }
      }
    }
    const store = createSessionStore({ storage: driver, cache: false })
    const bound = await store.create({ id: 'b', data: {}, user: 'ada', idleTimeout: 5 })
    at(4.9)
    await store.save(bound)
    at(5.1)
    expect(await store.destroyAll({ user: 'ada' })).toBe(1)
    expect(await store.load('b', { minVersion: 3 })).toBeNull()
  })
})

describe('capability', () => {
  it('of our driver is found without a request', async () => {
    const driver = conditionalDriver()
    const root = createStorage()
    root.mount('deep:mount', driver)
    const store = createSessionStore({ storage: prefixStorage(root, 'deep:mount:app'), cache: false })
    await store.create({ id: 'a', data: {} })
    expect(driver.calls).toEqual(['write'])
    expect([...driver.history.keys()]).toEqual(['app:a'])
    expect(await store.destroy('a')).toBe(true)
  })

  it('uses the driver’s own list and clearExpired if it has them', async () => {
    const driver = conditionalDriver()
    const options: unknown[] = []
    Object.assign(driver, {
      async *listUser(user: string) {
        options.push(user)
        for (const [key, states] of driver.history) yield { key, value: states.at(-1)?.value }
      },
      async clearExpired(given: unknown) {
        options.push(given)
        return { scanned: 7, expired: 3, deleted: 3 }
      },
    })
    const storage = prefixStorage(createStorage({ driver }), 'app')
    const store = createSessionStore({ storage })
    await store.create({ id: 'a', data: {}, user: 'ada' })
    await prefixStorage(createStorage({ driver }), 'other').setItem('b', '{}')
    const found: string[] = []
    for await (const session of store.list({ user: 'ada' })) found.push(session.id)
    expect(found).toEqual(['a'])
    expect(await store.clearExpired({ grace: 9 })).toEqual({ scanned: 7, expired: 3, deleted: 3 })
    expect(options).toEqual(['ada', { grace: 9 }])
  })
})

describe('clearExpired', () => {
  it('waits for the grace period, reports its progress, and does not delete other items', async () => {
    let now = Date.now()
    const storage = createStorage()
    const store = createSessionStore({ storage, cache: false, now: () => now })
    for (const id of ['a', 'b']) await store.create({ id, data: {}, idleTimeout: 60 })
    await storage.setItem('config', '{"v":1}')
    now += 60_000 + 59_999
    expect(await store.clearExpired()).toEqual({ scanned: 2, expired: 0, deleted: 0 })
    now += 1
    expect(await store.clearExpired({ dryRun: true })).toEqual({ scanned: 2, expired: 2, deleted: 0 })
    const progress: unknown[] = []
    await store.clearExpired({ onProgress: (step) => progress.push(step) })
    expect(progress.at(-1)).toEqual({ scanned: 2, expired: 2, deleted: 2 })
    expect(await storage.getKeys()).toEqual(['config'])
  })

  it('stops when its signal is aborted', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    await expect(store.clearExpired({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/)
  })
})

describe('a record', () => {
  it.each([
    ['user', { user: '' }],
    ['user', { user: 'x'.repeat(2049) }],
    ['deadline', { deadline: Number.NaN }],
    ['deadline', { deadline: 1 }],
    ['idleTimeout', { idleTimeout: 0 }],
    ['idleTimeout', { idleTimeout: Infinity }],
  ])('is refused with a wrong %s', async (name, fields) => {
    const store = createSessionStore({ storage: createStorage() })
    const refused = store.create({ id: 'a', data: {}, ...fields })
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    await expect(refused).rejects.toThrow(`\`${name}\``)
  })

  it('is refused without data, as a copy by spreading has none', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const record = await store.create({ id: 'a', data: { n: 1 } })
    await expect(store.save({ ...record })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  })

  it('is refused with a deadline in the past, and the stored session does not change', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const record = await store.create({ id: 'a', data: {} })
    await expect(store.save({ ...record, data: {}, deadline: 1 })).rejects.toThrow('`deadline`')
    expect(await store.load('a')).not.toBeNull()
  })

  it('never has its id in a message', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const record = await store.create({ id: 'the-raw-id', data: {} })
    await store.save(record)
    for (const attempt of [() => store.save(record), () => store.create({ id: 'the-raw-id', data: {} })]) {
      const error = await attempt().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(UnsessionError)
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('the-raw-id')
    }
  })
})

import { inspect } from 'node:util'
import { tracingChannel } from 'node:diagnostics_channel'
import { createStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { describe, expect, it } from 'vitest'
import { createSessionStore, devalue } from '../../src/index.ts'
import type { DriverLike } from '../../src/index.ts'
import { foreignError } from '../../src/shared/foreign-error.ts'

const ID = 'the-id-of-a-session'
const SECRET = 'what-the-session-holds'

/** As ioredis makes it: the command that failed, with key and value. */
function redisError(): Error {
  const error = new Error(`OOM command not allowed when used memory > 'maxmemory'. ${ID} ${SECRET}`)
  error.name = 'ReplyError'
  return Object.assign(error, { command: { name: 'set', args: [ID, SECRET] } })
}

describe('the error of a driver', () => {
  it.each([
    ['hasItem', redisError],
    ['getItemRaw', redisError],
    ['setItem', () => Object.assign(new Error(`connect ${ID}`), { code: 'ECONNREFUSED', key: ID })],
    [
      'removeItem',
      () => new Error('fetch failed', { cause: Object.assign(redisError(), { code: 'ECONNRESET' }) }),
    ],
    [
      'getKeys',
      () =>
        Object.assign(new TypeError(`${ID}\n    at ${SECRET} (${SECRET}:1:1)`), { code: `${ID} ${SECRET}` }),
    ],
    ['removeItem', () => `${ID} ${SECRET}` as unknown as Error],
  ])('keeps its name and code, and holds neither ids nor data: %s', async (method, make) => {
    const traced: unknown[] = []
    const listen = { error: (event: { error?: unknown }) => traced.push(event.error) }
    const channels = ['load', 'create', 'destroy'].map((name) =>
      tracingChannel<unknown, object>(`unsession.${name}`),
    )
    for (const channel of channels) channel.subscribe(listen as never)
    const driver = memory() as DriverLike
    Object.assign(driver, { [method]: () => Promise.reject(make()) })
    const store = createSessionStore({ storage: createStorage({ driver: driver as never }), cache: false })
    const calls = [
      () => store.load(ID),
      () => store.create({ id: ID, data: { secret: SECRET } }),
      () => store.destroy(ID),
      () => store.list()[Symbol.asyncIterator]().next(),
    ]
    const errors: unknown[] = []
    for (const call of calls) await call().catch((error: unknown) => errors.push(error))
    for (const channel of channels) channel.unsubscribe(listen as never)
    expect(errors.length).toBeGreaterThan(0)
    for (const error of [...errors, ...traced]) {
      expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503 })
      const printed = inspect(error, { depth: Infinity, showHidden: true })
      expect(printed).not.toContain(ID)
      expect(printed).not.toContain(SECRET)
    }
  })

  it('says what a person needs to find the cause', () => {
    const refused = Object.assign(new Error('connect'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      errno: -111,
    })
    const error = foreignError(refused, 'the storage')
    expect(error.message).toBe('[unsession] the storage failed with Error, code ECONNREFUSED (see `cause`)')
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', errno: -111 })
    expect((error.cause as Error).stack).toContain('foreign-error.test.ts')
    expect(foreignError(redisError(), 'the cache').message).toContain(
      'the cache failed with ReplyError, code OOM',
    )
    expect(foreignError(error, 'anything')).toBe(error)
  })
})

describe('the error of a codec', () => {
  it('names what cannot be written, without the data around it', async () => {
    const store = createSessionStore({ storage: memory() as DriverLike, codec: devalue() })
    const data = { secret: SECRET, run: () => {} }
    const error: unknown = await store.create({ id: ID, data }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'INVALID_VALUE' })
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(SECRET)
  })

  it('tells the hook nothing of the data that cannot be read', async () => {
    const driver = memory()
    const heard: unknown[] = []
    const hooks = { corrupt: (event: unknown) => heard.push(event) }
    const store = createSessionStore({ storage: driver as DriverLike, hooks, cache: false })
    const now = Date.now()
    await driver.setItem?.(ID, `{"v":1,"c":${now},"e":${now + 1e6},"k":"devalue","d":["${SECRET}"]}`, {})
    await driver.setItem?.('other', SECRET, {})
    for (const id of [ID, 'other']) expect(await store.load(id)).toBeNull()
    expect(heard).toHaveLength(2)
    const printed = inspect(heard, { depth: Infinity, showHidden: true })
    expect(printed).not.toContain(SECRET)
    expect(printed).not.toContain(ID)
  })
})

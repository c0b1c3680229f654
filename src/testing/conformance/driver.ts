import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { DRIVER_HANDSHAKE } from '../../../drivers/utils/driver-handshake.ts'
import { ConflictError, type CurrentItem } from '../../../drivers/utils/errors.ts'
import type { ConditionalDriver } from '../../storage/driver-contract.ts'
import { freshId } from './suite.ts'

/** Values and functions that a case of the driver contract uses. */
export interface DriverContext {
  /** Sets the date, in seconds after the start of the case. */
  at: (seconds: number) => void
  /** Start of the case in ms since the epoch, a whole second. */
  start: number
  /** Two drivers on the same items. They stand for two processes. */
  here: ConditionalDriver
  there: ConditionalDriver
}

/** A test case: one statement of the driver contract. */
export interface DriverCase {
  name: string
  run: (context: DriverContext) => Promise<void>
}

const CROWD = 10

/** Maximum wait for the user index, in ms. */
const MAX_LAG = 10_000

const STRONG = { consistent: true }

/** Returns the item that a rejected conditional write has found. */
async function conflictOf(write: Promise<unknown>): Promise<CurrentItem | null> {
  const error = await write.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ConflictError) return error.current as CurrentItem | null
  throw new Error('expected a ConflictError', { cause: error })
}

/** Returns the values that a driver lists for a user, by key. */
async function listed(
  driver: ConditionalDriver,
  user: string,
  options: { liveAt?: number } = {},
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for await (const { key, value } of driver.listUser?.(user, options) ?? []) found[key] = value
  return found
}

/** Waits until an eventually consistent index lists the expected items. */
async function eventually(list: () => Promise<unknown>, expected: unknown): Promise<void> {
  for (const end = performance.now() + MAX_LAG; performance.now() < end; await sleep(50)) {
    try {
      return assert.deepEqual(await list(), expected)
    } catch {}
  }
  assert.deepEqual(await list(), expected)
}

export const driverCases: readonly DriverCase[] = [
  {
    name: 'returns itself and the key from the handshake, and does not call the database',
    async run({ here }) {
      const key = freshId()
      const calls: unknown[] = []
      const handshake = (...call: unknown[]): never => {
        calls.push(call)
        throw new Error('known')
      }
      await assert.rejects(async () => here.hasItem(key, { [DRIVER_HANDSHAKE]: handshake } as object), {
        message: 'known',
      })
      assert.deepEqual(calls.length, 1)
      assert.ok(Array.isArray(calls[0]) && calls[0][0] === here && calls[0][1] === key)
    },
  },
  {
    name: 'stores text and bytes unchanged',
    async run({ here, there }) {
      const [text, bytes, missing] = [freshId(), freshId(), freshId()]
      const content = Uint8Array.from({ length: 256 }, (_, index) => index)
      await here.setItem(text, '{"a":"ü"}', { ttl: 60 })
      await here.setItemRaw(bytes, content, { ttl: 60 })
      for (const read of ['getItem', 'getItemRaw'] as const) {
        assert.equal(await there[read](text, STRONG), '{"a":"ü"}')
        assert.deepEqual(Buffer.from((await there[read](bytes, STRONG)) as Uint8Array), Buffer.from(content))
        assert.equal(await there[read](missing, STRONG), null)
      }
      assert.equal(await there.hasItem(text, STRONG), true)
      assert.equal(await there.hasItem(missing, STRONG), false)
    },
  },
  {
    name: 'writes only if there is no live item',
    async run({ here, there, start }) {
      const key = freshId()
      await here.setItem(key, 'one', { ifVersion: null, version: 1, ttl: 60 })
      const found = await conflictOf(there.setItem(key, 'two', { ifVersion: null, version: 1, ttl: 60 }))
      assert.equal(found?.value, 'one')
      assert.equal(found.version, 1)
      assert.equal(found.expires, start + 60_000)
      assert.equal(await there.getItem(key, STRONG), 'one')
    },
  },
  {
    name: 'writes only over the given version',
    async run({ here, there }) {
      const key = freshId()
      assert.equal(await conflictOf(here.setItem(key, 'none', { ifVersion: 1, version: 2, ttl: 60 })), null)
      await here.setItem(key, 'one', { ifVersion: null, version: 1, ttl: 60 })
      await there.setItem(key, 'two', { ifVersion: 1, version: 2, ttl: 60 })
      const found = await conflictOf(here.setItem(key, 'other', { ifVersion: 1, version: 2, ttl: 60 }))
      assert.equal(found?.value, 'two')
      assert.equal(found.version, 2)
      assert.equal(await here.getItem(key, STRONG), 'two')
    },
  },
  {
    name: 'extends an item at its version',
    async run({ here, there, at }) {
      const key = freshId()
      await here.setItem(key, 'one', { ifVersion: null, version: 4, ttl: 30 })
      await there.setItem(key, 'one, later', { ifVersion: 4, version: 4, ttl: 90 })
      at(60)
      assert.equal(await here.getItem(key, STRONG), 'one, later')
      await here.setItem(key, 'two', { ifVersion: 4, version: 5, ttl: 90 })
    },
  },
  {
    name: 'writes over any version without a condition',
    async run({ here, there }) {
      const key = freshId()
      await here.setItem(key, 'one', { version: 7, ttl: 60 })
      await there.setItem(key, 'two', { version: 3, ttl: 60 })
      await here.setItem(key, 'three', { ifVersion: 3, version: 4, ttl: 60 })
      assert.equal(await there.getItem(key, STRONG), 'three')
    },
  },
  {
    name: 'lets only one of several writers write over a version',
    async run({ here, there }) {
      const key = freshId()
      await here.setItem(key, 'zero', { ifVersion: null, version: 1, ttl: 60 })
      const writes = Array.from({ length: CROWD }, (_, index) =>
        (index % 2 === 0 ? here : there).setItem(key, `${index}`, { ifVersion: 1, version: 2, ttl: 60 }),
      )
      const results = await Promise.allSettled(writes)
      const won = results.findIndex(({ status }) => status === 'fulfilled')
      assert.equal(await here.getItem(key, STRONG), `${won}`)
      for (const [index, result] of results.entries()) {
        if (index !== won) assert.ok(result.status === 'rejected' && result.reason instanceof ConflictError)
      }
    },
  },
  {
    name: 'deletes only the given version, and returns its value',
    async run({ here, there }) {
      const key = freshId()
      const removed: unknown[] = []
      const onRemoved = (value: unknown): void => void removed.push(value)
      assert.equal(await here.deleteItem(key, { onRemoved }), false)
      assert.equal(await conflictOf(here.deleteItem(key, { ifVersion: 1, onRemoved })), null)
      await here.setItem(key, 'two', { version: 2, ttl: 60 })
      assert.equal((await conflictOf(there.deleteItem(key, { ifVersion: 1, onRemoved })))?.value, 'two')
      assert.deepEqual(removed, [])
      assert.equal(await there.deleteItem(key, { ifVersion: 2, onRemoved }), true)
      assert.equal(await here.getItem(key, STRONG), null)
      await here.setItem(key, 'any', { version: 9, ttl: 60 })
      assert.equal(await there.deleteItem(key, { onRemoved }), true)
      assert.deepEqual(removed, ['two', 'any'])
    },
  },
  {
    name: 'treats an expired item as missing',
    async run({ here, there, at }) {
      const key = freshId()
      await here.setItem(key, 'one', { ifVersion: null, version: 1, ttl: 30, user: key })
      at(29.999)
      assert.equal(await there.getItem(key, STRONG), 'one')
      assert.ok((await there.getKeys()).includes(key))
      at(31)
      assert.equal(await there.getItem(key, STRONG), null)
      assert.equal(await there.getItemRaw(key, STRONG), null)
      assert.equal(await there.hasItem(key, STRONG), false)
      assert.equal((await there.getKeys()).includes(key), false)
      assert.equal(await conflictOf(there.setItem(key, 'two', { ifVersion: 1, version: 2, ttl: 30 })), null)
      assert.equal(await conflictOf(there.deleteItem(key, { ifVersion: 1 })), null)
      assert.deepEqual(await listed(there, key), {})
      await there.setItem(key, 'new', { ifVersion: null, version: 1, ttl: 30 })
      assert.equal(await here.getItem(key, STRONG), 'new')
    },
  },
  {
    name: 'adds to sets, and returns all their members',
    async run({ here, there, start }) {
      const key = freshId()
      const add = async (driver: ConditionalDriver, sets: Record<string, string[]>): Promise<object> =>
        sorted(await driver.addToSets(key, sets, start + 60_000))
      assert.deepEqual(await here.getSets(key), {})
      assert.deepEqual(await add(here, { bindings: ['a'] }), { bindings: ['a'] })
      assert.deepEqual(await add(there, { bindings: ['b', 'a'] }), { bindings: ['a', 'b'] })
      assert.deepEqual(await add(here, { marks: ['m'] }), { bindings: ['a', 'b'], marks: ['m'] })
      assert.deepEqual(sorted(await there.getSets(key)), { bindings: ['a', 'b'], marks: ['m'] })
      assert.deepEqual(await there.getSets(freshId()), {})
    },
  },
  {
    name: 'loses none of many simultaneous additions, and orders them',
    async run({ here, there, start }) {
      const key = freshId()
      const strings = Array.from({ length: CROWD }, (_, index) => `${index}`)
      const answers = await Promise.all(
        strings.map((string, index) =>
          (index % 2 === 0 ? here : there).addToSets(key, { bindings: [string] }, start + 60_000),
        ),
      )
      assert.deepEqual(sorted(await here.getSets(key)), { bindings: strings })
      // Each response contains all earlier members, so no two responses have the same size.
      const sizes = answers.map(({ bindings = [] }) => bindings.length).toSorted((a, b) => a - b)
      assert.deepEqual(
        sizes,
        strings.map((_, index) => index + 1),
      )
    },
  },
  {
    name: 'lists the items of a user',
    async run({ here, there, at, start }) {
      if (here.listUser === undefined) return
      const [user, mine, brief, left] = [freshId(), freshId(), freshId(), freshId()]
      await here.setItem(mine, 'mine', { ifVersion: null, version: 1, ttl: 600, user })
      await here.setItem(brief, 'brief', { ifVersion: null, version: 1, ttl: 30, user })
      await here.setItem(left, 'left', { ifVersion: null, version: 1, ttl: 600, user })
      await here.setItem(freshId(), 'of another user', { version: 1, ttl: 600, user: freshId() })
      await here.setItem(left, 'left', { ifVersion: 1, version: 2, ttl: 600 })
      await eventually(() => listed(there, user), { [mine]: 'mine', [brief]: 'brief' })
      at(40)
      await eventually(() => listed(there, user), { [mine]: 'mine' })
      const earlier = { liveAt: start + 20_000 }
      await eventually(() => listed(there, user, earlier), { [mine]: 'mine', [brief]: 'brief' })
    },
  },
]

function sorted(sets: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(sets).map(([name, strings]) => [name, strings.toSorted()]))
}

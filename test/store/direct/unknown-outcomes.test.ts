import { afterAll, describe, expect, it } from 'vitest'
import { ConflictError } from '../../../drivers/utils/errors.ts'
import { createSessionStore, type SessionRecord, type SessionStore } from '../../../src/index.ts'
import { commit } from '../../../src/session/changes/commit.ts'
import { breakable, type BreakableDriver, WAYS, type Way } from '../../support/proxy/broken-requests.ts'
import { conditionalDriver } from '../../support/stores/conditional-driver.ts'

/** Options of a strongly consistent read. */
const STRONG = { consistent: true }

/** The state after an operation. `find` uses strongly consistent reads. */
interface After {
  /** Whether the operation succeeded for its caller. */
  isDone: boolean
  error: unknown
  find: (id: string) => Promise<SessionRecord | null>
}

/** An operation on session `a`, which has a cart, and the check to run after it. `b` is a new id. */
interface Operation {
  user?: string
  run: (store: SessionStore, a: SessionRecord) => Promise<unknown>
  /** Checks the state. @returns a description of the fault, if any */
  check: (after: After) => Promise<string | undefined>
}

async function cartOf({ find }: After, ...ids: string[]): Promise<string | undefined> {
  const found = await Promise.all(ids.map(find))
  return found.some((record) => record?.data['cart'] === 'tea') ? undefined : 'the cart is lost'
}

/** Checks that an acknowledged change of `a` is stored. @returns a description of the fault, if any */
async function changed(after: After, key: string): Promise<string | undefined> {
  const record = await after.find('a')
  if (after.isDone && record?.data[key] === undefined) return 'an acknowledged change is lost'
  return cartOf(after, 'a')
}

async function rotated(after: After): Promise<string | undefined> {
  const [a, b] = [await after.find('a'), await after.find('b')]
  if (after.isDone)
    return a !== null || b === null ? 'the acknowledged rotation did not happen' : cartOf(after, 'b')
  const isUnreachable = (after.error as { code?: string }).code === 'UNAVAILABLE'
  return isUnreachable ? cartOf(after, 'a', 'b') : cartOf(after, 'a')
}

const OPERATIONS: Record<string, Operation> = {
  create: {
    run: (store) => store.create({ id: 'b', data: { cart: 'tea' } }),
    check: async (after) => (after.isDone ? cartOf(after, 'b') : cartOf(after, 'a')),
  },
  'create, bound': {
    run: (store) => store.create({ id: 'b', data: { cart: 'tea' }, user: 'ada' }),
    check: async (after) => (after.isDone ? cartOf(after, 'b') : cartOf(after, 'a')),
  },
  load: {
    run: (store) => store.load('a'),
    check: (after) => cartOf(after, 'a'),
  },
  save: {
    run: (store, a) => store.save({ ...a, data: { ...a.data, x: 1 } }),
    check: (after) => changed(after, 'x'),
  },
  'save, bound': {
    run: (store, a) => store.save({ ...a, user: 'ada', data: { ...a.data, x: 1 } }),
    async check(after) {
      const { user } = (await after.find('a')) ?? {}
      if (after.isDone && user !== 'ada') return 'an acknowledged owner is lost'
      return changed(after, 'x')
    },
  },
  'save, bound to another user': {
    user: 'bob',
    run: (store, a) => store.save({ ...a, user: 'ada', data: { ...a.data, x: 1 } }),
    async check(after) {
      const { user } = (await after.find('a')) ?? {}
      if (after.isDone ? user !== 'ada' : user !== 'ada' && user !== 'bob') return 'the owner is lost'
      return changed(after, 'x')
    },
  },
  update: {
    run: (store, record) =>
      commit(store, { record, mine: record.original, patch: { x: 1 }, applyPending: (current) => current }),
    check: (after) => changed(after, 'x'),
  },
  touch: {
    run: (store, a) => store.touch(a),
    check: (after) => cartOf(after, 'a'),
  },
  destroy: {
    run: (store) => store.destroy('a'),
    check: async (after) =>
      after.isDone && (await after.find('a')) ? 'an acknowledged sign-out is undone' : undefined,
  },
  'destroy at a version': {
    run: (store) => store.destroy('a', { ifVersion: 1 }),
    check: async (after) =>
      after.isDone && (await after.find('a')) ? 'an acknowledged sign-out is undone' : undefined,
  },
  rotate: {
    run: (store, a) => store.rotate(a, 'b'),
    check: rotated,
  },
  'rotate with a grace': {
    run: (store, a) => store.rotate(a, 'b', { grace: 30 }),
    async check(after) {
      const found = await after.find('a')
      if (after.isDone) return found?.id === 'b' ? cartOf(after, 'b') : 'the old id leads nowhere'
      return cartOf(after, 'a')
    },
  },
  'rotate, bound': {
    run: (store, a) => store.rotate({ ...a, user: 'ada', data: a.data }, 'b'),
    check: rotated,
  },
  'rotate what another request has saved': {
    async run(store, a) {
      await createSessionStore({ storage: rivals.get(store)! }).save({ ...a, data: { ...a.data, rival: 1 } })
      return store.rotate(a, 'b')
    },
    async check(after) {
      const [a, b] = [await after.find('a'), await after.find('b')]
      // A creation with an unknown outcome may have left a record under the new id, which no client has.
      if ((a ?? b)?.data['rival'] !== 1) return 'what another request has saved is lost'
      return rotated(after)
    },
  },
  destroyAll: {
    user: 'ada',
    run: (store) => store.destroyAll({ user: 'ada' }),
    check: async (after) =>
      after.isDone && (await after.find('a'))
        ? 'an acknowledged sign-out everywhere left a session'
        : undefined,
  },
}

/** The intact driver below each store, for requests of other clients. */
const rivals = new WeakMap<SessionStore, ReturnType<typeof conditionalDriver>>()
const covered: string[] = []

/** Runs an operation with one broken request. @returns whether that request was sent, and a description of the fault */
async function attempt(
  { user, run, check }: Operation,
  cache: false | { ttl: number },
  breaking: { index: number; way: Way },
): Promise<{ isReached: boolean; wrong?: string | undefined }> {
  const inner = conditionalDriver()
  const requests: BreakableDriver = breakable(inner)
  const store = createSessionStore({ storage: requests.driver, cache })
  rivals.set(store, inner)
  const a = await store.create({ id: 'a', data: { cart: 'tea' }, ...(user !== undefined && { user }) })
  requests.breakAt(breaking.index, breaking.way)
  const result = await run(store, a).then(
    () => ({ isDone: true, error: undefined }),
    (error: unknown) => ({ isDone: false, error }),
  )
  const isReached = requests.count() > breaking.index
  await requests.heal()
  const fresh = createSessionStore({ storage: inner, cache: false })
  const wrong = await check({ ...result, find: (id) => fresh.load(id, STRONG) })
  if (wrong !== undefined) return { isReached, wrong }
  // The instance must not report a conflict, because no other client has written.
  if (result.error instanceof ConflictError) return { isReached, wrong: 'nobody else has saved' }
  return { isReached }
}

describe.each([{ cache: false as const }, { cache: { ttl: 10 } }])(
  'a broken request, with %o',
  ({ cache }) => {
    it.each(Object.entries(OPERATIONS))('loses no acknowledged data: %s', async (name, operation) => {
      for (const way of WAYS) {
        let index = 0
        for (; ; index++) {
          const { isReached, wrong } = await attempt(operation, cache, { index, way })
          expect(wrong, `request ${index + 1} of ${name}: ${way}`).toBeUndefined()
          if (!isReached) break
        }
        expect(index).toBeGreaterThan(name === 'load' && cache ? -1 : 0)
        covered.push(`${name}${cache ? ', cached' : ''}: ${index} requests, ${way}`)
      }
    })
  },
)

afterAll(() => console.info(covered.join('\n')))

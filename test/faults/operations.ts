import { randomBytes } from 'node:crypto'
import type { Session } from '../../src/core/session.ts'
import type { SessionValues, SessionRecord, SessionStore } from '../../src/core/types.ts'
import { commit } from '../../src/session/changes/commit.ts'
import { RequestSession } from '../../src/session/request-session.ts'
import { RecordingTransport } from '../support/stores/recording-transport.ts'

/** The ids and the user of one case. */
export interface Names {
  /** Id of the client's session. */
  id: string
  /** The new id of a rotation or a creation. */
  newId: string
  /** Id of another session of the user. */
  other: string
  user: string
}

/** The store and the session that an operation works with. */
export interface Context extends Names {
  store: SessionStore
  /** The client's session before the operation. */
  record: SessionRecord
}

/** The result of a successful operation, as its client knows it. */
export interface Acknowledged {
  /** The client's id after the operation. `null`: it has none. Default: its id before. */
  id?: string | null
  /** Number of increments of `n`. Default 0. */
  counted?: number
  /** Values that the data must have. */
  data?: SessionValues
  user?: string
}

/** An operation of a store or a session. */
export interface Operation {
  /** Whether the client's session has the user before the operation. Default `false`. */
  isBound?: boolean
  /** Whether it reads the whole table. The table must then have no sessions of other cases. Default `false`. */
  readsTable?: boolean
  /** Number of different requests that it sends. Fixed, so that a test notices a new request. */
  requests: number
  /** Whether the client's session may be gone afterwards, even if the operation fails. Default `false`. */
  mayEnd?: boolean
  /** Whether a failure may leave the session under its new id. Default `false`. */
  mayRenew?: boolean
  run: (context: Context) => Promise<Acknowledged>
}

/** Returns unique ids and a unique user for a case. */
export function namesOf(): Names {
  const suffix = randomBytes(9).toString('base64url')
  return { id: `a${suffix}`, newId: `b${suffix}`, other: `c${suffix}`, user: `u${suffix}` }
}

/** Stores the sessions that an operation needs. @returns the client's session */
export async function prepare(
  { isBound }: Operation,
  store: SessionStore,
  { id, other, user }: Names,
): Promise<SessionRecord> {
  const owner = isBound && { user }
  await store.create({ id: other, data: {}, ...owner })
  const created = await store.create({ id, data: { cart: 'tea', n: 0 }, ...owner })
  return store.save({ ...created, data: { cart: 'tea', n: 1 } })
}

const countUp = ({ n = 0 }: { n?: number }): SessionValues => ({ n: n + 1 })

/** Opens the client's session as a request does, from a warm cache. */
async function open({ store, id, newId, record }: Context): Promise<Session<SessionValues>> {
  const sign = (...parts: unknown[]): string => parts.join('.')
  const options = { store, sign, generateId: () => newId }
  const origin = { token: { id, version: record.version } }
  return new RequestSession(options, new RecordingTransport(), origin).load()
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

function mustHold(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

export const OPERATIONS: Record<string, Operation> = {
  create: {
    requests: 1,
    async run({ store, newId }) {
      await store.create({ id: newId, data: { cart: 'tea', n: 1 } })
      return { id: newId }
    },
  },
  'create, bound': {
    requests: 3,
    async run({ store, newId, user }) {
      await store.create({ id: newId, data: { cart: 'tea', n: 1 }, user })
      return { id: newId, user }
    },
  },
  load: {
    requests: 1,
    async run({ store, id }) {
      const record = await store.load(id, { consistent: true })
      mustHold(record?.data['cart'] === 'tea', 'a live session was not found')
      return {}
    },
  },
  save: {
    requests: 1,
    async run({ store, record }) {
      await store.save({ ...record, data: { ...record.data, ...countUp(record.data) } })
      return { counted: 1 }
    },
  },
  'save, bound': {
    requests: 3,
    async run({ store, record, user }) {
      await store.save({ ...record, user, data: { ...record.data, ...countUp(record.data) } })
      return { counted: 1, user }
    },
  },
  touch: {
    requests: 1,
    async run({ store, record }) {
      mustHold((await store.touch(record)) !== null, 'a live session was not touched')
      return {}
    },
  },
  update: {
    requests: 1,
    async run({ store, record }) {
      const applyPending = (current: SessionRecord): SessionRecord => current
      await commit(store, { record, mine: record.original, patch: countUp, applyPending })
      return { counted: 1 }
    },
  },
  'update of a session': {
    requests: 1,
    async run(context) {
      const session = await open(context)
      await session.update(countUp)
      return { counted: 1 }
    },
  },
  destroy: {
    requests: 1,
    mayEnd: true,
    async run({ store, id }) {
      await store.destroy(id)
      return { id: null }
    },
  },
  'clear of a session': {
    requests: 1,
    mayEnd: true,
    async run(context) {
      const session = await open(context)
      await session.clear()
      return { id: null }
    },
  },
  rotate: {
    requests: 2,
    mayRenew: true,
    async run({ store, record, newId }) {
      await store.rotate(record, newId)
      return { id: newId }
    },
  },
  'rotate, bound': {
    requests: 4,
    isBound: true,
    mayRenew: true,
    async run({ store, record, newId, user }) {
      await store.rotate(record, newId)
      return { id: newId, user }
    },
  },
  'regenerate of a session': {
    requests: 2,
    mayRenew: true,
    async run(context) {
      const session = await open(context)
      session.data['seen'] = true
      await session.regenerate()
      return { id: session.id, data: { seen: true } }
    },
  },
  'sign-in': {
    requests: 5,
    mayRenew: true,
    async run(context) {
      const session = await open(context)
      session.bind(context.user)
      await session.update(countUp)
      return { id: session.id, counted: 1, user: context.user }
    },
  },
  destroyAll: {
    requests: 52,
    isBound: true,
    mayEnd: true,
    async run({ store, user }) {
      await store.destroyAll({ user })
      return { id: null }
    },
  },
  list: {
    requests: 5,
    readsTable: true,
    isBound: true,
    async run({ store, id, other }) {
      const ids = new Set((await all(store.list())).map((summary) => summary.id))
      mustHold(ids.has(id) && ids.has(other), 'a live session was not listed')
      return {}
    },
  },
  'list, by user': {
    requests: 26,
    isBound: true,
    async run({ store, id, other, user }) {
      const ids = (await all(store.list({ user }))).map((summary) => summary.id)
      mustHold(ids.includes(id) && ids.includes(other) && ids.length === 2, 'a live session was not listed')
      return {}
    },
  },
  once: {
    requests: 2,
    async run(context) {
      const session = await open(context)
      let runs = 0
      await session.once('tokens', {
        isStale: ({ token }) => token === undefined,
        run: (data) => ({ token: `token-${++runs}`, ...countUp(data) }),
      })
      mustHold(runs === 1, `the work was done ${runs} times`)
      return { counted: 1, data: { token: 'token-1' } }
    },
  },
}

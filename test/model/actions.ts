import {
  clearSession,
  type H3EventLike,
  type Session,
  type SessionConfig,
  useSession,
} from '../../src/h3/index.ts'
import { type Exchange, see } from './exchange.ts'
import type { Scheduler } from './scheduler.ts'

/** The work of a handler with the session of its request. */
type Action = (context: Context) => Promise<void>

interface Context {
  exchange: Exchange
  event: H3EventLike
  config: SessionConfig
  session: Session
}

/** Returns the name of a new session, to store with it: the key of its first write. A session keeps its name under new ids. */
function named({ exchange, session }: Context): Record<string, unknown> {
  return session.isNew && session.data['birth'] === undefined ? { birth: exchange.key } : {}
}

/** Writes, and records the key as tried, and as acknowledged after success. */
async function attempt({ exchange, session }: Context, key: string, write: () => unknown): Promise<void> {
  exchange.tried.push(key)
  await write()
  exchange.acks.push({ key, id: session.id, version: session.version })
}

const readers: Record<string, Action> = {
  async read() {},

  async 'read and scribble'({ exchange, session }) {
    session.data[exchange.key] = 'never saved'
    session.data['count'] = -1
  },
}

const writers: Record<string, Action> = {
  async set(context) {
    const { exchange, session } = context
    await attempt(context, exchange.key, () => session.update({ ...named(context), [exchange.key]: true }))
  },

  /** Adds a key that begins with `+`. In every state of a session, `count` is the number of these keys. */
  async increment(context) {
    const { exchange, session } = context
    const name = named(context)
    const key = `+${exchange.key}`
    await attempt(context, key, () =>
      session.update((data) => ({ ...name, count: Number(data['count'] ?? 0) + 1, [key]: true })),
    )
  },

  async 'change and save'(context) {
    const { exchange, session } = context
    Object.assign(session.data, named(context), { [exchange.key]: true })
    await attempt(context, exchange.key, () => session.save())
  },

  async 'set and increment'(context) {
    await writers['set']!(context)
    await writers['increment']!(context)
  },

  async 'shorten and set'(context) {
    const { exchange, session } = context
    session.setExpiry({ idleTimeout: 20 })
    await attempt(context, exchange.key, () => session.update({ ...named(context), [exchange.key]: true }))
  },

  async bind(context) {
    const { exchange, session } = context
    session.bind(exchange.client.name)
    await attempt(context, exchange.key, () => session.update({ ...named(context), [exchange.key]: true }))
  },

  async regenerate({ exchange, session }) {
    const former = session.version === 0 ? undefined : session.id
    await session.regenerate()
    if (former !== undefined) exchange.ended.push(former)
  },

  async 'sign in'(context) {
    const { exchange, session } = context
    if (session.isNew) await writers['set']!(context)
    const former = session.id
    session.bind(exchange.client.name)
    session.data[`${exchange.key}!`] = true
    await attempt(context, `${exchange.key}!`, () => session.regenerate())
    exchange.ended.push(former)
  },

  async clear({ exchange, session }) {
    const former = session.version === 0 ? exchange.token?.id : session.id
    await session.clear()
    if (former !== undefined) exchange.ended.push(former)
  },

  async 'clear and set'(context) {
    const { exchange, session } = context
    await writers['clear']!(context)
    await writers['set']!(context)
    if (Object.keys(session.data).length !== 2) exchange.complaint = 'old data in the session after the clear'
  },
}

/** Requests that never open a session. */
const blind: Record<string, (context: Omit<Context, 'session'>) => Promise<void>> = {
  async 'clear unread'({ exchange, event, config }) {
    await clearSession(event, config)
    if (exchange.token) exchange.ended.push(exchange.token.id)
  },
}

export const READERS: readonly string[] = Object.keys(readers)
export const WRITERS: readonly string[] = [...Object.keys(writers), ...Object.keys(blind)]

/** Carries out the action of an exchange, as a handler does. */
export async function act(
  exchange: Exchange,
  event: H3EventLike,
  config: SessionConfig,
  scheduler: Scheduler,
): Promise<void> {
  const { op } = exchange
  const isBlind = blind[op]
  if (isBlind) return isBlind({ exchange, event, config })
  const session = await useSession(event, config)
  see(exchange, session, scheduler)
  if (exchange.isSlow) await scheduler.pause('work')
  await (readers[op] ?? writers[op])!({ exchange, event, config, session })
}

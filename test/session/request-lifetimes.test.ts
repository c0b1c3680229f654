import memory from 'unstorage/drivers/memory'
import { beforeEach, describe, expect, it } from 'vitest'
import { createSessionStore } from '../../src/store/create-store.ts'
import { lagOf } from '../../src/core/lifetime.ts'
import { RequestSession } from '../../src/session/request-session.ts'
import type { SessionTransport } from '../../src/core/session.ts'
import type { SessionToken } from '../../src/core/token.ts'
import type { Lifetime, SessionRecord, SessionStore } from '../../src/core/types.ts'

const START = Date.UTC(2030, 0, 1)
const MINUTE = 60
const HOUR = 3600
const DAY = 24 * HOUR

let now: number
let storage: ReturnType<typeof memory>
let token: SessionToken | null
let touches: number

beforeEach(() => {
  now = START
  storage = memory()
  token = null
  touches = 0
})

/** Another instance over the same storage, with the options that it was deployed with. */
function deploy(options: Lifetime & { touchAfter?: number } = {}): SessionStore {
  const hooks = { touched: () => void touches++ }
  return createSessionStore({ storage, hooks, cache: false, now: () => now, ...options })
}

/** Goes by the cookie, as a browser does. */
const transport: SessionTransport = {
  isOpen: true,
  hasResponse: true,
  send({ id, version }: SessionRecord) {
    token = { id, version }
  },
  remove() {
    token = null
  },
  isTimed: false,
  instrument: (work) => work,
  failed() {},
  opened() {},
}

/** The session of a request. @param call - what its `useSession` gives. @param base - what `sessionMiddleware` gives */
function visit(store: SessionStore, call: Lifetime = {}, base?: Lifetime): Promise<RequestSession> {
  const options = { store, sign: () => 'token', ...call }
  return new RequestSession(options, transport, { token }, base).load()
}

/** Seconds until the session ends. */
const left = ({ expiresAt }: RequestSession): number | undefined => expiresAt && (expiresAt - now) / 1000

const wait = (seconds: number): void => void (now += seconds * 1000)

describe('a configured lifetime', () => {
  it.each([
    ['of the store', (options: Lifetime) => visit(deploy(options))],
    ['of the base configuration', (options: Lifetime) => visit(deploy(), {}, options)],
  ])('%s follows the configuration', async (_, open) => {
    await (await open({ maxAge: DAY })).update({ n: 1 })
    wait(HOUR)
    const raised = await open({ maxAge: 2 * DAY, idleTimeout: 12 * HOUR })
    expect(left(await raised.update({ n: 2 }))).toBe(12 * HOUR)
    wait(HOUR)
    const lowered = await open({ maxAge: 3 * HOUR })
    expect(lowered.data).toEqual({ n: 2 })
    wait(HOUR)
    const ended = await open({ maxAge: 3 * HOUR })
    expect(ended.data).toEqual({})
    expect(ended.isNew).toBe(true)
    await ended.update({ n: 3 })
    expect(ended.version).toBe(1)
  })

  it('is that of a call that repeats the base configuration', async () => {
    const base = { maxAge: DAY }
    await (await visit(deploy(), base, base)).update({ n: 1 })
    const later = await visit(deploy(), {}, { maxAge: 2 * DAY })
    expect(left(await later.update({ n: 2 }))).toBe(2 * DAY)
  })

  it('is extended by the current configuration when the session is only read', async () => {
    await (await visit(deploy(), {}, { idleTimeout: HOUR })).update({ n: 1 })
    wait(50 * MINUTE)
    expect(left(await visit(deploy(), {}, { idleTimeout: 2 * HOUR }))).toBe(2 * HOUR)
  })
})

describe('a lifetime of the session’s own', () => {
  it('set by a call stays until a call sets another one', async () => {
    await (await visit(deploy(), { maxAge: 7 * DAY })).update({ user: 'ada' })
    wait(DAY)
    expect(left(await (await visit(deploy({ maxAge: HOUR }))).update({ name: 'x' }))).toBe(6 * DAY)
    expect(left(await (await visit(deploy(), { maxAge: 2 * DAY })).update({ name: 'y' }))).toBe(DAY)
  })

  it('is set by a call at its next write, for a session that exists', async () => {
    await (await visit(deploy())).update({ cart: 1 })
    wait(DAY)
    const session = await visit(deploy(), { maxAge: 7 * DAY })
    expect(left(session)).toBe(13 * DAY)
    expect(left(await session.update({ user: 'ada' }))).toBe(6 * DAY)
  })

  it('is kept when another call of the same request sets none', async () => {
    const store = deploy()
    const session = await visit(store, { maxAge: 7 * DAY })
    session.configure({ store, sign: () => 'token' })
    expect(left(await session.update({ user: 'ada' }))).toBe(7 * DAY)
  })

  it('does not accept an older session', async () => {
    await (await visit(deploy())).update({ cart: 1 })
    wait(HOUR)
    expect((await visit(deploy(), { maxAge: HOUR })).data).toEqual({})
    const again = await visit(deploy())
    expect(again.data).toEqual({ cart: 1 })
    again.configure({ store: deploy(), sign: () => 'token', maxAge: HOUR })
    expect(again.data).toEqual({})
    await again.update({ cart: 2 })
    expect(again.version).toBe(1)
  })

  it('set by setExpiry overrides calls and configuration, until it is set again', async () => {
    const session = await visit(deploy(), { maxAge: HOUR })
    session.setExpiry({ maxAge: 30 * DAY })
    await session.update({ user: 'ada' })
    wait(DAY)
    const later = await visit(deploy({ maxAge: HOUR }), { maxAge: HOUR })
    expect(left(await later.update({ n: 1 }))).toBe(29 * DAY)
    later.setExpiry(null)
    expect(left(await (await visit(deploy())).update({ n: 2 }))).toBe(29 * DAY)
    const last = await visit(deploy({ idleTimeout: HOUR }))
    last.setExpiry(null)
    expect(left(await last.save())).toBe(HOUR)
  })

  it('is kept by a new id', async () => {
    const session = await visit(deploy())
    session.setExpiry({ idleTimeout: HOUR })
    await session.update({ n: 1 })
    expect(left(await (await visit(deploy())).regenerate())).toBe(HOUR)
    expect(left(await (await visit(deploy())).update({ n: 2 }))).toBe(HOUR)
  })
})

describe('an idle timeout', () => {
  it.each([
    ['the unconfigured 14 days', undefined, undefined, 7 * DAY],
    ['a minute', MINUTE, undefined, MINUTE / 2],
    ['10 minutes', 10 * MINUTE, undefined, 5 * MINUTE],
    ['30 minutes', 30 * MINUTE, undefined, 5 * MINUTE],
    ['a day', DAY, undefined, HOUR],
    ['30 minutes, touchAfter of a minute', 30 * MINUTE, MINUTE, MINUTE],
    ['30 minutes, touchAfter 0', 30 * MINUTE, 0, 0],
    ['30 minutes, touchAfter above half of it', 30 * MINUTE, HOUR, 15 * MINUTE],
    ['14 days, touchAfter of an hour', undefined, HOUR, HOUR],
  ])('of %s lags by no more than its bound', (_, idleTimeout, touchAfter, seconds) => {
    expect(lagOf(idleTimeout, touchAfter)).toBe(seconds * 1000)
  })

  it('keeps a visitor signed in who returns after half of the timeout', async () => {
    await (await visit(deploy({ idleTimeout: 30 * MINUTE }))).update({ user: 'ada' })
    wait(14.9 * MINUTE)
    await visit(deploy({ idleTimeout: 30 * MINUTE }))
    wait(15.2 * MINUTE)
    expect((await visit(deploy({ idleTimeout: 30 * MINUTE }))).data).toEqual({ user: 'ada' })
  })

  it('is extended by one of the requests of a page view', async () => {
    const store = deploy({ idleTimeout: 30 * MINUTE })
    await (await visit(store)).update({ n: 1 })
    wait(10 * MINUTE)
    const sessions = await Promise.all(Array.from({ length: 6 }, () => visit(store)))
    expect(touches).toBe(1)
    expect(sessions.map(({ data }) => data)).toEqual(Array.from({ length: 6 }, () => ({ n: 1 })))
    wait(29 * MINUTE)
    expect((await visit(store)).data).toEqual({ n: 1 })
  })

  it('is extended at most every touchAfter seconds', async () => {
    const store = deploy({ idleTimeout: 30 * MINUTE, touchAfter: MINUTE })
    await (await visit(store)).update({ n: 1 })
    for (let times = 0; times < 10; times++) {
      wait(MINUTE / 2)
      await visit(store)
    }
    expect(touches).toBe(3)
  })
})

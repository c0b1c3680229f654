import { channel, tracingChannel } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import { hashKey } from '../../drivers/utils/errors.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import type { TraceEvent, TracedOperation } from '../../src/store/trace.ts'

/** The messages that a subscriber received for a call, and the event of the last one. */
interface Seen {
  moments: string[]
  event: TraceEvent
}

const undo: (() => void)[] = []
afterEach(() => undo.splice(0).forEach((each) => each()))

/** Subscribes to an operation until the end of the test. */
function listen(operation: TracedOperation): Seen[] {
  const seen: Seen[] = []
  const calls = new Map<object, Seen>()
  const note = (moment: string) => (event: object) => {
    const call = calls.get(event) ?? { moments: [], event: event as TraceEvent }
    if (!calls.has(event)) seen.push(call)
    calls.set(event, call)
    call.moments.push(moment)
  }
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  }
  const traced = tracingChannel(`unsession.${operation}`)
  traced.subscribe(subscribers)
  undo.push(() => traced.unsubscribe(subscribers))
  return seen
}

const SUCCESS = ['start', 'end', 'asyncStart', 'asyncEnd']

describe('tracing channels', () => {
  it('report a load: hash, version, duration, and the result of the cache', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: { secret: 1 } })
    const seen = listen('load')
    await store.load('a')
    await store.load('unknown')
    expect(seen.map(({ moments }) => moments)).toEqual([SUCCESS, SUCCESS])
    expect(seen[0]?.event).toMatchObject({
      operation: 'load',
      keyHash: hashKey('a'),
      found: true,
      version: 1,
      cache: 'hit',
      duration: expect.any(Number),
    })
    expect(seen[1]?.event).toMatchObject({ keyHash: hashKey('unknown'), found: false, cache: 'miss' })
  })

  it('contain neither id nor data', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const operations = ['create', 'load', 'save', 'touch', 'destroy', 'rotate'] as const
    const seen = operations.map(listen)
    const record = await store.create({ id: 'secret-id', data: { secret: 'secret-data' } })
    await store.load('secret-id')
    await store.touch(record)
    const saved = await store.save(record)
    await expect(store.save(record)).rejects.toMatchObject({ code: 'CONFLICT' })
    await store.rotate(saved, 'secret-other')
    await store.destroy('secret-other')
    const events = seen.flat()
    expect(events).toHaveLength(7)
    expect(JSON.stringify(events)).not.toContain('secret')
  })

  it('report a failure, with its error', async () => {
    const store = createSessionStore({ storage: createStorage(), cache: false })
    const record = await store.create({ id: 'a', data: {} })
    await store.destroy('a')
    const seen = listen('save')
    await expect(store.save(record)).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(seen[0]?.moments).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(seen[0]?.event).toMatchObject({ error: { code: 'SESSION_GONE' }, duration: expect.any(Number) })
    expect(seen[0]?.event).not.toHaveProperty('found')
  })

  it('report conflicts, sign-outs everywhere and clearExpired', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const record = await store.create({ id: 'a', data: {}, user: 'ada' })
    await store.save(record)
    const conflicts: unknown[] = []
    const note = (event: unknown): number => conflicts.push(event)
    channel('unsession.conflict').subscribe(note)
    undo.push(() => channel('unsession.conflict').unsubscribe(note))
    await expect(store.save(record)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(conflicts).toEqual([{ keyHash: hashKey('a'), version: 1, currentVersion: 2 }])

    const [everywhere, sweeps] = [listen('destroyAll'), listen('clearExpired')]
    await store.destroyAll({ user: 'ada' })
    await store.clearExpired()
    expect(everywhere[0]?.event).toMatchObject({ deleted: 1 })
    expect(sweeps[0]?.event).toMatchObject({ deleted: 0 })
    expect(everywhere[0]?.event).not.toHaveProperty('keyHash')
  })

  it('do not mix simultaneous calls', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    const seen = listen('load')
    await Promise.all([store.load('a'), store.load('b'), store.load('a'), store.load('c')])
    expect(seen.map(({ event }) => event.cache)).toEqual(['hit', 'miss', 'hit', 'miss'])
  })

  it('report neither earlier calls nor calls of other operations', async () => {
    const store = createSessionStore({ storage: createStorage() })
    await store.create({ id: 'a', data: {} })
    const seen = listen('save')
    await store.load('a')
    expect(seen).toEqual([])
  })
})

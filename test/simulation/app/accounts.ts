import { expiryOf } from '../../../src/core/lifetime.ts'
import type { ItemUnits } from '../../../src/plan/item.ts'
import type { Setup } from '../../../src/plan/workload.ts'
import type { EventQueue } from '../events/queue.ts'
import { type Work, all } from '../events/work.ts'
import type { Random } from '../../model/random.ts'
import { StoredSession } from '../table/stored-session.ts'
import { type BindingItem, Bindings, hashOf, isTooLarge } from './bindings.ts'
import type { Driver } from './driver.ts'
import type { Host } from './host.ts'
import { Gone, type Store } from './store.ts'

/** Sessions that a sign-out everywhere destroys in parallel. Source: `src/store/direct/revocation.ts`. */
const DESTROYS_IN_FLIGHT = 16
const KB = 1024

/** A user with sessions. */
export class User {
  readonly number: number
  /** Hash of the key of the index. */
  readonly hash: number
  readonly sessions: Set<StoredSession> = new Set()

  constructor(number: number) {
    this.number = number
    this.hash = hashOf(`user-${number}`)
  }
}

/** A sign-in that failed because the item of the user's recent bindings is full. */
export class TooManySignIns extends Error {}

export interface AccountsContext {
  queue: EventQueue
  random: Random
  driver: Driver
  setup: Setup
  item: ItemUnits
  store: Store
  anyHost: () => Host
}

/** Sign-ins and sign-outs everywhere: the protocol at `UserBindings`, with its requests and their sizes. */
export class Accounts {
  readonly bindings: Bindings = new Bindings()
  readonly #context: AccountsContext
  #created = 0

  constructor(context: AccountsContext) {
    this.#context = context
  }

  /** Adds a session that is older than the simulation. It costs nothing. */
  addExisting(user: User, createdAt: number, movedAt: number): StoredSession {
    const { store } = this.#context
    const expiresAt = expiryOf(store.lifetimeOf(createdAt), movedAt)
    return this.#newSession(user, createdAt, { exists: true, version: 10, expiresAt })
  }

  /**
   * Creates a session. With a bound one, the protocol has two more requests.
   *
   * @throws {Gone} if a sign-out everywhere revokes it in the meantime
   */
  *signIn(user: User, instance: number, isBound: boolean): Work<StoredSession> {
    const { queue, store, driver, item, setup, anyHost } = this.#context
    const createdAt = queue.now
    const expiresAt = expiryOf(store.lifetimeOf(createdAt), createdAt)
    const session = this.#newSession(user, createdAt, { exists: false, version: 0, expiresAt }, isBound)
    const binding = isBound ? this.bindings.itemFor(user.number, session.number, createdAt) : undefined
    const marks = binding && (yield* this.#addBinding(binding, session.number))
    const index = isBound && setup.userIndex ? { indexHash: user.hash, indexUnits: indexUnits(item) } : {}
    const request = { kind: 'write', hash: session.hash, units: item.write, ...index } as const
    const state = { exists: true, version: 1, expiresAt }
    const since = queue.now
    yield* driver.call(anyHost(), request, () => {
      session.put(state, queue.now)
      return 'created'
    })
    store.keep(session, instance, state, since)
    if (binding === undefined) return session
    yield* this.#readBindings(binding)
    if (binding.marks.length === marks) return session
    yield* this.#destroy(user, session, instance)
    throw new Gone()
  }

  /** Destroys all sessions of a user: steps 4 and 5 of the protocol. */
  *signOutEverywhere(user: User, instance: number): Work {
    const { queue, driver, item, setup, store, anyHost } = this.#context
    const items = this.bindings.recent(user.number, queue.now)
    yield* all(items.map((each) => this.#addMark(each)))
    const found = [...user.sessions].filter((session) => store.isLive(session, session.state))
    if (setup.userIndex) {
      const pages = Math.max(1, Math.ceil((found.length * item.entryBytes) / (4 * KB)))
      const listing = {
        kind: 'read',
        hash: 0,
        units: 0,
        indexHash: user.hash,
        indexUnits: pages / 2,
      } as const
      yield* driver.call(anyHost(), listing, () => 'listing')
    }
    yield* all(found.map((session) => this.#list(session)))
    const left = found.values()
    yield* all(Array.from({ length: DESTROYS_IN_FLIGHT }, () => this.#destroyEach(user, left, instance)))
    yield* all(this.bindings.recent(user.number, queue.now).map((each) => this.#readBindings(each)))
  }

  #newSession(user: User, createdAt: number, state: StoredSession['state'], isBound = true): StoredSession {
    const { queue, random } = this.#context
    const number = this.#created++
    const fields = { number, hash: random.next(), user: user.number, createdAt, state }
    const session = new StoredSession(fields, queue.now)
    if (isBound) user.sessions.add(session)
    return session
  }

  /** Step 1. @returns the number of marks of the item */
  *#addBinding(item: BindingItem, session: number): Work<number> {
    const { driver, anyHost } = this.#context
    const bytes = this.bindings.withBinding(item, session)
    if (isTooLarge(bytes)) throw new TooManySignIns()
    let marks = 0
    yield* driver.call(anyHost(), { kind: 'write', hash: item.hash, units: Math.ceil(bytes / KB) }, () => {
      item.bytes = this.bindings.withBinding(item, session)
      marks = item.marks.length
      return 'bindings'
    })
    return marks
  }

  /** Step 3. */
  *#readBindings({ hash, bytes }: BindingItem): Work {
    const units = Math.max(1, Math.ceil(bytes / (4 * KB)))
    const { driver, anyHost } = this.#context
    yield* driver.call(anyHost(), { kind: 'read', hash, units, isStrong: true }, () => 'bindingReads')
  }

  *#addMark(item: BindingItem): Work {
    const { queue, driver, anyHost } = this.#context
    const units = Math.ceil(this.bindings.withMark(item) / KB)
    yield* driver.call(anyHost(), { kind: 'write', hash: item.hash, units }, () => {
      item.bytes = this.bindings.withMark(item)
      item.marks.push(queue.now)
      return 'marks'
    })
  }

  /** Reads a listed session, strongly consistent. */
  *#list({ hash }: StoredSession): Work {
    const { driver, item, setup, anyHost } = this.#context
    const units = item.read * (setup.consistentRead ? 1 : 2)
    yield* driver.call(anyHost(), { kind: 'read', hash, units, isStrong: true }, () => 'listing')
  }

  *#destroyEach(user: User, left: Iterator<StoredSession>, instance: number): Work {
    for (let next = left.next(); !next.done; next = left.next())
      yield* this.#destroy(user, next.value, instance)
  }

  *#destroy(user: User, session: StoredSession, instance: number): Work {
    const { queue, driver, item, setup, store, anyHost } = this.#context
    const index = setup.userIndex ? { indexHash: user.hash, indexUnits: indexUnits(item) } : {}
    const request = { kind: 'write', hash: session.hash, units: item.write, ...index } as const
    yield* driver.call(anyHost(), request, () => {
      for (let each = 0; each < setup.instances; each++)
        if (each !== instance)
          session.acceptedUntil = Math.max(session.acceptedUntil, store.cachedUntil(session, each))
      session.delete(queue.now)
      user.sessions.delete(session)
      return 'destroyed'
    })
    store.forget(session, instance)
  }
}

function indexUnits({ entryBytes }: ItemUnits): number {
  return Math.ceil(entryBytes / KB)
}

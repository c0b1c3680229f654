import { backoff } from '../../../drivers/utils/backoff.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../../src/core/types.ts'
import { type OwnLifetime, expiryOf, shouldTouch } from '../../../src/core/lifetime.ts'
import type { ItemUnits } from '../../../src/plan/item.ts'
import type { Setup } from '../../../src/plan/workload.ts'
import type { EventQueue } from '../events/queue.ts'
import { Signal, type Work, pause, start } from '../events/work.ts'
import type { ItemState, StoredSession } from '../table/stored-session.ts'
import type { Random } from '../../model/random.ts'
import type { Driver } from './driver.ts'
import { type Host, UNAVAILABLE } from './host.ts'
import { sampleLag, type Lag } from './lag.ts'

/** Retries of a save after a conflict, and their backoff. Source: `maxRetries` of the store, and `src/session/changes/commit.ts`. */
const MAX_RETRIES = 5
const CONFLICT_BACKOFF = { first: 4, max: 64 }

/** A request that found its session destroyed while it changed it. */
export class Gone extends Error {}

/** Result of a load, and what it needed. */
export interface Loaded {
  state: ItemState | null
  by: 'shared read' | 'read'
}

interface Read {
  minVersion: number
  done: Signal
  state: ItemState | null | undefined
}

/** Changes of a session in an instance that are written together. */
interface Group {
  version: number
  done: Signal
  error?: unknown
}

/** Parts that all stores of the app share. */
export interface StoreContext {
  queue: EventQueue
  random: Random
  driver: Driver
  setup: Setup
  item: ItemUnits
  lag: Lag
  hostOf: (session: StoredSession, instance: number) => Host
}

/** The stores of all instances: caches, shared reads, conditional writes and touches, as in `src/store` and `src/session`. */
export class Store {
  /** Sessions that were created before this time count as expired, ms. See the option `notBefore`. */
  notBefore: number = -Infinity
  readonly #context: StoreContext
  readonly #reads = new Map<number, Read>()
  readonly #groups = new Map<number, { next: Group | undefined }>()
  readonly #touching = new Set<number>()
  readonly #ttl: number
  readonly #window: OwnLifetime

  constructor(context: StoreContext) {
    this.#context = context
    this.#ttl = context.setup.cacheTtl * 1000
    const { idleTimeout } = context.setup
    const isDefault = idleTimeout === DEFAULT_IDLE_TIMEOUT
    this.#window = { deadline: undefined, idleTimeout: isDefault ? undefined : idleTimeout }
  }

  /**
   * Returns what the cache of an instance knows of a session: `null` if it is gone, `undefined` if the table must be read.
   *
   * @param minVersion - the version in the visitor's cookie
   */
  cached(session: StoredSession, instance: number, minVersion: number): ItemState | null | undefined {
    if (this.#ttl === 0) return undefined
    const { queue, hostOf } = this.#context
    const entry = hostOf(session, instance).cache.get(this.#keyOf(session, instance))
    if (entry === undefined || queue.now - entry.storedAt >= this.#ttl) return undefined
    if (!entry.exists) return null
    return entry.version >= minVersion && this.isLive(session, entry) ? entry : undefined
  }

  /** Loads a session that is not {@link cached} in an instance. */
  *load(session: StoredSession, instance: number, minVersion: number): Work<Loaded> {
    const key = this.#keyOf(session, instance)
    if (this.#ttl === 0) return { state: yield* this.#read(session, instance, minVersion), by: 'read' }
    for (let isLater = false; ; isLater = true) {
      const joined = this.#reads.get(key)
      if (joined === undefined)
        return { state: yield* this.#readOnce(session, instance, minVersion), by: 'read' }
      yield joined.done.wait
      if (joined.state === undefined) throw UNAVAILABLE
      const isEnough = joined.state
        ? joined.minVersion >= minVersion || joined.state.version >= minVersion
        : isLater
      if (isEnough) return { state: joined.state, by: 'shared read' }
    }
  }

  /** Returns whether a state is that of a live session. */
  isLive({ createdAt }: StoredSession, { exists, expiresAt }: ItemState): boolean {
    return exists && this.#context.queue.now < expiresAt && createdAt >= this.notBefore
  }

  /** Returns the lifetime of a session by the options of the store. */
  lifetimeOf(createdAt: number): OwnLifetime {
    const { maxAge } = this.#context.setup
    return maxAge === undefined ? this.#window : { ...this.#window, deadline: createdAt + maxAge * 1000 }
  }

  /** Returns whether the end of a session must be moved, and no other request of the instance does so. */
  isTouchDue(session: StoredSession, instance: number, { expiresAt }: ItemState): boolean {
    const { deadline, idleTimeout } = this.lifetimeOf(session.createdAt)
    if (!shouldTouch({ deadline, idleTimeout, expiresAt }, this.#context.queue.now)) return false
    return !this.#touching.has(this.#keyOf(session, instance))
  }

  /** Moves the end of a session. */
  *touch(session: StoredSession, instance: number, state: ItemState): Work {
    const { queue } = this.#context
    const lifetime = this.lifetimeOf(session.createdAt)
    const key = this.#keyOf(session, instance)
    this.#touching.add(key)
    const since = queue.now
    const touched = { ...state, expiresAt: expiryOf(lifetime, since) }
    let isStored = false
    try {
      yield* this.write(session, instance, () => {
        isStored = session.state.exists && session.state.version === state.version
        if (!isStored) return 'refused'
        session.put(touched, queue.now)
        return 'touched'
      })
      if (isStored) this.keep(session, instance, touched, since)
    } catch (error) {
      // A request that only reads does not fail because of a touch.
      if (error !== UNAVAILABLE) throw error
    } finally {
      this.#touching.delete(key)
    }
  }

  /**
   * Saves a change. Changes of one instance that arrive during a write are written together.
   *
   * @returns the stored version
   * @throws {Gone} if the session was destroyed or has expired
   */
  *save(session: StoredSession, instance: number, version: number): Work<number> {
    const key = this.#keyOf(session, instance)
    let queue = this.#groups.get(key)
    const group = queue?.next ?? { version, done: new Signal() }
    group.version = Math.max(group.version, version)
    if (queue === undefined) {
      queue = { next: group }
      this.#groups.set(key, queue)
      start(this.#writeGroups(session, instance, queue))
    } else queue.next = group
    yield group.done.wait
    if (group.error !== undefined) throw group.error
    return group.version
  }

  /** Writes the item of a session once. */
  write(session: StoredSession, instance: number, apply: Parameters<Driver['call']>[2]): Work {
    const { driver, item, hostOf } = this.#context
    const request = { kind: 'write', hash: session.hash, units: item.write } as const
    return driver.call(hostOf(session, instance), request, apply)
  }

  /** Puts a state into the cache of an instance. @param since - when the request was sent */
  keep(session: StoredSession, instance: number, state: ItemState, since: number): void {
    if (this.#ttl === 0) return
    const key = this.#keyOf(session, instance)
    const { cache } = this.#context.hostOf(session, instance)
    const held = cache.get(key)
    if (held?.exists === false && since <= held.storedAt) return
    if (held?.exists && held.version > state.version) return
    this.#reads.delete(key)
    cache.set(key, { exists: true, version: state.version, expiresAt: state.expiresAt, storedAt: since })
    if (session.destroyedAt < Infinity)
      session.acceptedUntil = Math.max(session.acceptedUntil, since + this.#ttl)
  }

  /** Notes in an instance that a session is destroyed or missing. */
  forget(session: StoredSession, instance: number): void {
    if (this.#ttl === 0) return
    const { queue, hostOf } = this.#context
    const entry = { exists: false, version: 0, expiresAt: 0, storedAt: queue.now }
    hostOf(session, instance).cache.set(this.#keyOf(session, instance), entry)
  }

  /** Returns the time until which an instance may accept a session from its cache, ms. */
  cachedUntil(session: StoredSession, instance: number): number {
    const entry = this.#context.hostOf(session, instance).cache.get(this.#keyOf(session, instance))
    if (!entry?.exists) return -Infinity
    return Math.min(entry.storedAt + this.#ttl, entry.expiresAt)
  }

  *#readOnce(session: StoredSession, instance: number, minVersion: number): Work<ItemState | null> {
    const key = this.#keyOf(session, instance)
    const read: Read = { minVersion, done: new Signal(), state: undefined }
    this.#reads.set(key, read)
    try {
      read.state = yield* this.#read(session, instance, minVersion)
      return read.state
    } finally {
      if (this.#reads.get(key) === read) this.#reads.delete(key)
      read.done.give()
    }
  }

  /** Reads eventually consistent, and again strongly consistent if this finds no live session of at least `minVersion`. */
  *#read(session: StoredSession, instance: number, minVersion: number): Work<ItemState | null> {
    const { queue, random, lag, setup } = this.#context
    for (const isStrong of setup.consistentRead ? [true, true] : [false, true]) {
      const since = queue.now
      const state = session.read(isStrong ? 0 : sampleLag(lag, random), since)
      yield* this.readItem(session, instance, isStrong || setup.consistentRead)
      if (this.isLive(session, state) && (isStrong || state.version >= minVersion)) {
        this.keep(session, instance, state, since)
        return state
      }
    }
    this.forget(session, instance)
    return null
  }

  /** Reads the item of a session once. */
  readItem(session: StoredSession, instance: number, isStrong: boolean): Work {
    const { driver, item, hostOf, setup } = this.#context
    const isDouble = isStrong && !setup.consistentRead
    const units = item.read * (isDouble ? 2 : 1)
    const request = { kind: 'read', hash: session.hash, units, isStrong } as const
    return driver.call(hostOf(session, instance), request, () => 'sessions')
  }

  *#writeGroups(session: StoredSession, instance: number, queue: { next: Group | undefined }): Work {
    for (let group = queue.next; group; group = queue.next) {
      queue.next = undefined
      try {
        group.version = yield* this.#writeGroup(session, instance, group.version)
      } catch (error) {
        group.error = error
      }
      group.done.give()
    }
    this.#groups.delete(this.#keyOf(session, instance))
  }

  *#writeGroup(session: StoredSession, instance: number, from: number): Work<number> {
    const { queue, random } = this.#context
    let version = from
    for (let attempt = 0; ; attempt++) {
      const since = queue.now
      let stored: ItemState | undefined
      yield* this.write(session, instance, () => {
        if (!this.isLive(session, session.state) || session.state.version !== version) return 'refused'
        stored = {
          exists: true,
          version: version + 1,
          expiresAt: expiryOf(this.lifetimeOf(session.createdAt), since),
        }
        session.put(stored, queue.now)
        return 'saved'
      })
      if (stored) {
        this.keep(session, instance, stored, since)
        return stored.version
      }
      // The answer of a refused write has the current item. If that is not alive, a strongly consistent read confirms it.
      if (!this.isLive(session, session.state)) {
        yield* this.readItem(session, instance, true)
        this.forget(session, instance)
        throw new Gone()
      }
      this.keep(session, instance, session.state, since)
      if (attempt >= MAX_RETRIES) throw UNAVAILABLE
      version = session.state.version
      yield pause(
        queue,
        backoff(attempt, CONFLICT_BACKOFF, () => random.next()),
      )
    }
  }

  #keyOf({ number }: StoredSession, instance: number): number {
    return number * this.#context.setup.instances + instance
  }
}

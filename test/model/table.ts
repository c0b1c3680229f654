import { ConflictError, UnsessionError } from '../../drivers/utils/errors.ts'
import type { ConditionalDriver } from '../../src/storage/driver-contract.ts'
import { type Binding, isKeyOf, isUserKey, parseBindings } from '../../src/store/users/bindings.ts'
import { mergeSets, parseSets, type UserSets } from '../../src/format/user-sets.ts'
import type { DriverLike, TransactionOptions } from '../../src/storage/storage-like.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** The part of the stored envelope that the checks read. */
export interface Envelope {
  v: number
  c: number
  e: number
  i?: number
  l?: number
  u?: string
  /** Present in a rotation's marker. */
  r?: unknown
  d: Record<string, unknown>
}

export interface Item {
  value: string
  version: number
  /** Expiry in ms since the epoch, in whole seconds as in a table. */
  expires: number
  user: string | undefined
  mark: number
  envelope: Envelope
}

/** The state of a key from a time on. `item` is `null` after the removal. */
export interface State {
  item: Item | null
  /** The marker that a rotation has stored in place of the session. */
  leftover?: Item
  at: number
  moment: number
}

/** Is called immediately before each write takes effect. */
export interface TableObserver {
  /** @param isAgain - whether an earlier attempt took effect, which the sender cannot know */
  put(key: string, item: Item, former: Item | null, issuedAt: number, isAgain: boolean): void
  removed(key: string, former: Item): void
  /** Is called when a rotation's marker is removed. */
  unmarked(key: string): void
  /** Is called with the new announcements of a user. */
  announced(key: string, bindings: readonly Binding[]): void
}

export interface TableOptions {
  /** Maximum delay of an eventually consistent read, in ms. */
  lag: number
  /** Maximum delay of the user index, in ms. */
  indexLag: number
  /** Proportion of calls that fail, from 0 to 1. */
  faults: number
  /** Whether writes have conditions. Without them there is no fault `late`, because a late write would look like a valid one. */
  isConditional: boolean
  /** Whether a retried write recognizes its first attempt by its mark. */
  marks: boolean
  /** Whether a retried write that finds a later version than its own reports an unknown outcome. */
  doubts: boolean
}

/** The fault of a call. */
export type Fault = 'none' | 'refused' | 'lost' | 'late' | 'resent'

/**
 * A table as several servers see it. Conditional writes take effect one after the other. Strongly consistent reads return
 * the current state, eventually consistent reads any recent one. A call takes two steps of the schedule: the request and
 * the answer.
 */
export class Table {
  readonly history: Map<string, State[]> = new Map()
  /** Number of calls by fault. */
  readonly calls: Map<Fault, number> = new Map()
  #scheduler: Scheduler
  #random: Random
  #options: TableOptions
  #observer: TableObserver
  #marks = 0
  readonly #sets = new Map<string, UserSets>()

  constructor(scheduler: Scheduler, random: Random, options: TableOptions, observer: TableObserver) {
    this.#scheduler = scheduler
    this.#random = random
    this.#options = options
    this.#observer = observer
  }

  /** Returns the stored session; `null` from the second of its expiry on. */
  live(key: string): Item | null {
    return this.#unlessExpired(this.history.get(key)?.at(-1)?.item)
  }

  /** Returns the stored session or marker; `null` from the second of its expiry on. */
  #stored(key: string): Item | null {
    const last = this.history.get(key)?.at(-1)
    return this.#unlessExpired(last?.item ?? last?.leftover)
  }

  /** Returns the announced sessions of a user. */
  bindings(user: string): readonly Binding[] {
    const keys = [...new Set([...this.history.keys(), ...this.#sets.keys()])]
    return keys.filter((key) => isKeyOf(user, key)).flatMap((key) => this.#bindingsIn(key))
  }

  /** Stores a session before the run. */
  plant(key: string, envelope: Envelope): void {
    const item = {
      value: JSON.stringify(envelope),
      version: envelope.v,
      expires: envelope.e,
      user: undefined,
    }
    this.#push(key, { ...item, mark: 0, envelope })
  }

  /** Returns the time until the next session expires, in ms; a minute if none does. */
  nextEnd(): number {
    const ends = Array.from(this.history, ([, states]) => states.at(-1)?.item?.envelope.e ?? 0)
    const spans = ends.map((end) => end - this.#scheduler.now).filter((span) => span > 0 && span < 1e10)
    return spans.length > 0 ? Math.min(...spans) : 60_000
  }

  /** Returns a driver with conditional writes, as for DynamoDB. */
  conditionalDriver(): DriverLike &
    Pick<ConditionalDriver, Exclude<keyof ConditionalDriver, keyof DriverLike>> {
    const read = async (key: string, options?: TransactionOptions): Promise<string | null> =>
      this.#call(
        () =>
          (options?.['consistent'] === true ? this.#stored(key) : this.#glimpse(key, this.#options.lag))
            ?.value ?? null,
      )
    const table = this
    return {
      ...this.#common(read),
      flags: { conditional: true },
      deleteItem: (key, options) => this.#delete(key, { ...options }),
      addToSets: (key, { bindings = [], marks = [] }) => this.#addToSets(key, { bindings, marks }),
      getSets: (key) =>
        this.#isQuick(key) ? Promise.resolve(this.#setsOf(key)) : this.#call(() => this.#setsOf(key)),
      async *listUser(user, { liveAt = table.#scheduler.now }) {
        yield* await table.#call(() =>
          [...table.history.keys()].flatMap((key) => {
            const item = table.#glimpse(key, table.#options.indexLag, liveAt)
            return item?.user === user ? [{ key, value: item.value }] : []
          }),
        )
      },
    }
  }

  /** Returns a driver without conditional writes and with strongly consistent reads, as for memory or a file system. */
  plainDriver(): DriverLike {
    return this.#common((key) => this.#call(() => this.#stored(key)?.value ?? null))
  }

  #common(read: (key: string, options?: TransactionOptions) => Promise<string | null>): DriverLike & {
    setItem: (key: string, value: string, options: TransactionOptions) => Promise<void>
  } {
    return {
      hasItem: async (key, options) => (await read(key, options)) !== null,
      getItem: read,
      getItemRaw: read,
      setItem: (key, value, options) => this.#put(key, value, options),
      removeItem: async (key, options) => void (await this.#delete(key, options)),
      getKeys: () => this.#call(() => [...this.history.keys()].filter((key) => this.#stored(key) !== null)),
    }
  }

  #put(key: string, value: string, options: TransactionOptions): Promise<void> {
    const { ttl, version, user } = options as { ttl: number; version?: number; user?: string }
    const envelope = JSON.parse(value) as Envelope
    const mark = ++this.#marks
    const issuedAt = this.#scheduler.now
    const expires = Math.ceil(issuedAt / 1000 + ttl) * 1000
    let isDone = false
    return this.#call(
      (attempt) => {
        const current = this.#stored(key)
        if (attempt > 1 && this.#options.marks && this.#lastMark(key) === mark) return
        const mine = version ?? envelope.v
        if (attempt > 1 && this.#options.doubts && current && current.version > mine) throw unavailable()
        this.#check(key, current, options)
        const isRenewal = options['ifVersion'] === mine
        const item = {
          value,
          version: mine,
          expires,
          user,
          mark: isRenewal ? (current?.mark ?? 0) : mark,
          envelope,
        }
        const former = this.history.get(key)?.at(-1)?.item ?? null
        if (envelope.r) {
          if (former) this.#observer.removed(key, former)
          this.#push(key, null, item)
          return
        }
        if (isUserKey(key)) {
          const known = new Set(parseSets(former?.value).bindings)
          const added = parseSets(value).bindings.filter((entry) => !known.has(entry))
          this.#observer.announced(key, parseBindings(added))
        } else this.#observer.put(key, item, former, issuedAt, isDone)
        isDone = true
        this.#push(key, item)
      },
      { isWrite: true },
    )
  }

  #bindingsIn(key: string): readonly Binding[] {
    const { bindings } = this.#sets.get(key) ?? parseSets(this.live(key)?.value)
    return parseBindings(bindings)
  }

  #addToSets(key: string, sets: UserSets): Promise<Record<string, string[]>> {
    const effect = (): Record<string, string[]> => {
      this.#observer.announced(key, parseBindings(sets.bindings))
      this.#sets.set(key, mergeSets(this.#sets.get(key) ?? { bindings: [], marks: [] }, sets))
      return this.#setsOf(key)
    }
    const isQuick = sets.bindings.length === 0 && this.#isQuick(key)
    return isQuick ? Promise.resolve(effect()) : this.#call(effect, { isWrite: true })
  }

  /**
   * Whether a call takes no step of the schedule. That is so for most calls for items without announcements: there are so
   * many of them that all other steps would be finished before.
   */
  #isQuick(key: string): boolean {
    return !this.#sets.get(key)?.bindings.length && this.#random.chance(0.97)
  }

  #setsOf(key: string): Record<string, string[]> {
    const { bindings = [], marks = [] } = this.#sets.get(key) ?? {}
    return { bindings: [...bindings], marks: [...marks] }
  }

  #lastMark(key: string): number | undefined {
    const last = this.history.get(key)?.at(-1)
    return (last?.item ?? last?.leftover)?.mark
  }

  #delete(key: string, options: TransactionOptions = {}): Promise<boolean> {
    return this.#call(
      (attempt) => {
        const current = this.#stored(key)
        if (attempt > 1 && current === null) return true
        this.#check(key, current, options)
        const former = this.history.get(key)?.at(-1)?.item
        if (former) this.#observer.removed(key, former)
        else if (current) this.#observer.unmarked(key)
        if (current || former) this.#push(key, null)
        if (current) (options as { onRemoved?: (value: string) => void }).onRemoved?.(current.value)
        return current !== null
      },
      { isWrite: true },
    )
  }

  #check(key: string, current: Item | null, { ifVersion }: TransactionOptions): void {
    if (ifVersion === undefined || (current?.version ?? null) === ifVersion) return
    throw new ConflictError('a conditional write found another version', current, { key })
  }

  /** Returns a random state of the last `lag` ms. */
  #glimpse(key: string, lag: number, liveAt: number = this.#scheduler.now): Item | null {
    const states = this.history.get(key) ?? []
    const horizon = this.#scheduler.now - lag
    // -1 stands for the time before the first state.
    const oldest = states.findLastIndex(({ at }) => at <= horizon)
    const state = states[this.#random.between(oldest, states.length - 1)]
    return this.#unlessExpired(state?.item ?? state?.leftover, liveAt)
  }

  #unlessExpired(item: Item | null | undefined, liveAt: number = this.#scheduler.now): Item | null {
    return item && item.expires > liveAt ? item : null
  }

  #push(key: string, item: Item | null, leftover?: Item): void {
    const states = this.history.get(key) ?? []
    states.push({
      item,
      ...(leftover && { leftover }),
      at: this.#scheduler.now,
      moment: this.#scheduler.moment,
    })
    this.history.set(key, states)
  }

  #call<T>(effect: (attempt: number) => T, { isWrite = false }: { isWrite?: boolean } = {}): Promise<T> {
    return this.#scheduler.flight(async () => {
      await this.#scheduler.pause('call')
      const fault = this.#fault(isWrite)
      this.calls.set(fault, (this.calls.get(fault) ?? 0) + 1)
      if (fault === 'refused') throw unavailable()
      if (fault === 'late') {
        // The client has given up. The write takes effect, or fails, later.
        void this.#scheduler
          .pause('call')
          .then(() => effect(1))
          .catch(() => {})
        throw unavailable()
      }
      if (fault === 'resent') return this.#callTwice(effect)
      const result = effect(1)
      await this.#scheduler.pause('call')
      if (fault === 'lost') throw unavailable()
      return result
    })
  }

  /** Runs a call and its retry. The first attempt may have had no effect, which the client cannot know. */
  async #callTwice<T>(effect: (attempt: number) => T): Promise<T> {
    if (this.#random.chance(0.6)) effect(1)
    // The client waits for a timeout and a pause before its retry.
    for (let turns = this.#random.between(1, 6); turns > 0; turns--) await this.#scheduler.pause('call')
    const result = effect(2)
    await this.#scheduler.pause('call')
    return result
  }

  #fault(isWrite: boolean): Fault {
    if (!this.#random.chance(this.#options.faults)) return 'none'
    if (!isWrite) return 'refused'
    const faults: Fault[] = ['refused', 'lost', 'resent']
    return this.#random.pick(this.#options.isConditional ? [...faults, 'late'] : faults)
  }
}

function unavailable(): UnsessionError {
  return new UnsessionError('UNAVAILABLE', 'the table did not answer')
}

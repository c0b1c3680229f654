import { ConflictError, UnsessionError } from '../../drivers/utils/errors.ts'
import type { ConditionalDriver } from '../../src/storage/driver-contract.ts'
import { type Binding, isKeyOf, isUserKey, parseBindings } from '../../src/store/users/bindings.ts'
import { mergeSets, parseSets, type UserSets } from '../../src/format/user-sets.ts'
import type { DriverLike, TransactionOptions } from '../../src/storage/storage-like.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** The part of the stored envelope that the checks look at. */
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
  /** ms since the epoch, of a whole second, as a table keeps it. */
  expires: number
  user: string | undefined
  mark: number
  envelope: Envelope
}

/** An item from a time on; `null` once it is removed. */
export interface State {
  item: Item | null
  /** What a rotation has left behind in its place, which is no session. */
  leftover?: Item
  at: number
  moment: number
}

/** Told of every write at the instant it takes effect, before it does. */
export interface TableObserver {
  /** @param isAgain - it took effect before, as its sender cannot know */
  put(key: string, item: Item, former: Item | null, issuedAt: number, isAgain: boolean): void
  removed(key: string, former: Item): void
  /** What a rotation has left behind is removed. */
  unmarked(key: string): void
  /** Of announcements of a user. */
  announced(key: string, bindings: readonly Binding[]): void
}

export interface TableOptions {
  /** ms a plain read may lag behind. */
  lag: number
  /** ms the index by user may lag behind. */
  indexLag: number
  /** Part of the calls that fail, in one of several ways. */
  faults: number
  /** Whether writes have conditions. Without, a write that takes effect after its client gave up could not be told from a good one. */
  isConditional: boolean
  /** Whether a write sent again knows its own first attempt by its mark. */
  marks: boolean
  /** Whether a write sent again, that finds a later version than its own, says that it does not know. */
  doubts: boolean
}

/** What happens to a call. */
export type Fault = 'none' | 'refused' | 'lost' | 'late' | 'resent'

/**
 * A table as several servers see it: conditional writes take effect one after the other, strong reads are current, plain
 * reads show any state of the last while. A call takes two steps of the schedule: to its effect, and back.
 */
export class Table {
  readonly history: Map<string, State[]> = new Map()
  /** Calls by what happened to them. */
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

  /** The session, unless it has expired to the second. */
  live(key: string): Item | null {
    return this.#unlessExpired(this.history.get(key)?.at(-1)?.item)
  }

  /** What is stored, be it a session or a rotation's marker, unless it has expired to the second. */
  #stored(key: string): Item | null {
    const last = this.history.get(key)?.at(-1)
    return this.#unlessExpired(last?.item ?? last?.leftover)
  }

  /** Sessions announced as the user's. */
  bindings(user: string): readonly Binding[] {
    const keys = [...new Set([...this.history.keys(), ...this.#sets.keys()])]
    return keys.filter((key) => isKeyOf(user, key)).flatMap((key) => this.#bindingsIn(key))
  }

  /** Have a session there from the start. */
  plant(key: string, envelope: Envelope): void {
    const item = {
      value: JSON.stringify(envelope),
      version: envelope.v,
      expires: envelope.e,
      user: undefined,
    }
    this.#push(key, { ...item, mark: 0, envelope })
  }

  /** ms until the first of the sessions ends; a minute where none does. */
  nextEnd(): number {
    const ends = Array.from(this.history, ([, states]) => states.at(-1)?.item?.envelope.e ?? 0)
    const spans = ends.map((end) => end - this.#scheduler.now).filter((span) => span > 0 && span < 1e10)
    return spans.length > 0 ? Math.min(...spans) : 60_000
  }

  /** A driver as DynamoDB's. */
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

  /** A driver without conditions, whose reads are current: such as memory, or a file system. */
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
   * Most calls for items without announcements take no step: there are many of them, and while they take their time everything
   * else would be over.
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

  /** Any state of the last while. */
  #glimpse(key: string, lag: number, liveAt: number = this.#scheduler.now): Item | null {
    const states = this.history.get(key) ?? []
    const horizon = this.#scheduler.now - lag
    // -1: before the first one.
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
        // Its client has given up; the effect is still to come, or to fail unseen.
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

  /** The first try may not have arrived; its client cannot tell. */
  async #callTwice<T>(effect: (attempt: number) => T): Promise<T> {
    if (this.#random.chance(0.6)) effect(1)
    // It takes a time limit and a pause until its client sends it again.
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

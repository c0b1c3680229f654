import { isDeepStrictEqual } from 'node:util'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../src/core/types.ts'
import { type Binding, isKeyOf } from '../../src/store/users/bindings.ts'
import { type Ack, type Exchange, exchanges } from './exchange.ts'
import { MAX_FLIGHT, type Scheduler } from './scheduler.ts'
import { isCreatedAgain, Revocations } from './revocations.ts'
import type { Envelope, Item, State, Table, TableObserver } from './table.ts'

/** Settings of a run that the oracle needs. */
export interface Terms {
  /** Lifetime of a cache entry, in ms. 0: there is no cache. */
  ttl: number
  /** Maximum delay of an eventually consistent read, in ms. */
  lag: number
  hasFaults: boolean
  /** Whether writes have conditions. They are checked at the moment when the write takes effect. */
  isConditional: boolean
}

/** An acknowledged write, and the moment when its client got the answer. */
interface Known extends Ack {
  client: string
  moment: number
}

/**
 * The model. It compares the answers that clients got with the items in the table. It reports violations in the sessions
 * that requests see, in their writes, and in the final state.
 */
export class Oracle implements TableObserver {
  violation: string | undefined
  #scheduler: Scheduler
  #terms: Terms
  /** Acknowledged writes by the name of their session. A session keeps its name under new ids. */
  #known = new Map<string, Known[]>()
  /** Previous id of each regenerated session, by its new id. */
  #parents = new Map<string, string>()
  /** Ids that a client has received, with the name of their session. */
  #reached = new Map<string, string>()
  /** Names of sessions that were destroyed, or may have been. */
  #over = new Set<string>()
  /** Ids of sessions that should have been spared, but were destroyed before a client received the id. */
  #wronged = new Set<string>()
  /** Ids of sessions that were certainly destroyed. */
  #ended = new Set<string>()
  /** Moment when a server had destroyed a session, by `server id`. */
  #buried = new Map<string, number>()
  /** Keys of writes that failed without effect. */
  #refused = new Set<string>()
  #table: Table | undefined
  #revocations: Revocations | undefined

  constructor(scheduler: Scheduler, terms: Terms) {
    this.#scheduler = scheduler
    this.#terms = terms
  }

  watch(table: Table): void {
    this.#table = table
    this.#revocations = new Revocations(this.#scheduler, table)
  }

  get revocations(): Revocations {
    if (this.#revocations === undefined) throw new Error('no table is watched')
    return this.#revocations
  }

  fail(what: string, exchange?: Exchange): void {
    const who = exchange ? ` (${exchange.client.name}: ${exchange.op}, key ${exchange.key})` : ''
    this.violation ??= what + who
    this.#scheduler.stopped = true
  }

  put(id: string, item: Item, former: Item | null, issuedAt: number, isAgain: boolean): void {
    const exchange = exchanges.getStore()
    if (!exchange) return
    // A retry after a lost answer is the same write, so it is not counted again.
    if (!isAgain) exchange.puts++
    const { envelope } = item
    this.revocations.put(id, item, exchange.acks.at(-1)?.id ?? exchange.seen?.id)
    const isKnown = this.#states(id).length > 0
    if (!isKnown && !exchange.generated.has(id))
      this.fail('a session was stored under a foreign id', exchange)
    // A creation is retried after a lost answer. If the session was destroyed before the retry, the retry creates it again.
    const isRepeated = isAgain && item.version === 1
    if (isKnown && former === null && !isRepeated) this.fail('an ended session was written', exchange)
    const isOver = former && this.#terms.isConditional && former.expires <= this.#scheduler.now
    // A rotation's fence write may find the session expired. It keeps the expiry, so no request sees the session again.
    if (former && (issuedAt >= former.envelope.e || isOver) && envelope.e > issuedAt)
      this.fail('an expired session was written', exchange)
    if (former && former.envelope.d['birth'] !== envelope.d['birth'])
      this.fail('a session was stored over another one', exchange)
    if (exchange.isReader && !(former && this.#isDueTouch(id, envelope, issuedAt)))
      this.fail('a reader wrote', exchange)
    if (exchange.isReader && exchange.puts > 1) this.fail('a reader wrote twice', exchange)
  }

  removed(id: string, former: Item): void {
    const exchange = exchanges.getStore()
    if (!exchange) return
    if (exchange.isReader) this.fail('a reader removed a session', exchange)
    if (exchange.op === 'sweep' && former.envelope.e > this.#scheduler.now)
      this.fail('a sweep removed a live session', exchange)
    if (former.expires <= this.#scheduler.now) return
    const { revocation, client, startedMoment } = exchange
    if (revocation && this.revocations.isSpared(id, revocation)) {
      if (this.#reached.has(id)) this.fail('a spared session was ended', exchange)
      this.#wronged.add(id)
    }
    const name = String(former.envelope.d['birth'])
    const isEnd = /clear|revoke/.test(exchange.op)
    if (isEnd || this.revocations.mayRefuse(client.name, startedMoment, id)) this.#over.add(name)
    if (isEnd) this.#ended.add(id)
  }

  /** Records the removal of a rotation's marker. A rotation with an unknown outcome takes it for a destroyed session. */
  unmarked(id: string): void {
    if (/clear|revoke/.test(exchanges.getStore()?.op ?? '')) this.#over.add(this.#nameOf(id))
  }

  announced(key: string, bindings: readonly Binding[]): void {
    const exchange = exchanges.getStore()
    if (exchange?.isReader) this.fail('a reader wrote', exchange)
    this.revocations.announced(bindings, (user) => isKeyOf(user, key))
  }

  /** Checks a request that has been answered. */
  answered(exchange: Exchange): void {
    if (exchange.complaint) this.fail(exchange.complaint, exchange)
    this.#checkError(exchange)
    if (exchange.seen) this.#checkSeen(exchange, exchange.seen)
    this.#learn(exchange)
  }

  /** Checks the table at the end of a run, when no request is in flight. */
  finish(): void {
    const survivors = this.revocations.survivors(this.#reached.keys())
    if (survivors.length > 0) this.fail(`${survivors.join(', ')} outlived the end of all of a user`)
    for (const [name, known] of this.#known) {
      const ids = [...this.#reached.keys()].filter((each) => this.#reached.get(each) === name)
      const live = ids.filter((id) => this.#isLive(id))
      if (live.length > 1) this.fail(`session ${name} is alive under ${live.length} ids`)
      if (
        ids.some((each) => this.#ended.has(each)) &&
        live.some((each) => !isCreatedAgain(this.#states(each)))
      )
        this.fail(`session ${name} is alive, and somebody has ended it`)
      const [id] = live
      if (id === undefined) {
        if (!this.#over.has(name) && !ids.some((each) => this.#hasExpired(each)))
          this.fail(`session ${name} is gone, and nobody has ended it`)
        continue
      }
      const { d } = this.#states(id).at(-1)!.item!.envelope
      for (const { key } of known)
        if (d[key] !== true) this.fail(`the acknowledged write of key ${key} is lost`)
      this.#checkData(d)
    }
  }

  #checkError({ error, ...exchange }: Exchange): void {
    if (error === undefined) return
    const code = error instanceof UnsessionError ? error.code : undefined
    if (code === 'CONFLICT') return
    if (code === 'UNAVAILABLE' && this.#terms.hasFaults) return
    const { id } = exchange.seen ?? {}
    const until = { at: this.#scheduler.now, moment: this.#scheduler.moment }
    if (code === 'SESSION_GONE' && (id === undefined || this.#wasOver(id, exchange.startedMoment, until)))
      return
    // A regenerated session was destroyed under its new id before its client received the id. The sign-in fails.
    const wasEnded = [...exchange.generated].some((each) => this.#states(each).at(-1)?.item === null)
    if (code === 'SESSION_GONE' && wasEnded) return
    this.fail(
      `it failed with ${code === 'SESSION_GONE' ? 'SESSION_GONE, but the session is alive' : String(error)}`,
      exchange,
    )
  }

  #checkSeen(exchange: Exchange, seen: NonNullable<Exchange['seen']>): void {
    const { token, startedAt, startedMoment, server } = exchange
    const fail = (what: string): void => this.fail(what, exchange)
    if (seen.isNew) {
      if (Object.keys(seen.data).length > 0) fail('a new session has data')
      if (token && !this.#wasOver(token.id, startedMoment, seen)) fail('a live session was not found')
      return
    }
    if (!token || token.id !== seen.id) return fail('a session was opened that the cookie does not name')
    const buried = this.#buried.get(`${server} ${token.id}`)
    if (this.#terms.ttl > 0 && buried !== undefined && buried < startedMoment)
      fail('an ended session came back where it was ended')
    this.#checkAge(seen, startedAt, fail)
    this.#checkData(seen.data)
    const name = String(seen.data['birth'])
    for (const write of this.#known.get(name) ?? []) {
      if (write.moment > startedMoment || seen.data[write.key] === true) continue
      if (exchange.client.isSequential && write.client === exchange.client.name)
        fail(`the client does not see its own write of key ${write.key}`)
      if (this.#isCovered(write, token)) fail(`the cookie's version has key ${write.key}, but it is not seen`)
    }
  }

  /** Checks that a session as seen was stored, has not expired, and is not older than cache and reads allow. */
  #checkAge(seen: NonNullable<Exchange['seen']>, startedAt: number, fail: (what: string) => void): void {
    const { ttl, lag } = this.#terms
    const horizon = startedAt - ttl - lag - (ttl > 0 ? MAX_FLIGHT : 0)
    const states = this.#states(seen.id!)
    const same = states.flatMap(({ item }, index) =>
      item?.version === seen.version && isDeepStrictEqual(item.envelope.d, seen.data)
        ? [{ e: item.envelope.e, until: states[index + 1]?.at ?? Infinity }]
        : [],
    )
    if (same.length === 0) return fail('what is seen was never stored')
    if (same.every(({ e }) => e <= startedAt)) fail('an expired session is seen')
    if (same.every(({ until }) => until < horizon)) fail('what is seen is too old')
  }

  /** Checks that `count` is exact, and that no failed write is stored. */
  #checkData(data: Record<string, unknown>): void {
    const keys = Object.keys(data)
    const increments = keys.filter((key) => key.startsWith('+')).length
    if ((data['count'] ?? 0) !== increments)
      this.fail(`the counter says ${String(data['count'])} after ${increments} increments`)
    for (const key of keys) if (this.#refused.has(key)) this.fail(`the refused write of key ${key} is stored`)
  }

  #learn(exchange: Exchange): void {
    const { acks, ended, error, seen, op, client, server, startedMoment } = exchange
    const { moment } = this.#scheduler
    const code = error instanceof UnsessionError ? error.code : undefined
    const name = acks.length > 0 ? this.#nameOf(acks.at(-1)!.id) : undefined
    for (const ack of acks) {
      const known = this.#known.get(name!) ?? []
      known.push({ ...ack, client: client.name, moment })
      this.#known.set(name!, known)
      this.#reached.set(ack.id, name!)
    }
    for (const id of ended) this.#buried.set(`${server} ${id}`, moment)
    // These failed writes may be stored: with faults, a write whose answer was lost before the session was destroyed, and
    // a sign-in that a sign-out everywhere refused after the write.
    const mayStand = this.#terms.hasFaults || this.revocations.mayRefuse(client.name, startedMoment)
    if (code === 'CONFLICT' || (code === 'SESSION_GONE' && !mayStand)) {
      for (const key of exchange.tried) if (!acks.some((ack) => ack.key === key)) this.#refused.add(key)
    }
    // A partial failure may have destroyed the old id before the client received a new one.
    const mayEnd = /clear|revoke|regenerate|sign in|bind/.test(op)
    const id = acks.at(-1)?.id ?? seen?.id
    if (code === 'UNAVAILABLE' && mayEnd && id !== undefined) this.#over.add(this.#nameOf(id))
  }

  /** Records that a client has received an id in a cookie. */
  told(exchange: Exchange, id: string): void {
    const former = exchange.seen?.id
    if (this.#wronged.has(id)) this.fail('a spared session was ended', exchange)
    this.#reached.set(id, this.#nameOf(id))
    if (former !== undefined && former !== id) this.#parents.set(id, former)
  }

  #isCovered(write: Known, token: { id: string; version: number }): boolean {
    if (write.id === token.id) return write.version <= token.version
    for (let id = this.#parents.get(token.id); id !== undefined; id = this.#parents.get(id))
      if (id === write.id) return true
    return false
  }

  #nameOf(id: string): string {
    const item = this.#states(id).findLast((state) => state.item)?.item
    return String(item?.envelope.d['birth'])
  }

  #states(id: string): State[] {
    return this.#table?.history.get(id) ?? []
  }

  #isLive(id: string): boolean {
    const item = this.#states(id).at(-1)?.item
    return item !== undefined && item !== null && item.envelope.e > this.#scheduler.now
  }

  #hasExpired(id: string): boolean {
    const item = this.#states(id).findLast((state) => state.item)?.item
    return item !== undefined && item !== null && item.envelope.e <= this.#scheduler.now
  }

  /** Whether a session was not alive at some instant between two moments. */
  #wasOver(id: string, since: number, until: { at: number; moment: number }): boolean {
    const states = this.#states(id)
    if (states[0] === undefined || states[0].moment > since || isCreatedAgain(states)) return true
    return states.some(({ item, moment }, index) => {
      const next = states[index + 1] ?? { at: Infinity, moment: Infinity }
      if (moment > until.moment || next.moment < since) return false
      return item === null || item.envelope.e <= Math.min(next.at, until.at)
    })
  }

  /** Whether a write is a permitted touch: in a recent state, less than half of the session's idle timeout was left. */
  #isDueTouch(id: string, { v, u, i, d }: Envelope, now: number): boolean {
    const window = i ?? DEFAULT_IDLE_TIMEOUT * 1000
    return this.#states(id).some(({ item }, index, states) => {
      if (item?.version !== v || item.envelope.u !== u || !isDeepStrictEqual(item.envelope.d, d)) return false
      return (
        item.envelope.e - now < window / 2 && states.slice(index).every((later) => later.item?.version === v)
      )
    })
  }
}

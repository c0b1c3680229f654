import { H3 } from 'h3'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { signToken, verifyToken } from '../../src/index.ts'
import type { SessionConfig } from '../../src/h3/index.ts'
import { type SessionStoreOptions, createSessionStore } from '../../src/index.ts'
import type { DriverLike } from '../../src/storage/storage-like.ts'
import type { SessionStore } from '../../src/core/types.ts'
import { UserBindings } from '../../src/store/users/user-bindings.ts'
import { act, READERS } from './actions.ts'
import { type Exchange, exchanges } from './exchange.ts'
import { Oracle } from './oracle.ts'
import { type Plan, planFrom } from './plan.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { type Fault, Table, type TableOptions } from './table.ts'

/** Parts that replace the correct ones, to break the protocol on purpose. */
export interface Mutant {
  table?: Partial<TableOptions>
  driver?: (driver: DriverLike, table: Table) => DriverLike
  store?: (options: SessionStoreOptions) => SessionStore
  /** Methods of {@link UserBindings}, for all stores of a schedule. */
  users?: Partial<UserBindings>
}

/** A mutant, and the schedules to search for a violation. */
export interface SearchedMutant extends Mutant {
  /** Whether calls fail, lose their answer or take effect after their timeout. Default `false`. */
  withFaults?: boolean
  /** First seed of the search. Default 1. */
  firstSeed?: number
}

const PASSWORD = 'a password for the model of sessions'
const NAME = 'h3'
const CANARY = 'canary'

/** Runs one schedule. @returns the first violation, if any, and the number of requests and calls */
export async function runSchedule(seed: number, hasFaults = false, mutant: Mutant = {}): Promise<Run> {
  const world = new World(seed, hasFaults, mutant)
  const intact = Object.getOwnPropertyDescriptors(UserBindings.prototype)
  Object.assign(UserBindings.prototype, mutant.users)
  await world.run()
  Object.defineProperties(UserBindings.prototype, intact)
  const { oracle, trace, answered: exchanges, calls } = world
  return { violation: oracle.violation, trace, exchanges, calls }
}

export interface Run {
  violation: string | undefined
  /** One line for each answered request. */
  trace: string[]
  exchanges: number
  /** Number of calls to the storage, by fault. */
  calls: ReadonlyMap<Fault, number>
}

interface Server {
  app: H3
  store: SessionStore
}

interface Jar {
  name: string
  isSequential: boolean
  cookie: string | undefined
  expires: number
}

class World {
  readonly oracle: Oracle
  readonly trace: string[] = []
  answered = 0
  #random: Random
  #plan: Plan
  #scheduler: Scheduler
  #table: Table
  #servers: Server[]
  #ids = 0
  #lastId = ''
  #exchanges = 0
  #cookies: string[] = []

  constructor(seed: number, hasFaults: boolean, mutant: Mutant) {
    this.#random = new Random(seed)
    const plan = (this.#plan = planFrom(this.#random, hasFaults, mutant.users !== undefined))
    this.#scheduler = new Scheduler(new Random(seed + 0.5))
    const terms = {
      ttl: plan.ttl * 1000,
      lag: plan.lag,
      hasFaults: plan.faults > 0,
      isConditional: plan.isConditional,
    }
    this.oracle = new Oracle(this.#scheduler, terms)
    const { lag, indexLag, faults, isConditional } = plan
    const options = { lag, indexLag, faults, isConditional, marks: true, doubts: true, ...mutant.table }
    this.#table = new Table(this.#scheduler, this.#random, options, this.oracle)
    this.oracle.watch(this.#table)
    const shared = this.#table.plainDriver()
    this.#servers = Array.from({ length: plan.servers }, () =>
      this.#server(plan.isConditional ? this.#table.conditionalDriver() : shared, mutant),
    )
    this.trace.push(`plan ${JSON.stringify(plan)}`)
  }

  get calls(): ReadonlyMap<Fault, number> {
    return this.#table.calls
  }

  async run(): Promise<void> {
    // A store imports code at its first call, which would take a random time. No session id has a dot.
    for (const { store } of this.#servers) await store.load('.')
    // The canary has its own lifetime, so no option of the store makes it expire.
    this.#table.plant(CANARY, { v: 1, c: 0, e: 8e15, l: 3, d: { birth: CANARY } })
    for (let i = 0; i < this.#plan.clients; i++) void this.#client(`client${i}`, this.#random.chance(0.5))
    void this.#stranger()
    await this.#scheduler.run()
    if (!this.oracle.violation) this.oracle.finish()
  }

  #server(driver: DriverLike, mutant: Mutant): Server {
    const { ttl, lifetime } = this.#plan
    const store = (mutant.store ?? createSessionStore)({
      storage: mutant.driver?.(driver, this.#table) ?? driver,
      cache: ttl > 0 && { ttl, max: this.#random.pick([40, 1000]) },
      now: () => this.#scheduler.now,
      ...lifetime,
    })
    const config: SessionConfig = { store, password: PASSWORD, generateId: () => this.#newId() }
    const app = new H3({ silent: true })
    app.all('/', async (event) => {
      const exchange = exchanges.getStore()!
      try {
        await act(exchange, event, config, this.#scheduler)
      } catch (error) {
        exchange.error = error
        throw error
      }
      return 'done'
    })
    return { app, store }
  }

  /** Returns a new id from a counter, or sometimes an id that is already taken. */
  #newId(): string {
    const isTaken: boolean = this.#lastId !== CANARY && this.#random.chance(0.1)
    const id = (this.#lastId = isTaken ? CANARY : `id${++this.#ids}`)
    if (id !== CANARY) exchanges.getStore()?.generated.add(id)
    return id
  }

  async #client(name: string, isSequential: boolean): Promise<void> {
    const jar: Jar = { name, isSequential, cookie: undefined, expires: Infinity }
    for (let i = 0; i < this.#plan.requests; i++) {
      await this.#scheduler.pause('think')
      if (this.#random.chance(0.15)) this.#letTimePass()
      const parallel = isSequential ? 1 : this.#random.between(1, 3)
      await Promise.all(Array.from({ length: parallel }, () => this.#request(jar, this.#nextOp())))
    }
  }

  /** Runs a client that sends old and forged cookies, and acts as administrator. */
  async #stranger(): Promise<void> {
    const jar: Jar = { name: 'stranger', isSequential: false, cookie: undefined, expires: Infinity }
    for (let i = 0; i < this.#plan.requests; i++) {
      await this.#scheduler.pause('think')
      const revokeAll = this.#plan.revocations
      const what = this.#random.weighted({ replay: 5, invent: 2, revoke: 1, revokeAll, sweep: 1 })
      if (what === 'replay' && this.#cookies.length > 0) {
        await this.#request({ ...jar, cookie: this.#random.pick(this.#cookies) }, this.#nextOp())
      } else if (what === 'invent') {
        const token = signToken(NAME, `bot${i % 2}`, this.#random.between(1, 3), PASSWORD)
        const cookie = this.#random.chance(0.8) ? token : token.replace('bot', 'rob')
        await this.#request({ ...jar, cookie }, this.#random.pick(READERS))
      } else await this.#administer(what)
    }
  }

  #nextOp(): string {
    return this.#random.chance(this.#plan.writes)
      ? this.#random.weighted(this.#plan.ops)
      : this.#random.pick(READERS)
  }

  #letTimePass(): void {
    const { ttl, lag } = this.#plan
    const nextEnd = this.#table.nextEnd()
    const jumps = [1, lag, ttl * 1000, 25_000, 31_000, nextEnd - 1500, nextEnd - 1, nextEnd]
    this.#scheduler.jump(Math.max(1, this.#random.pick(jumps)))
  }

  async #request(jar: Jar, op: string): Promise<void> {
    const { now } = this.#scheduler
    if (jar.expires <= now) jar.cookie = undefined
    const token = jar.cookie === undefined ? undefined : verifyToken(NAME, jar.cookie, PASSWORD)
    const exchange = this.#begin(op, jar, token ?? undefined)
    const headers: Record<string, string> =
      jar.cookie === undefined ? {} : { cookie: `${NAME}=${jar.cookie}` }
    const { app } = this.#servers[exchange.server]!
    const response = await exchanges.run(exchange, async () =>
      app.fetch(new Request('http://model/', { headers })),
    )
    this.#receive(jar, exchange, response.headers.getSetCookie())
    this.oracle.answered(exchange)
    this.#note(exchange)
  }

  #begin(op: string, { name, isSequential }: Jar, token?: Exchange['token']): Exchange {
    return {
      op,
      server: this.#random.between(0, this.#servers.length - 1),
      client: { name, isSequential },
      isReader: READERS.includes(op),
      isSlow: this.#random.chance(0.2),
      token,
      startedAt: this.#scheduler.now,
      startedMoment: this.#scheduler.moment++,
      key: `k${++this.#exchanges}`,
      generated: new Set(),
      acks: [],
      tried: [],
      ended: [],
      puts: 0,
    }
  }

  #receive(jar: Jar, exchange: Exchange, cookies: string[]): void {
    const [cookie] = cookies
    if (cookies.length > 1) this.oracle.fail('several cookies', exchange)
    if (cookie === undefined) return
    if (exchange.isReader && exchange.puts === 0) this.oracle.fail('a reader got a cookie', exchange)
    const value = /^h3=([^;]*)/.exec(cookie)?.[1] ?? ''
    const expires = /Expires=([^;]*)/.exec(cookie)?.[1]
    jar.cookie = value === '' ? undefined : value
    jar.expires = expires === undefined ? Infinity : Date.parse(expires)
    const token = verifyToken(NAME, value, PASSWORD)
    if (token) this.oracle.told(exchange, token.id)
    if (token) this.#cookies.push(value)
  }

  /** Runs an administrator's action on a random server. */
  async #administer(what: string): Promise<void> {
    const exchange = this.#begin(what === 'sweep' ? what : 'revoke', {
      name: 'administrator',
      isSequential: false,
      cookie: undefined,
      expires: 0,
    })
    const { store } = this.#servers[exchange.server]!
    await exchanges.run(exchange, async () => {
      try {
        if (what === 'sweep') await store.clearExpired()
        else if (what === 'revokeAll') await this.#revokeAll(exchange, store)
        else await this.#revoke(exchange, store)
      } catch (error) {
        exchange.error = error
      }
    })
    this.oracle.answered(exchange)
    this.#note(exchange)
  }

  async #revoke(exchange: Exchange, store: SessionStore): Promise<void> {
    if (this.#cookies.length === 0) return
    const { id } = verifyToken(NAME, this.#random.pick(this.#cookies), PASSWORD)!
    await store.destroy(id)
    exchange.ended.push(id)
  }

  async #revokeAll(exchange: Exchange, store: SessionStore): Promise<void> {
    const user = `client${this.#random.between(0, this.#plan.clients - 1)}`
    const known = this.#cookies.length > 0 && this.#random.chance(0.4) ? this.#random.pick(this.#cookies) : ''
    const except = verifyToken(NAME, known, PASSWORD)?.id
    const revocation = this.oracle.revocations.begin(user, except)
    exchange.revocation = revocation
    try {
      await store.destroyAll({ user, ...(except !== undefined && { except }) })
      const left = this.oracle.revocations.end(revocation)
      if (left !== undefined) exchange.complaint = left
    } catch (error) {
      this.oracle.revocations.abandon(revocation)
      throw error
    }
  }

  #note(exchange: Exchange): void {
    this.answered++
    const { op, server, client, token, key, seen, acks, error } = exchange
    const { code } = error instanceof UnsessionError ? error : { code: undefined }
    const found = seen && `${seen.id ?? 'nothing'} ${seen.version} ${JSON.stringify(seen.data)}`
    const told = acks.map(({ id, version }) => `${id} ${version}`).join(', ')
    const moments = `${exchange.startedMoment}-${this.#scheduler.moment}`
    this.trace.push(
      `${moments} at ${this.#scheduler.now} ${client.name} on server ${server}: ${op} ${key}, cookie ${token?.id} ${token?.version}, ` +
        `saw ${found}, ${told === '' ? '' : `wrote ${told}, `}${code ?? ''}`,
    )
  }
}

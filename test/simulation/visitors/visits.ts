import { type Accounts, TooManySignIns } from '../app/accounts.ts'
import { UNAVAILABLE } from '../app/host.ts'
import { Gone, type Store } from '../app/store.ts'
import { exponential } from '../events/distributions.ts'
import type { EventQueue } from '../events/queue.ts'
import { type Work, pause, start } from '../events/work.ts'
import type { Measures, Outcome } from '../measure/measures.ts'
import type { Random } from '../../model/random.ts'
import type { Scenario } from '../scenario.ts'
import { type Browser, type Population, visitsPerSecond } from './population.ts'

/** One page view, for a replay on the real store. */
export interface PageView {
  /** ms from the start. */
  at: number
  browser: number
  requests: { instance: number; writes: boolean }[]
}

export interface VisitsContext {
  queue: EventQueue
  random: Random
  store: Store
  accounts: Accounts
  population: Population
  measures: Measures
  /** Called with each page view. */
  onPageView?: ((view: PageView) => void) | undefined
}

const HOUR = 3_600_000
/** Hour of the day with the most traffic. An assumption. */
const BUSIEST_HOUR = 20

/** Visits of the site: they come at random, and have page views at random times. */
export class Visits {
  readonly #scenario: Scenario
  readonly #context: VisitsContext
  /** Visits a second, on average. */
  readonly #rate: number
  /** Time of the last page view, ms. */
  readonly #end: number

  /** @param share - share of the visitors that is simulated */
  constructor(scenario: Scenario, share: number, context: VisitsContext) {
    this.#scenario = scenario
    this.#context = context
    this.#rate = visitsPerSecond(scenario) * share
    this.#end = scenario.duration * 1000
  }

  /** Lets visitors come from now on. */
  *arrive(): Work {
    const { queue, random, population } = this.#context
    const { dailyPeak } = this.#scenario
    const most = this.#rate * (1 + dailyPeak)
    if (most === 0) return
    for (;;) {
      yield pause(queue, exponential(random, 1000 / most))
      if (queue.now >= this.#end) return
      // Visits at the highest rate, of which some are left out.
      if (!random.chance((1 + dailyPeak * this.#wave()) / (1 + dailyPeak))) continue
      start(this.#visit(population.browser(Math.floor(random.next() * population.size))))
    }
  }

  /** Serves one request with a browser's session. @returns its outcome */
  *request(browser: Browser, instance: number, kind: 'read' | 'write' | 'sign in'): Work {
    const { queue, measures } = this.#context
    const begunAt = queue.now
    measures.begun(begunAt)
    let outcome: Outcome
    try {
      outcome = yield* kind === 'sign in'
        ? this.#signIn(browser, instance)
        : this.#useSession(browser, instance, kind === 'write')
    } catch (error) {
      if (error instanceof Gone) outcome = 'gone'
      else if (error === UNAVAILABLE || error instanceof TooManySignIns) outcome = 'failed'
      else throw error
    }
    measures.ended(outcome, begunAt, queue.now)
  }

  *#visit(browser: Browser): Work {
    const { queue, random, measures, population } = this.#context
    const { pages, pageSeconds, parallel, writes } = this.#scenario.workload
    const { instances } = this.#scenario.setup
    measures.visit(queue.now)
    browser.isVisiting = true
    if (browser.session && population.signsInAgain(browser.session)) browser.session = undefined
    for (let page = 0; page < pages; page++) {
      if (page > 0) yield pause(queue, exponential(random, pageSeconds * 1000))
      if (queue.now >= this.#end) break
      // A browser deletes the cookie of an expired session.
      const { exists = false, expiresAt = 0 } = browser.session?.state ?? {}
      if (exists && queue.now >= expiresAt) browser.session = undefined
      const signsIn = browser.session === undefined || browser.isSignedOut
      const requests = Array.from({ length: parallel }, () => ({
        instance: Math.floor(random.next() * instances),
        writes: random.chance(writes),
      }))
      this.#context.onPageView?.({ at: queue.now, browser: browser.number, requests })
      for (const [at, { instance, writes: isWrite }] of requests.entries()) {
        const kind = signsIn && at === 0 ? 'sign in' : isWrite ? 'write' : 'read'
        if (at > 0 && browser.session === undefined) this.#countAnonymous()
        else start(this.request(browser, instance, kind))
      }
    }
    browser.isVisiting = false
  }

  *#signIn(browser: Browser, instance: number): Work<Outcome> {
    const { accounts, random, store } = this.#context
    const { session, version } = browser
    // The request has the cookie of a session that was destroyed.
    if (session && store.cached(session, instance, version) === undefined)
      yield* store.load(session, instance, version)
    const isBound = random.chance(this.#scenario.workload.bound)
    browser.session = yield* accounts.signIn(browser.user, instance, isBound)
    browser.version = 1
    browser.isSignedOut = false
    return 'signed in'
  }

  *#useSession(browser: Browser, instance: number, isWrite: boolean): Work<Outcome> {
    const { store, measures, queue } = this.#context
    const { session, version } = browser
    if (session === undefined) return 'no session'
    const begunAt = queue.now
    const cached = store.cached(session, instance, version)
    const { state, by } =
      cached === undefined
        ? yield* store.load(session, instance, version)
        : ({ state: cached, by: 'cache' } as const)
    if (state === null) {
      if (browser.session === session) browser.isSignedOut = true
      return 'gone'
    }
    if (begunAt > session.destroyedAt) measures.staleRequests++
    if (store.isTouchDue(session, instance, state)) yield* store.touch(session, instance, state)
    if (isWrite) {
      const saved = yield* store.save(session, instance, state.version)
      if (browser.session === session) browser.version = Math.max(browser.version, saved)
    }
    return by
  }

  /** Counts a request of the page view that signs in, which does not have the cookie yet. */
  #countAnonymous(): void {
    const { queue, measures } = this.#context
    measures.begun(queue.now)
    measures.ended('no session', queue.now, queue.now)
  }

  /** Returns the traffic at this time of the day, from -1 to 1. */
  #wave(): number {
    const hour = this.#context.queue.now / HOUR + this.#scenario.startHour
    return Math.cos(((hour - BUSIEST_HOUR) / 24) * 2 * Math.PI)
  }
}

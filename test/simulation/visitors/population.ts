import { lagOf } from '../../../src/core/lifetime.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../../src/core/types.ts'
import { MONTH } from '../../../src/plan/workload.ts'
import { type Accounts, User } from '../app/accounts.ts'
import type { EventQueue } from '../events/queue.ts'
import type { Random } from '../../model/random.ts'
import type { Scenario } from '../scenario.ts'
import type { StoredSession } from '../table/stored-session.ts'
import { type Habits, pastSession } from './past.ts'

/** A browser of a visitor, with the cookie of a session. */
export interface Browser {
  readonly number: number
  readonly user: User
  session: StoredSession | undefined
  /** Version in the cookie. */
  version: number
  /** Whether a request found the session of the cookie destroyed. The next page view signs in. */
  isSignedOut: boolean
  isVisiting: boolean
}

/** Visits a second of the whole site, on average: the requests with a session, divided by those of a visit. */
export function visitsPerSecond({ workload }: Scenario): number {
  const { requestsPerMinute, bots, pages, parallel } = workload
  return ((requestsPerMinute / 60) * (1 - bots)) / (pages * parallel)
}

/** The visitors. A browser exists when it comes for the first time, so that only those that come need memory. */
export class Population {
  /** Number of browsers. */
  readonly size: number
  readonly #scenario: Scenario
  readonly #context: { queue: EventQueue; random: Random; accounts: Accounts }
  readonly #habits: Habits
  readonly #begunAt: number
  readonly #browsers = new Map<number, Browser>()
  readonly #users = new Map<number, User>()

  /** @param share - share of the visitors that is simulated */
  constructor(
    scenario: Scenario,
    share: number,
    context: { queue: EventQueue; random: Random; accounts: Accounts },
  ) {
    this.#scenario = scenario
    this.#context = context
    this.size = Math.max(scenario.devices, Math.round(scenario.workload.users * share))
    this.#habits = habitsOf(scenario)
    this.#begunAt = context.queue.now
  }

  /** Returns a browser, which signed in some time ago, or never. */
  browser(number: number): Browser {
    const known = this.#browsers.get(number)
    if (known) return known
    const user = this.user(Math.floor(number / this.#scenario.devices))
    const browser: Browser = {
      number,
      user,
      session: undefined,
      version: 0,
      isSignedOut: false,
      isVisiting: false,
    }
    this.#browsers.set(number, browser)
    const { random, queue, accounts } = this.#context
    // The browser has not come since the simulation began.
    const past =
      this.#scenario.start === 'steady'
        ? pastSession(this.#habits, queue.now - this.#begunAt, random)
        : undefined
    if (past) {
      browser.session = accounts.addExisting(user, queue.now - past.age, queue.now - past.moved)
      browser.version = browser.session.state.version
    }
    return browser
  }

  /** Returns all browsers of a user. */
  browsersOf({ number }: User): Browser[] {
    const { devices } = this.#scenario
    return Array.from({ length: devices }, (_, device) => this.browser(number * devices + device))
  }

  user(number: number): User {
    const known = this.#users.get(number)
    if (known) return known
    const user = new User(number)
    this.#users.set(number, user)
    return user
  }

  /** Returns the users who are visiting the site now. */
  visiting(): User[] {
    return [
      ...new Set([...this.#browsers.values()].flatMap(({ isVisiting, user }) => (isVisiting ? user : []))),
    ]
  }

  /** Returns whether a visitor signs in again although the session is alive. */
  signsInAgain({ createdAt }: StoredSession): boolean {
    return this.#context.queue.now - createdAt >= this.#habits.signInEvery
  }
}

function habitsOf(scenario: Scenario): Habits {
  const { workload, setup } = scenario
  const { users, pages, parallel, writes, signIns } = workload
  const { idleTimeout, maxAge } = setup
  const isDefault = idleTimeout === DEFAULT_IDLE_TIMEOUT
  return {
    gap: (users / visitsPerSecond(scenario)) * 1000,
    savesInVisit: 1 - (1 - writes) ** (pages * parallel),
    idleTimeout: (idleTimeout ?? Infinity) * 1000,
    maxAge: (maxAge ?? Infinity) * 1000,
    lag: idleTimeout === undefined ? Infinity : lagOf(isDefault ? undefined : idleTimeout, undefined),
    signInEvery: signIns === 0 ? Infinity : (MONTH / signIns) * 1000,
  }
}

import { CapacityLimiter } from '../../../drivers/dynamodb/clear-expired/capacity-limiter.ts'
import type { ItemUnits } from '../../../src/plan/item.ts'
import type { Accounts, User } from '../app/accounts.ts'
import { type Host, UNAVAILABLE } from '../app/host.ts'
import type { Store } from '../app/store.ts'
import type { EventQueue } from '../events/queue.ts'
import { type Work, pause, start } from '../events/work.ts'
import type { Measures } from '../measure/measures.ts'
import type { Random } from '../../model/random.ts'
import type { FleetEvent, Scenario } from '../scenario.ts'
import type { Table } from '../table/table.ts'
import type { Population } from './population.ts'

export interface FleetContext {
  queue: EventQueue
  random: Random
  measures: Measures
  hosts: readonly Host[]
  store: Store
  accounts: Accounts
  population: Population
  table: Table
  item: ItemUnits
  /** Items of the whole table. */
  items: number
  share: number
  /** Called with each user who is signed out everywhere. */
  onSignOut?: ((event: { at: number; user: number; instance: number }) => void) | undefined
}

/** Default segments of `clearExpired`, and items of a batch of deletes. */
const SEGMENTS = 4
const BATCH = 25
const PAGE_UNITS = 64
/** Shortest wait for the limiter, ms. The driver asks more often, which only takes time here. */
const LEAST_WAIT_MS = 20
/** Time until a failed sign-out everywhere is called again, ms. */
const AGAIN_MS = 1000

/** Lets an event happen. */
export function happen(event: FleetEvent, scenario: Scenario, context: FleetContext): void {
  context.queue.at(event.at * 1000, () => {
    if (event.kind === 'deploy') start(deploy(event, context))
    else if (event.kind === 'sign out everywhere') start(signOut(event, scenario, context))
    else clearExpired(event, context)
  })
}

type EventOf<K extends FleetEvent['kind']> = Extract<FleetEvent, { kind: K }>

function* deploy(
  { over, signOut: endsSessions }: EventOf<'deploy'>,
  { queue, hosts, store }: FleetContext,
): Work {
  if (endsSessions) store.notBefore = queue.now
  for (const [at, host] of hosts.entries()) {
    if (at > 0) yield pause(queue, (over * 1000) / hosts.length)
    host.cache.clear()
  }
}

/** Signs users out everywhere, those first who visit the site now. */
function* signOut(
  { users, perSecond }: EventOf<'sign out everywhere'>,
  scenario: Scenario,
  context: FleetContext,
): Work {
  const { queue, random, population, share } = context
  const chosen = population.visiting().slice(0, Math.round(users * share))
  const accounts = Math.floor(population.size / scenario.devices)
  while (chosen.length < Math.min(accounts, Math.round(users * share)))
    chosen.push(population.user(Math.floor(random.next() * accounts)))
  for (const user of chosen) {
    start(signOutUser(user, Math.floor(random.next() * scenario.setup.instances), context))
    yield pause(queue, 1000 / (perSecond * share))
  }
}

function* signOutUser(
  user: User,
  instance: number,
  { queue, population, accounts, measures, onSignOut }: FleetContext,
): Work {
  // These browsers have signed in before.
  population.browsersOf(user)
  onSignOut?.({ at: queue.now, user: user.number, instance })
  const sessions = [...user.sessions]
  yield* untilDone(queue, () => accounts.signOutEverywhere(user, instance))
  for (const session of sessions) {
    const { destroyedAt } = session
    if (destroyedAt === Infinity) continue
    // Reads that were in flight are done, and no later read finds the session.
    queue.after(10_000, () => {
      measures.staleness.add(Math.max(0, session.acceptedUntil - destroyedAt))
    })
  }
}

/** Repeats work that fails because the table throttles. A sign-out everywhere that failed is called again. */
function* untilDone(queue: EventQueue, work: () => Work): Work {
  for (;;) {
    try {
      return yield* work()
    } catch (error) {
      if (error !== UNAVAILABLE) throw error
      yield pause(queue, AGAIN_MS)
    }
  }
}

/** Scans the table with the limiter of the driver, and deletes what has expired. The table stays as large as it is. */
function clearExpired(
  { maxCapacity, expired }: EventOf<'clear expired'>,
  { queue, table, item, items, share }: FleetContext,
): void {
  const limiter = new CapacityLimiter(maxCapacity * share, () => queue.now)
  const perUnit = (2 * 4096) / item.bytes
  function* paced(kind: 'read' | 'write', units: number, hash: number): Work {
    const place = limiter.book(units)
    for (let ms = limiter.wait(place); ms > 0; ms = limiter.wait(place))
      yield pause(queue, Math.max(ms, LEAST_WAIT_MS))
    const request = { kind, hash, units } as const
    const isServed = table.serve(request, () => (kind === 'read' ? 'scanned' : 'cleared'))
    if (!isServed) limiter.throttled()
    limiter.settle(units, isServed ? units : 0)
    yield pause(queue, 5)
  }
  function* segment(number: number): Work {
    let scanned = 0
    const all = (items * share) / SEGMENTS
    while (scanned < all) {
      const hash = (number + scanned / all) / SEGMENTS
      const units = Math.min(limiter.slice, PAGE_UNITS)
      yield* paced('read', units, hash)
      const found = units * perUnit
      for (let left = found * expired; left > 0; left -= BATCH)
        yield* paced('write', Math.max(1, Math.min(BATCH, left) * item.write), hash)
      scanned += found
    }
  }
  for (let number = 0; number < SEGMENTS; number++) start(segment(number))
}

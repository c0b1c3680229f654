import { itemUnits } from '../../src/plan/item.ts'
import { type Plan, planMonth } from '../../src/plan/plan.ts'
import { DEFAULT_PRICES, type Prices } from '../../src/plan/prices.ts'
import { MONTH } from '../../src/plan/workload.ts'
import { Random } from '../model/random.ts'
import { Accounts } from './app/accounts.ts'
import { Driver } from './app/driver.ts'
import { Host } from './app/host.ts'
import { Store, type StoreContext } from './app/store.ts'
import { exponential } from './events/distributions.ts'
import { EventQueue } from './events/queue.ts'
import { type Work, pause, start } from './events/work.ts'
import { Measures } from './measure/measures.ts'
import type { Scenario } from './scenario.ts'
import type { Billing } from './table/capacity.ts'
import { Table } from './table/table.ts'
import { type FleetContext, happen } from './visitors/fleet-events.ts'
import { type Browser, Population, visitsPerSecond } from './visitors/population.ts'
import { Visits, type VisitsContext } from './visitors/visits.ts'

/** A simulation that has run. */
export interface Simulation {
  scenario: Scenario
  plan: Plan
  measures: Measures
  table: Table
  hosts: readonly Host[]
  /** Share of the users, partitions and instances that was simulated. */
  share: number
  /** Events that have run. */
  events: number
}

export interface SimulateOptions {
  seed?: number
  prices?: Prices
  /** Called at times with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void
  onPageView?: VisitsContext['onPageView']
  onSignOut?: FleetContext['onSignOut']
}

/** Requests of visitors to simulate at most, if the scenario does not say which share. It takes some seconds. */
const MOST_REQUESTS = 600_000
const MINUTE = 60_000
const PROGRESS_STEPS = 100
/** Time in which the requests in flight at the end are answered, ms. */
const DRAIN_MS = 60_000

/** Simulates a scenario. The result follows from the scenario and the seed alone. */
export function simulate(scenario: Scenario, options: SimulateOptions = {}): Simulation {
  const { seed = 1, prices = DEFAULT_PRICES, onProgress, onPageView, onSignOut } = options
  const { setup, workload } = scenario
  const random = new Random(seed)
  const queue = new EventQueue(-scenario.warmUp * 1000)
  const plan = planMonth(workload, setup, prices, { peak: 1 + scenario.dailyPeak, target: 0.7 })
  const item = itemUnits(setup, workload)
  const measures = new Measures(scenario.duration * 1000)
  const billing = billingOf(scenario, plan)
  const bytes = plan.stored.gigabytes * 1024 ** 3
  const share = shareOf(scenario)
  const table = new Table(queue, measures.usage, { billing, bytes, share })
  const driver = new Driver(queue, random, table)
  const hostCount = Math.max(1, Math.round(setup.instances * share))
  const cacheMax = (scenario.cacheMax * setup.instances * share) / hostCount
  const hosts = Array.from({ length: hostCount }, () => new Host(queue, random, cacheMax))
  // In a sample, the pairs of a session and an instance are spread over fewer instances, each of which gets the load of a real one.
  const hostOf: StoreContext['hostOf'] = ({ number }, instance) =>
    hosts[share === 1 ? instance : (number * 31 + instance * 17) % hosts.length]!
  const store = new Store({ queue, random, driver, setup, item, lag: scenario.lag, hostOf })
  const accounts = new Accounts({
    queue,
    random,
    driver,
    setup,
    item,
    store,
    anyHost: () => random.pick(hosts),
  })
  const population = new Population(scenario, share, { queue, random, accounts })
  const visits = new Visits(scenario, share, {
    queue,
    random,
    store,
    accounts,
    population,
    measures,
    onPageView,
  })
  const items = plan.stored.sessions
  const fleet = {
    queue,
    random,
    measures,
    hosts,
    store,
    accounts,
    population,
    table,
    item,
    items,
    share,
    onSignOut,
  }
  start(visits.arrive())
  for (const event of scenario.events) happen(event, scenario, fleet)
  if (scenario.hot) start(hotLoad(scenario, { queue, random, population, visits }))
  start(housekeeping(queue, accounts))
  for (let step = 1; step <= PROGRESS_STEPS; step++) {
    queue.run((scenario.duration * 1000 * step) / PROGRESS_STEPS)
    onProgress?.(step / PROGRESS_STEPS)
  }
  queue.run(scenario.duration * 1000 + DRAIN_MS)
  return { scenario, plan, measures, table, hosts, share, events: queue.count }
}

/** Returns the capacity of the table. An on-demand table has served the traffic of the busiest hour before. */
function billingOf({ billing, dailyPeak }: Scenario, { readUnits, writeUnits }: Plan): Billing {
  if (typeof billing !== 'string') return billing
  const busiest = (1 + dailyPeak) / MONTH
  const peak = { read: readUnits * busiest, write: writeUnits * busiest }
  return { mode: 'on-demand', peak, ...(billing === 'on-demand without a quota' && { quota: Infinity }) }
}

/** Returns the share to simulate: at least one instance. */
function shareOf(scenario: Scenario): number {
  const { duration, workload, setup } = scenario
  const requests = visitsPerSecond(scenario) * duration * workload.pages * workload.parallel
  const wanted = scenario.share ?? MOST_REQUESTS / requests
  return Math.min(1, Math.max(wanted, 1 / setup.instances))
}

/** Lets one user sign in, or one session be used, ever more often. */
function* hotLoad(
  scenario: Scenario,
  {
    queue,
    random,
    population,
    visits,
  }: { queue: EventQueue; random: Random; population: Population; visits: Visits },
): Work {
  const { hot, duration, workload, setup } = scenario
  if (!hot) return
  const user = population.user(-1)
  const shared: Browser = {
    number: -1,
    user,
    session: undefined,
    version: 0,
    isSignedOut: false,
    isVisiting: false,
  }
  if (hot.what === 'session') {
    yield* visits.request(shared, 0, 'sign in')
  }
  for (;;) {
    const rate = hot.from + (hot.to - hot.from) * Math.max(0, queue.now / 1000 / duration)
    yield pause(queue, exponential(random, 1000 / rate))
    if (queue.now >= duration * 1000) return
    const instance = Math.floor(random.next() * setup.instances)
    if (hot.what === 'session')
      start(visits.request(shared, instance, random.chance(workload.writes) ? 'write' : 'read'))
    else start(visits.request({ ...shared, session: undefined }, instance, 'sign in'))
  }
}

function* housekeeping(queue: EventQueue, accounts: Accounts): Work {
  for (;;) {
    yield pause(queue, MINUTE)
    accounts.bindings.removeExpired(queue.now)
  }
}

import { DEFAULT_PRICES, type Prices } from '../../../src/plan/prices.ts'
import { MONTH } from '../../../src/plan/workload.ts'
import type { Simulation } from '../simulate.ts'
import { LINES, type LineName } from './usage.ts'

/** Results of a simulation for the whole fleet. Times are in ms. */
export interface Summary {
  name: string
  about: string
  /** Share that was simulated, and how far sums may be off because of that, with a chance of 95%. */
  share: number
  samplingError: number
  /** Requests of visitors. */
  requests: number
  /** Requests that failed with 503. */
  failed: number
  /** Requests that found their session in the cache. */
  cached: number
  lines: Record<LineName, { times: number; units: number }>
  units: { read: number; write: number }
  /** The units, divided by those of the plan for as many visits. Not set if something happens that the plan does not know. */
  ratio?: { read: number; write: number }
  /** US dollars for the simulated time, on demand, and for a month at this pace. */
  cost: number
  monthlyCost: number
  /** Requests to the table that were throttled, by the cause. */
  throttled: { table: number; partition: number; index: number }
  /** Time that the session takes of a request. */
  time: { p50: number; p99: number; max: number }
  /** Number of partitions, those simulated with more than half of their capacity in use, and the busiest one in its busiest 10 s. */
  partitions: { count: number; busiest: number; hot: number; indexBusiest: number }
  /** Most units a second in one interval. */
  peak: { read: number; write: number }
  /** Time until the last instance refuses a destroyed session. */
  staleness: { sessions: number; p99: number; max: number; acceptedRequests: number }
  /** Load at which 1% of the requests begin to fail: sign-ins of the hot user or requests of the hot session, per second. */
  endsAt?: number
}

/** Share of failed requests at which a design counts as ended. */
const ENDED = 0.01
const HOT = 0.5
/** Factor by which the units of visits vary more than the number of visits. Most visits have the same page views. */
const VARIATION = 1.2

/** Returns the relative error of sums, with a chance of 95%, that comes from the number of simulated visits. */
export function samplingError({ measures: { visits } }: Simulation): number {
  return (1.96 * VARIATION) / Math.sqrt(Math.max(1, visits))
}

/** Returns the results of a simulation. */
export function summarize(simulation: Simulation, prices: Prices = DEFAULT_PRICES): Summary {
  const { scenario, plan, measures, table, share } = simulation
  const { usage, timeline, staleness, outcomes, times } = measures
  const units = { read: usage.units('read') / share, write: usage.units('write') / share }
  const visits = measures.visits / share / plan.traffic.visits
  const cost = (units.read * prices.read + units.write * prices.write) / 1e6
  const partitions = table.partitions.list()
  const seconds = timeline.length / 1000
  const most = (kind: 'read' | 'write'): number =>
    Math.max(...timeline.intervals.map((interval) => interval[kind])) / seconds / share
  const isPlanned = scenario.hot === undefined && scenario.events.length === 0
  const endsAt = scenario.hot && endOf(simulation)
  return {
    name: scenario.name,
    about: scenario.about,
    share,
    samplingError: share < 1 ? samplingError(simulation) : 0,
    requests: measures.requests / share,
    failed: outcomes.failed / share,
    cached: outcomes.cache / share,
    lines: scaled(usage.lines, share),
    units,
    ...(isPlanned && {
      ratio: {
        read: units.read / (plan.readUnits * visits),
        write: units.write / (plan.writeUnits * visits),
      },
    }),
    cost,
    monthlyCost: (cost * MONTH) / scenario.duration,
    throttled: {
      table: table.throttled.table / share,
      partition: table.throttled.partition / share,
      index: table.throttled.index / share,
    },
    time: { p50: times.quantile(0.5), p99: times.quantile(0.99), max: times.max },
    partitions: {
      count: share < 1 ? table.wholeCount : partitions.length,
      busiest: Math.max(...partitions.map(({ peak }) => peak)),
      hot: partitions.filter(({ peak }) => peak > HOT).length,
      indexBusiest: Math.max(...table.index.list().map(({ peak }) => peak)),
    },
    peak: { read: most('read'), write: most('write') },
    staleness: {
      sessions: staleness.count / share,
      p99: staleness.quantile(0.99),
      max: staleness.max,
      acceptedRequests: measures.staleRequests / share,
    },
    ...(endsAt !== undefined && { endsAt }),
  }
}

/** Returns the load per second from which on at least 1% of the requests fail, for three intervals; `undefined` if it is never so. */
function endOf({ scenario, measures: { timeline } }: Simulation): number | undefined {
  const { intervals, length } = timeline
  const isEnded = (at: number): boolean => {
    const next = intervals.slice(at, at + 3)
    const sum = (pick: 'failed' | 'requests'): number => next.reduce((total, each) => total + each[pick], 0)
    return sum('failed') > 0 && sum('failed') >= ENDED * sum('requests')
  }
  const at = intervals.findIndex((_, index) => isEnded(index))
  const { from = 0, to = 0 } = scenario.hot ?? {}
  return at === -1 ? undefined : from + ((to - from) * at * length) / (scenario.duration * 1000)
}

function scaled(lines: Summary['lines'], share: number): Summary['lines'] {
  const names = Object.keys(LINES) as LineName[]
  return Object.fromEntries(
    names.map((name) => [name, { times: lines[name].times / share, units: lines[name].units / share }]),
  ) as Summary['lines']
}

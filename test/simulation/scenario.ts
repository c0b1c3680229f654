import type { Setup, Workload } from '../../src/plan/workload.ts'
import type { Lag } from './app/lag.ts'
import type { Billing } from './table/capacity.ts'

/** Something that happens to the whole fleet. Times are in seconds from the start. */
export type FleetEvent =
  /** Every instance starts anew, with an empty cache, one after the other. `signOut`: all sessions are ended by `notBefore`. */
  | { kind: 'deploy'; at: number; over: number; signOut: boolean }
  /** Some users are signed out everywhere by `destroyAll`. */
  | { kind: 'sign out everywhere'; at: number; users: number; perSecond: number }
  /** `clearExpired` begins. `expired`: share of the items that have expired. */
  | { kind: 'clear expired'; at: number; maxCapacity: number; expired: number }

/** Load on one user or one session, which grows evenly from one rate to another. Rates are per second. */
export interface HotLoad {
  what: 'user' | 'session'
  from: number
  to: number
}

/** A scenario to simulate. Workload and setup are those of `unsession plan`. */
export interface Scenario {
  name: string
  about: string
  workload: Workload
  setup: Setup
  /** The store's `cache.max`. */
  cacheMax: number
  /** Length in seconds, and the time before it in which caches fill. */
  duration: number
  warmUp: number
  /** Hour of the day at which it begins, and the traffic of the busiest hour above the average, as a share of it. */
  startHour: number
  dailyPeak: number
  /** Browsers of one user, each with a session. `workload.users` counts the browsers. */
  devices: number
  /** Capacity of the table. With `'on-demand'`, the highest traffic before is that of the busiest hour. */
  billing: Billing | 'on-demand' | 'on-demand without a quota'
  /** Share of the users, partitions and instances to simulate, from 0 to 1. Default: such that it takes seconds. */
  share?: number
  /** Whether visitors have sessions at the start, as they have after months, or none. */
  start: 'steady' | 'empty'
  events: FleetEvent[]
  hot?: HotLoad
  lag: Lag
}

import { DEFAULT_BOUNDS } from '../../src/store/options.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../src/core/types.ts'
import type { Setup, Workload } from '../../src/plan/workload.ts'
import type { Scenario } from './scenario.ts'
import { LAG } from './table/limits.ts'

const MINUTE = 60
const HOUR = 3600
const DAY = 24 * HOUR

/** The defaults of `unsession plan`. */
export const USUAL: { workload: Workload; setup: Setup } = {
  workload: {
    users: 1000,
    requestsPerMinute: 60,
    bots: 0.2,
    pages: 6,
    pageSeconds: 20,
    parallel: 3,
    writes: 0.05,
    signIns: 1,
    bound: 1,
  },
  setup: {
    sessionBytes: 1024,
    instances: 2,
    cacheTtl: 10,
    idleTimeout: DEFAULT_IDLE_TIMEOUT,
    maxAge: undefined,
    userIndex: true,
    consistentRead: false,
  },
}

/** Returns a scenario with the given differences from a day of a usual site. */
export function scenarioOf({
  workload,
  setup,
  ...rest
}: Partial<Omit<Scenario, 'workload' | 'setup'>> & {
  workload?: Partial<Workload>
  setup?: Partial<Setup>
}): Scenario {
  return {
    name: 'unnamed',
    about: '',
    workload: { ...USUAL.workload, ...workload },
    setup: { ...USUAL.setup, ...setup },
    cacheMax: DEFAULT_BOUNDS.max,
    duration: DAY,
    warmUp: 10 * MINUTE,
    startHour: 0,
    dailyPeak: 0.5,
    devices: 1,
    billing: 'on-demand',
    start: 'steady',
    events: [],
    lag: LAG,
    ...rest,
  }
}

/** Returns the requests a minute, bots included, of users who each come so often. */
function requestsPerMinute(users: number, visitsPerDay: number): number {
  const { pages, parallel, bots } = USUAL.workload
  return (users * visitsPerDay * pages * parallel) / (24 * 60) / (1 - bots)
}

function siteOf(users: number, visitsPerDay: number): Pick<Workload, 'users' | 'requestsPerMinute'> {
  return { users, requestsPerMinute: requestsPerMinute(users, visitsPerDay) }
}

/** The scenarios by name. */
export const SCENARIOS: readonly Scenario[] = [
  scenarioOf({
    name: 'small shop',
    about: '2,000 users, two instances, a week',
    workload: siteOf(2000, 0.5),
    duration: 7 * DAY,
  }),
  scenarioOf({
    name: 'a million a day',
    about: 'a million visits a day, 20 instances, a day',
    workload: siteOf(2_000_000, 0.5),
    setup: { instances: 20 },
  }),
  scenarioOf({
    name: 'deploy storm',
    about: '50 million visits a day, 200 instances with a cache of 5 minutes; a deploy ends all sessions',
    workload: siteOf(100_000_000, 0.5),
    setup: { instances: 200, cacheTtl: 300 },
    duration: 20 * MINUTE,
    startHour: 20,
    events: [{ kind: 'deploy', at: 5 * MINUTE, over: 0, signOut: true }],
  }),
  scenarioOf({
    name: 'sign out everywhere',
    about: '2,000 users with three devices are signed out in 100 s, and expired items are deleted',
    workload: siteOf(600_000, 1),
    setup: { instances: 20 },
    devices: 3,
    duration: 15 * MINUTE,
    startHour: 20,
    share: 1,
    events: [
      { kind: 'sign out everywhere', at: 3 * MINUTE, users: 2000, perSecond: 20 },
      { kind: 'clear expired', at: 8 * MINUTE, maxCapacity: 500, expired: 0.1 },
    ],
  }),
  scenarioOf({
    name: 'billion sessions',
    about: 'a billion sessions, each used twice a week, 2,000 instances, half an hour in the evening',
    workload: siteOf(1e9, 2 / 7),
    setup: { instances: 2000 },
    duration: HOUR / 2,
    startHour: 20,
    billing: 'on-demand without a quota',
  }),
  scenarioOf({
    name: 'one hot user',
    about: 'one account that signs in from once to 200 times a second, in an hour',
    workload: siteOf(2000, 0.5),
    setup: { instances: 4 },
    duration: HOUR,
    hot: { what: 'user', from: 1, to: 200 },
  }),
  scenarioOf({
    name: 'one hot session',
    about: 'one session that is used from 10 to 10,000 times a second on 20 instances, 5% of which change it',
    workload: siteOf(2000, 0.5),
    setup: { instances: 20 },
    duration: 2 * MINUTE,
    hot: { what: 'session', from: 10, to: 10_000 },
  }),
]

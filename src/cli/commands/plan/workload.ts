import type { Headroom } from '../../../plan/plan.ts'
import type { Setup, Workload } from '../../../plan/workload.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../../core/types.ts'
import { NO_USER_INDEX_FLAG } from '../../flags/table-flags.ts'
import { UsageError } from '../../ui/usage-error.ts'
import type { FlagSet, Flags } from '../../ui/flags.ts'

export const WORKLOAD_FLAGS: FlagSet = {
  users: flag('n', 'Number of people who have a session in a month. Required'),
  'requests-per-minute': flag('n', 'Requests a minute to the whole site, averaged over the month. Required'),
  'session-kb': flag('kb', 'Size of the session data. Default: 1'),
  instances: flag('n', 'Processes of the app, each with its own cache. Default: 2'),
  bots: flag('percent', 'Requests without a session, for example of bots. Default: 20'),
  writes: flag('percent', 'Requests with a session that change it. Default: 5'),
  pages: flag('n', 'Page views of one visit. Default: 6'),
  'page-seconds': flag('seconds', 'Mean time between two page views of a visit. Default: 20'),
  parallel: flag('n', 'Requests of one page view, sent in parallel. Default: 3'),
  'sign-ins': flag('n', 'Minimum number of new sessions of a user in a month. Default: 1'),
  bound: flag('percent', 'Sessions that belong to a user (`bind`). Default: 100'),
  ...NO_USER_INDEX_FLAG,
  'cache-ttl': flag('seconds', "The store's `cache.ttl`; 0 without a cache. Default: 10"),
  'idle-timeout': flag('seconds', "The store's `idleTimeout`. Default: 14 days, unless `--max-age` is given"),
  'max-age': flag('seconds', "The store's `maxAge`. Default: none"),
  consistent: { type: 'boolean', description: "The driver's `consistentRead`" },
  peak: flag('n', 'Traffic at the busiest time, as a multiple of the average. Default: 3'),
  target: flag('percent', 'Provisioned units that the busiest time uses. Default: 70'),
}

/** Reads the workload. @throws {UsageError} if a required flag is missing or a value is out of range */
export function readWorkload(flags: Flags): Workload {
  return {
    users: required(flags, 'users'),
    requestsPerMinute: required(flags, 'requests-per-minute'),
    bots: share(flags, 'bots', 20),
    pages: flags.number('pages', 1) ?? 6,
    pageSeconds: above0(flags, 'page-seconds') ?? 20,
    parallel: flags.number('parallel', 1) ?? 3,
    writes: share(flags, 'writes', 5),
    signIns: flags.number('sign-ins', 0) ?? 1,
    bound: share(flags, 'bound', 100),
  }
}

/** Reads the configuration of the store and the table. @throws {UsageError} */
export function readSetup(flags: Flags): Setup {
  const maxAge = above0(flags, 'max-age')
  return {
    sessionBytes: (flags.number('session-kb', 0) ?? 1) * 1024,
    instances: flags.count('instances', 1) ?? 2,
    cacheTtl: flags.number('cache-ttl', 0) ?? 10,
    idleTimeout: above0(flags, 'idle-timeout') ?? (maxAge === undefined ? DEFAULT_IDLE_TIMEOUT : undefined),
    maxAge,
    userIndex: !flags.on('no-user-index'),
    consistentRead: flags.on('consistent'),
  }
}

/** Reads the reserve of provisioned capacity. @throws {UsageError} */
export function readHeadroom(flags: Flags): Headroom {
  const target = share(flags, 'target', 70)
  if (target === 0) throw new UsageError('`--target` must be above 0')
  return { peak: flags.number('peak', 1) ?? 3, target }
}

function flag(valueHint: string, description: string): FlagSet[string] {
  return { type: 'string', valueHint, description }
}

function required(flags: Flags, name: string): number {
  const value = above0(flags, name)
  if (value === undefined)
    throw new UsageError(`\`--${name} <n>\` is required; see \`unsession plan --help\``)
  return value
}

function above0(flags: Flags, name: string): number | undefined {
  const value = flags.number(name, 0)
  if (value === 0) throw new UsageError(`\`--${name}\` must be above 0`)
  return value
}

/** Returns the share that a percentage flag gives. */
function share(flags: Flags, name: string, percent: number): number {
  const value = flags.number(name, 0) ?? percent
  if (value > 100) throw new UsageError(`\`--${name}\` must be a percentage from 0 to 100`)
  return value / 100
}

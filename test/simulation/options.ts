import { type FlagSet, Flags } from '../../src/cli/ui/flags.ts'
import { UsageError } from '../../src/cli/ui/usage-error.ts'
import { nearestName } from '../../drivers/utils/validate.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

const number = (valueHint: string, description: string): FlagSet[string] => ({
  type: 'string',
  valueHint,
  description,
})

/** The flags. Those of the workload and the setup are named as in `unsession plan`. */
export const FLAGS: FlagSet = {
  scenario: number('name', 'Scenario, or `all`. Default: small shop'),
  list: { type: 'boolean', description: 'Lists the scenarios' },
  seed: number('n', 'Seed of the random numbers. Default: 1'),
  hours: number('n', 'Simulated time'),
  sample: number('percent', 'Share of the users, partitions and instances to simulate'),
  users: number('n', 'Number of browsers with a session in a month'),
  'requests-per-minute': number('n', 'Requests a minute to the whole site, on average'),
  instances: number('n', 'Processes of the app, each with its own cache'),
  pages: number('n', 'Page views of one visit'),
  'page-seconds': number('seconds', 'Mean time between two page views of a visit'),
  parallel: number('n', 'Requests of one page view'),
  writes: number('percent', 'Requests with a session that change it'),
  'sign-ins': number('n', 'Minimum number of new sessions of a user in a month'),
  bound: number('percent', 'Sessions that belong to a user'),
  'session-kb': number('kb', 'Size of the session data'),
  'cache-ttl': number('seconds', "The store's `cache.ttl`; 0 without a cache"),
  'cache-max': number('n', "The store's `cache.max`"),
  'idle-timeout': number('seconds', "The store's `idleTimeout`"),
  'max-age': number('seconds', "The store's `maxAge`"),
  consistent: { type: 'boolean', description: "The driver's `consistentRead`" },
  'read-capacity': number('units', 'Provisioned read units a second; needs `--write-capacity`'),
  'write-capacity': number('units', 'Provisioned write units a second; needs `--read-capacity`'),
  'warm-reads': number('units', 'Warm throughput of an on-demand table, in read units a second'),
  'warm-writes': number('units', 'Warm throughput of an on-demand table, in write units a second'),
  json: { type: 'boolean', description: 'Prints the results as JSON' },
  out: number('folder', 'Folder of the charts. Default: test/.output/simulation'),
  docs: {
    type: 'boolean',
    description: 'Runs all scenarios, and writes the results into docs/simulation.md',
  },
  help: { type: 'boolean', description: 'Shows this help' },
}

/** Returns the scenarios that the flags select, with the settings that they change. @throws {UsageError} */
export function scenariosOf(flags: Flags): Scenario[] {
  const name = flags.text('scenario') ?? 'small shop'
  const names = SCENARIOS.map((scenario) => scenario.name)
  const selected = SCENARIOS.filter((scenario) => name === 'all' || scenario.name === name)
  if (selected.length === 0) {
    const nearest = nearestName(name, names)
    const hint =
      nearest === undefined ? `the scenarios are ${names.join(', ')}` : `did you mean '${nearest}'?`
    throw new UsageError(`there is no scenario '${name}'; ${hint}`)
  }
  return selected.map((scenario) => changed(scenario, flags))
}

function changed(scenario: Scenario, flags: Flags): Scenario {
  const { workload, setup } = scenario
  const share = (flag: string, least: number): number | undefined => {
    const percent = flags.number(flag, least)
    if (percent !== undefined && percent > 100) throw new UsageError(`\`--${flag}\` must be at most 100`)
    return percent === undefined ? undefined : percent / 100
  }
  const kilobytes = flags.number('session-kb', 0)
  const hours = flags.number('hours', 0.05)
  const sample = share('sample', 0.001)
  return {
    ...scenario,
    workload: {
      ...workload,
      users: flags.count('users', 1) ?? workload.users,
      requestsPerMinute: flags.number('requests-per-minute', 0) ?? workload.requestsPerMinute,
      pages: flags.count('pages', 1) ?? workload.pages,
      pageSeconds: flags.number('page-seconds', 0.1) ?? workload.pageSeconds,
      parallel: flags.count('parallel', 1) ?? workload.parallel,
      writes: share('writes', 0) ?? workload.writes,
      signIns: flags.number('sign-ins', 0) ?? workload.signIns,
      bound: share('bound', 0) ?? workload.bound,
    },
    setup: {
      ...setup,
      instances: flags.count('instances', 1) ?? setup.instances,
      sessionBytes: kilobytes === undefined ? setup.sessionBytes : kilobytes * 1024,
      cacheTtl: flags.number('cache-ttl', 0) ?? setup.cacheTtl,
      idleTimeout: flags.number('idle-timeout', 1) ?? setup.idleTimeout,
      maxAge: flags.number('max-age', 1) ?? setup.maxAge,
      consistentRead: flags.on('consistent') || setup.consistentRead,
    },
    cacheMax: flags.count('cache-max', 1) ?? scenario.cacheMax,
    billing: billingOf(scenario, flags),
    duration: hours === undefined ? scenario.duration : hours * 3600,
    ...(sample !== undefined && { share: sample }),
  }
}

function billingOf({ billing }: Scenario, flags: Flags): Scenario['billing'] {
  const [read, write] = [flags.number('read-capacity', 1), flags.number('write-capacity', 1)]
  if ((read === undefined) !== (write === undefined))
    throw new UsageError('`--read-capacity` and `--write-capacity` must be given together')
  if (read !== undefined && write !== undefined) return { mode: 'provisioned', read, write }
  const [reads, writes] = [flags.number('warm-reads', 0), flags.number('warm-writes', 0)]
  if (reads === undefined && writes === undefined) return billing
  return warm(reads ?? 0, writes ?? 0)
}

/** Returns an on-demand table with a warm throughput, without the quota of the account. It serves twice its earlier peak. */
export function warm(reads: number, writes: number): Scenario['billing'] {
  return { mode: 'on-demand', peak: { read: reads / 2, write: writes / 2 }, quota: Infinity }
}

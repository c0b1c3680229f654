import { resolveOptions } from '../../../../drivers/dynamodb/config/options.ts'
import { UnsessionError } from '../../../../drivers/utils/errors.ts'
import { countItems, scanItems } from '../../../table/manage/items.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import type { Flags } from '../../ui/flags.ts'
import { count, formatBytes, formatNumber, formatShare, formatSpan } from '../../ui/format.ts'
import { SESSION_FLAGS, sessionOptions } from '../../flags/session-flags.ts'
import { COMMON_FLAGS, tableOptions } from '../../flags/table-flags.ts'
import type { Terminal } from '../../ui/terminal.ts'
import { type Bucket, type SessionStats, StatsCounter } from './counter.ts'
import { histogram } from './histogram.ts'

const DEFAULT_SAMPLE = 10_000

/** The command's output. */
interface Report {
  table: string
  /** DynamoDB's own count, up to six hours old. `null` if the credentials do not allow DescribeTable. */
  described: { items: number; bytes: number } | null
  /** Number of items read, whether those are all, and the read units consumed. */
  sample: { items: number; complete: boolean; readUnits: number }
  /** Counts of the items read. */
  sessions: SessionStats
  /**
   * Live sessions of the whole table, estimated from the share in the sample. `null` if the sample is the whole table, or the
   * number of items is unknown.
   */
  estimatedLive: number | null
}

export const stats: Command = {
  name: 'stats',
  description: 'Count sessions, with their sizes and ages, in a sample of the table',
  flags: {
    sample: {
      type: 'string',
      valueHint: 'n',
      description: `Maximum number of items to read, or \`all\`. Default: ${formatNumber(DEFAULT_SAMPLE)}`,
    },
    ...SESSION_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession stats --table sessions --region eu-west-1', 'A sample of 10,000 items'],
    ['npx unsession stats --sample 500', 'A sample of 500 items, which costs fewer read units'],
    ['npx unsession stats --sample all --json', 'The whole table, for a script'],
  ],
  async run(flags, terminal) {
    const report = await countSessions(flags)
    if (terminal.json) terminal.printJson(report)
    else print(report, terminal)
    return EXIT.ok
  },
}

async function countSessions(flags: Flags): Promise<Report> {
  const limit = flags.text('sample') === 'all' ? Infinity : (flags.count('sample', 1) ?? DEFAULT_SAMPLE)
  const described = await countIfAllowed(flags)
  const counter = new StatsCounter(Date.now())
  const sample = { items: 0, complete: false, readUnits: 0 }
  for await (const { items, scanned, units, last } of scanItems(sessionOptions(flags), limit)) {
    for (const item of items) counter.add(item)
    sample.items += scanned
    sample.readUnits += units
    sample.complete = last
  }
  const sessions = counter.stats
  const canEstimate = described !== null && !sample.complete && described.items > sample.items
  return {
    table: resolveOptions({ table: flags.text('table') }).table,
    described,
    sample,
    sessions,
    estimatedLive: canEstimate ? Math.round((described.items * sessions.live) / sample.items) : null,
  }
}

/** Returns DynamoDB's count, or `null` if the credentials do not allow DescribeTable. The sample does not need that action. */
async function countIfAllowed(flags: Flags): Promise<Report['described']> {
  try {
    return await countItems(tableOptions(flags))
  } catch (error) {
    if (error instanceof UnsessionError && error.code === 'ACCESS_DENIED') return null
    throw error
  }
}

function print({ table, described, sample, sessions, estimatedLive }: Report, terminal: Terminal): void {
  const number = formatNumber
  const extent = sample.complete ? 'all of them' : 'a sample: the numbers below are of these items'
  const { live, expired, bound, users, other } = sessions
  const all = live + expired + other
  terminal.print(terminal.heading(`Table ${table}`))
  terminal.printTable([
    [
      'items',
      described
        ? `about ${number(described.items)}, ${formatBytes(described.bytes)} (DynamoDB counts them every six hours)`
        : 'unknown: the credentials do not allow dynamodb:DescribeTable',
    ],
    ['items read', `${number(sample.items)}, ${extent}`],
    ['read units', number(sample.readUnits, 1)],
  ])
  const estimate = estimatedLive === null ? '' : `; about ${number(estimatedLive)} in the whole table`
  terminal.print(`\n${terminal.heading('Sessions')}`)
  terminal.printTable([
    ['live', `${number(live)} (${formatShare(live, all)})${estimate}`],
    ['expired', `${number(expired)} (${formatShare(expired, all)}), not deleted yet`],
    ['bound', `${number(bound)} (${formatShare(bound, live)} of the live ones), to ${count(users, 'user')}`],
    ['expire in 1 h', number(sessions.endWithinHour)],
    ['expire in 1 d', number(sessions.endWithinDay)],
    ['other items', number(other)],
    ['size', `${formatBytes(sessions.meanBytes)} on average, ${formatBytes(sessions.largestBytes)} at most`],
  ])
  if (live + expired === 0) return
  const draw = (title: string, buckets: Bucket[], format: (bound: number) => string): void => {
    terminal.print(`\n${terminal.heading(title)}`)
    terminal.print(
      histogram(
        buckets.map((bucket, at) => [nameOf(bucket, buckets[at - 1], format), bucket.count]),
        terminal.width,
      ),
    )
  }
  draw('Size', sessions.sizes, formatBytes)
  draw('Age of live sessions', sessions.ages, formatSpan)
  draw('Time to live', sessions.left, formatSpan)
}

function nameOf({ upTo }: Bucket, before: Bucket | undefined, format: (bound: number) => string): string {
  return upTo === null ? `above ${format(before?.upTo ?? 0)}` : `to ${format(upTo).replace('.0 ', ' ')}`
}

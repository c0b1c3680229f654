import { resolveOptions } from '../../../../drivers/dynamodb/options.ts'
import { UnsessionError } from '../../../../drivers/utils/errors.ts'
import { countItems, scanItems } from '../../../table/manage/items.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import type { Flags } from '../../flags/flags.ts'
import { count, formatBytes, formatNumber, formatShare, formatSpan } from '../../ui/format.ts'
import { SESSION_FLAGS, sessionOptions } from '../../flags/session-flags.ts'
import { COMMON_FLAGS, tableOptions } from '../../flags/table-flags.ts'
import type { Terminal } from '../../ui/terminal.ts'
import { type Bucket, type SessionStats, StatsCounter } from './counter.ts'
import { histogram } from './histogram.ts'

const DEFAULT_SAMPLE = 10_000

/** What the command prints. */
interface Report {
  table: string
  /** DynamoDB's own count, up to six hours old; `null` without the right to ask for it. */
  described: { items: number; bytes: number } | null
  /** Items looked at, whether those are all, and the read units that took. */
  sample: { items: number; complete: boolean; readUnits: number }
  /** Counted among the items looked at. */
  sessions: SessionStats
  /** Live sessions of the whole table, from the sample's share; `null` where nothing has to be estimated or can be. */
  estimatedLive: number | null
}

export const stats: Command = {
  name: 'stats',
  description: 'Count sessions, with their sizes and ages; from a sample where the table is large',
  flags: {
    sample: {
      type: 'string',
      valueHint: 'n',
      description: `Items to look at, at most, or \`all\`. Default: ${formatNumber(DEFAULT_SAMPLE)}`,
    },
    ...SESSION_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession stats --table sessions --region eu-west-1', 'A look at the table'],
    ['npx unsession stats --sample 500', 'For at most 500 items, and the read units of so many'],
    ['npx unsession stats --sample all --json', 'All of it, for a script'],
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

/** The sample needs one right, and the description another that not everybody has. */
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
  const looked = sample.complete ? 'all of them' : 'a sample: what follows is of these'
  const { live, expired, bound, users, other } = sessions
  const all = live + expired + other
  terminal.print(terminal.heading(`Table ${table}`))
  terminal.printTable([
    [
      'items',
      described
        ? `about ${number(described.items)}, ${formatBytes(described.bytes)} (counted by DynamoDB every six hours)`
        : 'unknown: counting takes the right to DescribeTable',
    ],
    ['looked at', `${number(sample.items)}, ${looked}`],
    ['read units', number(sample.readUnits, 1)],
  ])
  const estimate = estimatedLive === null ? '' : `; about ${number(estimatedLive)} in the whole table`
  terminal.print(`\n${terminal.heading('Sessions')}`)
  terminal.printTable([
    ['live', `${number(live)} (${formatShare(live, all)})${estimate}`],
    ['expired', `${number(expired)} (${formatShare(expired, all)}), not yet deleted`],
    ['bound', `${number(bound)} (${formatShare(bound, live)} of the live), to ${count(users, 'user')}`],
    ['end in 1 h', number(sessions.endWithinHour)],
    ['end in 1 d', number(sessions.endWithinDay)],
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
  draw('Age of the live', sessions.ages, formatSpan)
  draw('Time left', sessions.left, formatSpan)
}

function nameOf({ upTo }: Bucket, before: Bucket | undefined, format: (bound: number) => string): string {
  return upTo === null ? `above ${format(before?.upTo ?? 0)}` : `to ${format(upTo).replace('.0 ', ' ')}`
}

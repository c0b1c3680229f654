import { formatNumber, formatShare } from '../../../src/cli/ui/format.ts'
import { grid, layout } from '../../../src/cli/ui/layout.ts'
import type { Summary } from '../measure/summary.ts'
import { LINES, type LineName } from '../measure/usage.ts'

const NAMES: Record<LineName, string> = {
  sessions: 'reads of sessions',
  bindingReads: 'reads of users’ records',
  listing: 'lists by user',
  scanned: 'scans of clear-expired',
  created: 'new sessions',
  saved: 'saves',
  refused: 'writes that conflict',
  touched: 'touches',
  bindings: 'bindings of sessions to users',
  marks: 'marks of sign-outs everywhere',
  destroyed: 'destroyed sessions',
  index: 'writes to the index',
  cleared: 'deletes of clear-expired',
}

const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' })

/** Returns the results of a simulation as text. */
export function summaryText(summary: Summary, width: number): string {
  const { lines, time, staleness, partitions, ratio, throttled } = summary
  const names = (Object.keys(LINES) as LineName[]).filter((name) => lines[name].times > 0)
  const rows = names.map((name) => {
    const { times, units } = lines[name]
    return [
      NAMES[name],
      formatNumber(times),
      LINES[name] === 'read' ? formatNumber(units) : '',
      LINES[name] === 'write' ? formatNumber(units) : '',
    ]
  })
  rows.push(['all', '', formatNumber(summary.units.read), formatNumber(summary.units.write)])
  const all = throttled.table + throttled.partition + throttled.index
  return [
    `${summary.name}: ${summary.about}`,
    layout(
      [
        ['simulated', sampleText(summary)],
        [
          'requests',
          `${formatNumber(summary.requests)}, ${formatShare(summary.cached, summary.requests)} from the cache`,
        ],
        [
          'failed',
          `${formatNumber(summary.failed)} (${formatShare(summary.failed, summary.requests)})${endText(summary)}`,
        ],
        ['time', `p50 ${ms(time.p50)}, p99 ${ms(time.p99)}, at most ${ms(time.max)}`],
        ['throttled', all === 0 ? 'nothing' : `${formatNumber(all)}: ${causes(summary)}`],
        [
          'partitions',
          `${formatNumber(partitions.count)}; the busiest uses ${percent(partitions.busiest)} of its capacity for 10 s`,
        ],
        [
          'peak',
          `${rate(summary.peak.read)} read units and ${rate(summary.peak.write)} write units a second`,
        ],
        [
          'cost',
          `${dollars.format(summary.cost)} on demand, ${dollars.format(summary.monthlyCost)} for a month like this`,
        ],
        ...(ratio ? [['plan', planText(ratio)] as [string, string]] : []),
        ...(staleness.sessions > 0 ? [['revoked', staleText(summary)] as [string, string]] : []),
      ],
      width,
    ),
    '',
    ...grid(['request', 'times', 'read units', 'write units'], rows, width, [1, 2, 3]),
  ].join('\n')
}

/** Returns a table of results in Markdown. */
export function summaryTable(summaries: readonly Summary[]): string {
  const header = [
    'scenario',
    'requests',
    'read units',
    'write units',
    'cost',
    'p50',
    'p99',
    'failed',
    'busiest partition',
    'plan: reads, writes',
  ]
  const rows = summaries.map((summary) => [
    summary.name,
    formatNumber(summary.requests),
    formatNumber(summary.units.read),
    formatNumber(summary.units.write),
    dollars.format(summary.cost),
    ms(summary.time.p50),
    ms(summary.time.p99),
    `${formatNumber((100 * summary.failed) / summary.requests, 2)}%`,
    percent(summary.partitions.busiest),
    summary.ratio ? `${percent(summary.ratio.read)}, ${percent(summary.ratio.write)}` : '–',
  ])
  return [header, header.map((_, at) => (at === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function sampleText({ share, samplingError }: Summary): string {
  if (share === 1) return 'all users, partitions and instances'
  return `${formatNumber(share * 100, 2)}% of the users, partitions and instances; sums are exact to ±${formatNumber(samplingError * 100, 1)}% (95%)`
}

function planText({ read, write }: NonNullable<Summary['ratio']>): string {
  return `simulated units are ${percent(read)} (read) and ${percent(write)} (write) of those of \`unsession plan\``
}

function endText({ endsAt }: Summary): string {
  return endsAt === undefined ? '' : `; 1% fail from ${formatNumber(endsAt)} a second on`
}

function staleText({ staleness: { sessions, p99, max, acceptedRequests } }: Summary): string {
  return `${formatNumber(sessions)} sessions; the last instance refuses them after ${ms(p99)} (p99), ${ms(max)} at most; ${formatNumber(acceptedRequests)} requests were accepted before that`
}

function causes({ throttled }: Summary): string {
  return Object.entries(throttled)
    .filter(([, times]) => times > 0)
    .map(([cause, times]) => `${formatNumber(times)} by the ${cause === 'table' ? 'whole table' : cause}`)
    .join(', ')
}

/** Formats a number per second. */
export function rate(perSecond: number): string {
  return formatNumber(perSecond, perSecond < 10 ? 1 : 0)
}

function ms(time: number): string {
  return `${formatNumber(time, time < 100 ? 1 : 0)} ms`
}

function percent(share: number): string {
  return `${formatNumber(share * 100, share < 0.1 ? 1 : 0)}%`
}

import type { Headroom, Line, Plan } from '../../../plan/plan.ts'
import type { Prices } from '../../../plan/prices.ts'
import type { Setup, Workload } from '../../../plan/workload.ts'
import { formatBytes, formatNumber, formatSpan } from '../../ui/format.ts'
import type { Terminal } from '../../ui/terminal.ts'

/** A plan with its inputs. */
interface PlannedMonth {
  workload: Workload
  setup: Setup
  headroom: Headroom
  prices: Prices
  plan: Plan
}

/** Prints a plan as text. */
export function printPlan(
  { workload, setup, headroom, prices, plan }: PlannedMonth,
  terminal: Terminal,
): void {
  const { item, stored, provisioned, cost, traffic } = plan
  const requests = traffic.visits * workload.pages * workload.parallel
  terminal.print(terminal.heading('Workload'))
  terminal.printTable([
    ['users', formatNumber(workload.users)],
    [
      'visits',
      `${formatNumber(traffic.visits)} a month; each user visits every ${formatSpan(traffic.gap * 1000)}`,
    ],
    ['item', `${formatBytes(item.bytes)}: a read costs ${units(item.read)}, a write ${units(item.write)}`],
    [
      'reads',
      `${formatNumber((plan.reads.sessions.times / requests) * 100, 1)}% of the requests with a session read the table`,
    ],
    ['stored', `${formatNumber(stored.sessions)} sessions, ${formatNumber(stored.gigabytes, 2)} GB`],
  ])
  terminal.print(`\n${terminal.heading('Units of a month')}`)
  const row = (what: string, { times, units: used }: Line): string[] => [
    what,
    formatNumber(times),
    formatNumber(used),
  ]
  const lines: [what: string, line: Line][] = [
    ['reads', plan.reads.sessions],
    ['reads to bind sessions to users', plan.reads.binding],
    ['new sessions', plan.writes.created],
    ['writes to bind sessions to users', plan.writes.binding],
    ['saves', plan.writes.saved],
    ['saves that conflict', plan.writes.refused],
    ['touches', plan.writes.touched],
    ['writes to the index', plan.writes.index],
  ]
  terminal.printGrid(
    ['request', 'times', 'units'],
    [
      ...lines.filter(([, line]) => line.units > 0).map(([what, line]) => row(what, line)),
      ['all reads', '', formatNumber(plan.readUnits)],
      ['all writes', '', formatNumber(plan.writeUnits)],
    ],
    [1, 2],
  )
  terminal.print(`\n${terminal.heading('Cost of a month')}`)
  const index = setup.userIndex ? ', and the same for the index' : ''
  terminal.printTable([
    ['on demand', dollars(cost.onDemand)],
    [
      'provisioned',
      `${dollars(cost.provisioned)}, for ${units(provisioned.readUnits, 'read')} and ` +
        `${units(provisioned.writeUnits, 'write')} a second${index}`,
    ],
    ['storage', `${dollars(cost.storage)}, in addition`],
  ])
  const cheaper = cost.onDemand <= cost.provisioned ? 'On demand' : 'Provisioned'
  terminal.print('')
  terminal.printText(
    `${cheaper} is cheaper here. The provisioned units are enough for ${formatNumber(headroom.peak, 1)} times the average ` +
      `traffic, which then uses ${formatNumber(headroom.target * 100)}% of them. DynamoDB throttles more traffic.`,
  )
  terminal.printText(`Prices: ${prices.source}. Without backups, data transfer and the free tier.`)
}

function units(number: number, kind = ''): string {
  return `${formatNumber(number, 1)} ${kind === '' ? '' : `${kind} `}unit${number === 1 ? '' : 's'}`
}

function dollars(amount: number): string {
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

import type { Headroom, Line, Plan } from '../../../plan/plan.ts'
import type { Prices } from '../../../plan/prices.ts'
import type { Setup, Workload } from '../../../plan/workload.ts'
import { formatBytes, formatNumber, formatSpan } from '../../ui/format.ts'
import type { Terminal } from '../../ui/terminal.ts'

interface Planned {
  workload: Workload
  setup: Setup
  headroom: Headroom
  prices: Prices
  plan: Plan
}

/** Print a plan for people. */
export function printPlan({ workload, setup, headroom, prices, plan }: Planned, terminal: Terminal): void {
  const { item, stored, provisioned, cost, traffic } = plan
  const requests = traffic.visits * workload.pages * workload.parallel
  terminal.print(terminal.heading('Workload'))
  terminal.printTable([
    ['users', formatNumber(workload.users)],
    [
      'visits',
      `${formatNumber(traffic.visits)} a month; a user comes every ${formatSpan(traffic.gap * 1000)}`,
    ],
    ['item', `${formatBytes(item.bytes)}: a read takes ${units(item.read)}, a write ${units(item.write)}`],
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
    ["reads of users' records", plan.reads.binding],
    ['new sessions', plan.writes.created],
    ["the same, in users' records", plan.writes.binding],
    ['changes', plan.writes.saved],
    ['changes that met another', plan.writes.refused],
    ['ends moved by use', plan.writes.touched],
    ['writes, in the index', plan.writes.index],
  ]
  terminal.printGrid(
    ['what', 'times', 'units'],
    [
      ...lines.filter(([, line]) => line.units > 0).map(([what, line]) => row(what, line)),
      ['all reads', '', formatNumber(plan.readUnits)],
      ['all writes', '', formatNumber(plan.writeUnits)],
    ],
    [1, 2],
  )
  terminal.print(`\n${terminal.heading('Cost of a month')}`)
  const index = setup.userIndex ? ', and as many for the index' : ''
  terminal.printTable([
    ['on demand', dollars(cost.onDemand)],
    [
      'provisioned',
      `${dollars(cost.provisioned)}, for ${units(provisioned.readUnits, 'read')} and ` +
        `${units(provisioned.writeUnits, 'write')} a second${index}`,
    ],
    ['storage', `${dollars(cost.storage)}, with either`],
  ])
  const cheaper = cost.onDemand <= cost.provisioned ? 'On demand' : 'Provisioned'
  terminal.print('')
  terminal.printText(
    `${cheaper} is cheaper here. Provisioned units are for a busiest time of ${formatNumber(headroom.peak, 1)} times the ` +
      `average, which uses ${formatNumber(headroom.target * 100)}% of them; a busier one is throttled.`,
  )
  terminal.printText(
    `Prices: ${prices.source}. Backups and traffic are not in it, and the free tier is not taken off.`,
  )
}

function units(number: number, kind = ''): string {
  return `${formatNumber(number, 1)} ${kind === '' ? '' : `${kind} `}unit${number === 1 ? '' : 's'}`
}

function dollars(amount: number): string {
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

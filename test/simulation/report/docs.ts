import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatNumber } from '../../../src/cli/ui/format.ts'
import { type Summary, summarize } from '../measure/summary.ts'
import { warm } from '../options.ts'
import type { Scenario } from '../scenario.ts'
import { SCENARIOS } from '../scenarios.ts'
import type { Simulation } from '../simulate.ts'
import { scenarioChart } from './scenario-chart.ts'
import { rate, summaryTable } from './text.ts'

/** Scenarios whose chart is on the page. */
const SHOWN = new Set(['deploy storm', 'one hot user', 'one hot session'])

/** The same scenarios with one setting changed, which shows what the setting does. */
const VARIANTS: readonly [name: string, of: string, change: (scenario: Scenario) => Partial<Scenario>][] = [
  [
    'deploy storm, sessions kept',
    'deploy storm',
    ({ events }) => ({ events: events.map((event) => ({ ...event, signOut: false })) }),
  ],
  ['deploy storm, warm throughput', 'deploy storm', () => ({ billing: warm(40_000, 20_000) })],
  [
    'sign out everywhere, `cache.ttl` 60',
    'sign out everywhere',
    ({ setup }) => ({ setup: { ...setup, cacheTtl: 60 } }),
  ],
  ['billion sessions, quota not raised', 'billion sessions', () => ({ billing: 'on-demand' })],
  ['one hot user, not bound', 'one hot user', ({ workload }) => ({ workload: { ...workload, bound: 0 } })],
  ['one hot session, 4 instances', 'one hot session', ({ setup }) => ({ setup: { ...setup, instances: 4 } })],
]

/** Runs all scenarios, and writes the charts and the tables of docs/simulation.md. */
export function writeDocs(root: string, run: (scenario: Scenario) => Simulation): void {
  const results = SCENARIOS.map((scenario) => {
    const simulation = run(scenario)
    if (SHOWN.has(scenario.name)) {
      const file = `simulation-${scenario.name.replaceAll(' ', '-')}.svg`
      writeFileSync(join(root, 'docs/images', file), scenarioChart(simulation))
    }
    return summarize(simulation)
  })
  const variants = VARIANTS.map(([name, of, change]) => {
    const scenario = SCENARIOS.find((each) => each.name === of)!
    return { ...summarize(run({ ...scenario, ...change(scenario) })), name }
  })
  const file = join(root, 'docs/simulation.md')
  const all = [...results, ...variants]
  const page = replacePart(readFileSync(file, 'utf8'), 'results', summaryTable(all))
  writeFileSync(file, replacePart(page, 'ends', endTable(all)))
}

/** Returns a table of the limits: throttled requests, the load that fails, and the time until a destroyed session is refused. */
function endTable(summaries: readonly Summary[]): string {
  const rows = summaries.map(({ name, peak, throttled, staleness, endsAt }) => [
    name,
    `${rate(peak.read)}, ${rate(peak.write)}`,
    formatNumber(throttled.table),
    formatNumber(throttled.partition),
    endsAt === undefined ? '–' : `${formatNumber(endsAt)} a second`,
    staleness.sessions === 0
      ? '–'
      : `${formatNumber(staleness.p99 / 1000, 2)} s, ${formatNumber(staleness.max / 1000, 2)} s`,
  ])
  const header = [
    'scenario',
    'peak read, write units a second',
    'throttled by the table',
    'by a partition',
    '1% fail from',
    'revoked: p99, maximum',
  ]
  return [header, header.map((_, at) => (at === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function replacePart(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const [before, rest = ''] = page.split(begin)
  return `${before}${begin}\n\n${text}\n\n${end}${rest.split(end)[1] ?? ''}`
}

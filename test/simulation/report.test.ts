import { describe, expect, it } from 'vitest'
import { Flags } from '../../src/cli/ui/flags.ts'
import { UsageError } from '../../src/cli/ui/usage-error.ts'
import { summarize } from './measure/summary.ts'
import { FLAGS, scenariosOf } from './options.ts'
import { chart, niceMaximum } from './report/chart.ts'
import { scenarioChart } from './report/scenario-chart.ts'
import { summaryText } from './report/text.ts'
import { SCENARIOS, scenarioOf } from './scenarios.ts'
import { simulate } from './simulate.ts'

const read = (...args: string[]): ReturnType<typeof scenariosOf> => scenariosOf(new Flags(args, FLAGS))

describe('the options of the simulation', () => {
  it('select a scenario and change its settings', () => {
    const [changed] = read('--scenario', 'deploy storm', '--instances', '8', '--writes', '20', '--hours', '2')
    const [usual] = read('--scenario', 'deploy storm')
    expect(changed).toEqual({
      ...usual,
      workload: { ...usual!.workload, writes: 0.2 },
      setup: { ...usual!.setup, instances: 8 },
      duration: 7200,
    })
    expect(read()[0]!.name).toBe('small shop')
    expect(read('--scenario', 'all')).toEqual(SCENARIOS)
    expect(read('--read-capacity', '5', '--write-capacity', '2')[0]!.billing).toEqual({
      mode: 'provisioned',
      read: 5,
      write: 2,
    })
  })

  it.each([
    [['--scenario', 'deploy strom'], /did you mean 'deploy storm'/],
    [['--scenario', 'x'], /the scenarios are small shop, /],
    [['--writes', '101'], /at most 100/],
    [['--read-capacity', '5'], /must be given together/],
    [['--instance', '5'], /did you mean `--instances`/],
  ])('%j is refused', (args, message) => {
    expect(() => read(...args)).toThrow(UsageError)
    expect(() => read(...args)).toThrow(message)
  })
})

describe('the results', () => {
  const simulation = simulate(
    scenarioOf({
      name: 'a < b',
      workload: { users: 50, requestsPerMinute: 6 },
      duration: 120,
      billing: { mode: 'provisioned', read: 20, write: 20 },
      hot: { what: 'user', from: 1, to: 50 },
    }),
  )

  it('have the load from which on 1% of the requests fail, and every cause of throttling', () => {
    const summary = summarize(simulation)
    expect(summary.endsAt).toBeGreaterThan(1)
    expect(summary.endsAt).toBeLessThan(50)
    expect(summary.throttled.table).toBeGreaterThan(0)
    const text = summaryText(summary, 100)
    expect(text).toContain('by the whole table')
    expect(text).toMatch(/1% fail from \d+ a second on/)
  })

  it('are drawn as well-formed SVG in light and dark colors', () => {
    const svg = scenarioChart(simulation)
    expect(svg).toContain('A &lt; b')
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).toContain('answered with 503')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
    const tags = [...svg.replaceAll(/<[^>]+\/>/g, '').matchAll(/<(\/?)(\w+)/g)]
    const open: string[] = []
    for (const [, closing, name] of tags) {
      if (closing) expect(open.pop()).toBe(name)
      else open.push(name!)
    }
    expect(open).toEqual([])
  })

  it('have an axis that ends at a round number, and lines within it', () => {
    expect([0, 0.7, 1, 1.1, 2.3, 7, 99, 101].map((value) => niceMaximum(value))).toEqual([
      1, 1, 1, 2, 2.5, 10, 100, 200,
    ])
    const svg = chart('title', 'description', '1 h', [
      { title: 'panel', series: [{ name: 'line', color: 0, values: [0, 50, 100] }], format: String },
    ])
    expect(svg).toContain('points="70.0,218.0 385.0,143.0 700.0,68.0"')
  })
})

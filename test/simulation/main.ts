import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Flags } from '../../src/cli/ui/flags.ts'
import { layout } from '../../src/cli/ui/layout.ts'
import { UsageError } from '../../src/cli/ui/usage-error.ts'
import { summarize } from './measure/summary.ts'
import { FLAGS, scenariosOf } from './options.ts'
import { writeDocs } from './report/docs.ts'
import { scenarioChart } from './report/scenario-chart.ts'
import { summaryText } from './report/text.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { type Simulation, simulate } from './simulate.ts'

/** Runs the command line. @param root - folder of the repository. @returns the exit code */
export function main(args: string[], root: string): number {
  try {
    const flags = new Flags(args, FLAGS)
    if (flags.on('help')) console.log(layout(helpOf(), width()))
    else if (flags.on('list'))
      console.log(
        layout(
          SCENARIOS.map(({ name, about }) => [name, about]),
          width(),
        ),
      )
    else if (flags.on('docs')) writeDocs(root, runWithProgress)
    else run(flags, root)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(error.message)
    return 2
  }
}

function run(flags: Flags, root: string): void {
  const folder = flags.text('out') ?? join(root, 'test/.output/simulation')
  const seed = flags.count('seed', 0) ?? 1
  mkdirSync(folder, { recursive: true })
  const summaries = scenariosOf(flags).map((scenario) => {
    const simulation = runWithProgress(scenario, seed)
    const summary = summarize(simulation)
    const file = join(folder, `${slugOf(scenario)}.svg`)
    writeFileSync(file, scenarioChart(simulation))
    if (!flags.on('json')) console.log(`${summaryText(summary, width())}\n\nChart: ${file}\n`)
    return summary
  })
  if (flags.on('json')) console.log(JSON.stringify(summaries, null, 2))
}

/** Runs a simulation and shows how far it is, on standard error. */
function runWithProgress(scenario: Scenario, seed = 1): Simulation {
  const { stderr } = process
  const began = performance.now()
  const simulation = simulate(scenario, {
    seed,
    onProgress: (done) => {
      const percent = Math.round(done * 100)
      if (stderr.isTTY) stderr.write(`\r${scenario.name}: ${percent}%\u001B[K`)
      else if (percent % 25 === 0) stderr.write(`${scenario.name}: ${percent}%\n`)
    },
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  stderr.write(
    `${stderr.isTTY ? '\r\u001B[K' : ''}${scenario.name}: ${simulation.events} events in ${seconds} s\n`,
  )
  return simulation
}

function slugOf({ name }: Scenario): string {
  return name.replaceAll(' ', '-')
}

function helpOf(): [string, string][] {
  return Object.entries(FLAGS).map(([name, { valueHint, description }]) => [
    `--${name}${valueHint ? ` <${valueHint}>` : ''}`,
    description,
  ])
}

function width(): number {
  return Math.min(process.stdout.columns ?? 100, 100)
}

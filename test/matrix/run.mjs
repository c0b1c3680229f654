// Runs the rows of the platform matrix, for `npm run matrix`. Prints their tables.
//
//   npm run matrix                      all rows
//   npm run matrix -- Nitro             rows with this text in their title
//   npm run matrix -- Nitro --write     also writes the results into docs/platforms.md. Rows that were not run keep their last result
//   npm run matrix -- --write-only      writes the results of earlier runs, and runs nothing
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tableOf, withResults } from './table.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache/unsession-matrix.jsonl')
const page = join(root, 'docs/platforms.md')
const isWriting = process.argv.some((argument) => argument.startsWith('--write'))
const filter = process.argv.slice(2).find((argument) => !argument.startsWith('--write'))

mkdirSync(dirname(cache), { recursive: true })
if (!process.argv.includes('--write-only')) process.exitCode = run()
const { rows, results } = readCache()
console.log(`\n${tableOf(rows, results)}`)
if (isWriting) writeFileSync(page, withResults(readFileSync(page, 'utf8'), rows, results))

/** Runs the rows with the text. Each writes its result into the cache, so that a run that is stopped loses none. */
function run() {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const options = ['--config', 'test/vitest.config.ts', '--maxWorkers=1', '--reporter=verbose']
  const chosen = filter === undefined ? [] : ['-t', filter.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')]
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', ...options, 'test/matrix/matrix.test.ts', ...chosen],
    { cwd: root, env: { ...process.env, UNSESSION_MATRIX: cache }, stdio: 'inherit' },
  )
  return status ?? 1
}

/** Returns the rows of the last run, in order, and the results of all runs. */
function readCache() {
  const lines = existsSync(cache) ? readFileSync(cache, 'utf8').split('\n').filter(Boolean) : []
  const entries = lines.map((line) => JSON.parse(line))
  return {
    rows: entries.findLast(({ rows }) => rows !== undefined)?.rows ?? [],
    results: entries.filter(({ result }) => result !== undefined),
  }
}

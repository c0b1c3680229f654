// The rows of the platform matrix, for `npm run matrix`. Prints a Markdown table.
//
//   npm run matrix                      all rows
//   npm run matrix -- Nitro             rows with this text; results of earlier runs are kept
//   npm run matrix -- --write           writes the table into docs/platforms.md
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const results = join(root, 'node_modules/.cache/unsession-matrix.jsonl')
const page = join(root, 'docs/platforms.md')
const isWriting = process.argv.includes('--write')
const filter = process.argv.slice(2).find((argument) => argument !== '--write')

mkdirSync(dirname(results), { recursive: true })
if (filter === undefined) rmSync(results, { force: true })
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const options = ['--config', 'test/vitest.config.ts', '--maxWorkers=1', '--reporter=verbose']
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', ...options, 'test/matrix/matrix.test.ts', ...(filter === undefined ? [] : ['-t', filter])],
  { cwd: root, env: { ...process.env, UNSESSION_MATRIX: results }, stdio: 'inherit' },
)
const table = tableOf(readResults())
console.log(`\n${table}`)
if (isWriting) writePage(table)
process.exitCode = status ?? 1

/** Returns the last result of each row, in the order in which rows first had one. */
function readResults() {
  const lines = existsSync(results) ? readFileSync(results, 'utf8').trim().split('\n') : []
  const rows = new Map()
  for (const line of lines.filter(Boolean)) {
    const row = JSON.parse(line)
    rows.set(`${row.group}: ${row.name}`, row)
  }
  return [...rows.values()]
}

function tableOf(rows) {
  return groupsOf(rows)
    .map(([group, rows]) => {
      const lines = rows.map(({ name, result, isRefused }) => {
        const text = result.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')
        return `| ${name} | ${isRefused ? `not supported: ${text}` : text} |`
      })
      return [`### ${group}`, '', '| | |', '|---|---|', ...lines].join('\n')
    })
    .join('\n\n')
}

/** Replaces the part of the page after its marker. */
function writePage(table) {
  const marker = '<!-- Written by `npm run matrix -- --write`. -->'
  const [start] = readFileSync(page, 'utf8').split(marker)
  writeFileSync(page, `${start}${marker}\n\n${table}\n`)
}

function groupsOf(rows) {
  const groups = [...new Set(rows.map(({ group }) => group))]
  return groups.map((each) => [each, rows.filter(({ group }) => group === each)])
}

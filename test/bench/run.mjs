// Measures this package and its reference (plain use of the AWS SDK, or another store) in one run, and prints ratios.
//
//   npm run bench                      all groups
//   npm run bench -- readers imports   the given groups; each file *.bench.mjs in this folder is a group
//   npm run bench -- --json            rows as JSON
//   npm run bench -- --dist <folder>   a build in another folder
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensureBuilt, entriesOf } from './support/build.mjs'
import { formatRows } from './support/table.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, dist: { type: 'string' } },
})
const groups = selectGroups(positionals)
const entries = entriesOf(values.dist ?? ensureBuilt())

const rows = []
for (const group of groups) {
  const { measure } = await import(`./${group}.bench.mjs`)
  try {
    for await (const row of measure(entries)) {
      rows.push({ group, ...row })
      console.error(`${group}: ${row.name}: ${row.ratio.toFixed(2)}x`)
    }
  } catch (error) {
    console.error(`${group}: not measured:`, error)
    process.exitCode = 1
  }
}
console.log(values.json ? JSON.stringify(rows, null, 2) : `\n${formatRows(rows)}`)

function selectGroups(names) {
  const all = readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.bench.mjs'))
    .map((file) => file.slice(0, -'.bench.mjs'.length))
    .toSorted()
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length === 0) return names.length > 0 ? names : all
  console.error(`unknown: ${unknown.join(', ')}; there is ${all.join(', ')}`)
  process.exit(1)
}

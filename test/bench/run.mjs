// Measures this package and its references (plain use of the AWS SDK, other packages) in one run, and prints ratios.
//
//   npm run bench                      all groups
//   npm run bench -- readers imports   the given groups; each file *.bench.mjs in this folder is a group
//   npm run bench -- --quick           some groups with fewer rounds, in about two minutes
//   npm run bench -- --page            the groups of docs/performance.md, and writes its tables and charts
//   npm run bench -- --json            rows as JSON
//   npm run bench -- --dist <folder>   a build in another folder
import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ensureBuilt, entriesOf } from './support/build.mjs'
import { PAGE_GROUPS, writePage } from './page/page.mjs'
import { formatRows } from './support/table.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    dist: { type: 'string' },
  },
})
/** The groups of a quick run: what a request and a start cost. */
const QUICK = ['imports', 'neighbours', 'peers', 'session', 'size', 'transport']

if (values.quick && values.page) {
  console.error('--page needs all rounds: leave out --quick')
  process.exit(1)
}
// Read by support/quick.mjs, also in child processes.
if (values.quick) process.env.BENCH_QUICK = '1'
process.env.NODE_NO_WARNINGS = '1'
const groups = selectGroups(positionals)
const entries = entriesOf(values.dist ?? ensureBuilt())

const rows = []
for (const group of groups) {
  const { measure } = await import(`./${group}.bench.mjs`)
  const begin = performance.now()
  try {
    for await (const row of measure(entries)) {
      rows.push({ group, ...row })
      console.error(`${group}: ${row.name}: ${row.ratio.toFixed(2)}x`)
    }
  } catch (error) {
    console.error(`${group}: not measured:`, error)
    process.exitCode = 1
  }
  console.error(`${group}: ${((performance.now() - begin) / 1000).toFixed(0)} s`)
}
console.log(values.json ? JSON.stringify(rows, null, 2) : `\n${formatRows(rows)}`)
if (values.page) writePage(rows)

function selectGroups(names) {
  const all = readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.bench.mjs'))
    .map((file) => file.slice(0, -'.bench.mjs'.length))
    .toSorted()
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there is ${all.join(', ')}`)
    process.exit(1)
  }
  if (names.length > 0) return names
  if (values.page) return PAGE_GROUPS
  return values.quick ? QUICK : all
}

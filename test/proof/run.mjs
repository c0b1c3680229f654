// Runs the long tests and the benches of docs/proof.md, for `npm run proof`, and writes the figures into that page.
//
//   npm run proof              all claims, at most 30 minutes
//   npm run proof -- Model     claims with this text in their name; the other rows of the page stay
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resultsOf } from '../matrix/table.mjs'
import { CLAIMS } from './claims.mjs'

const LIMIT_MS = 30 * 60_000
const START = '<!-- Written by `npm run proof`. -->'
const END = '<!-- End of the figures. -->'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = join(root, 'docs/proof.md')
const scratch = mkdtempSync(join(tmpdir(), 'unsession-proof-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const [filter = ''] = process.argv.slice(2)
const chosen = CLAIMS.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
if (chosen.length === 0) {
  console.error(`no claim has "${filter}" in its name: ${CLAIMS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}
const deadline = performance.now() + LIMIT_MS
for (const claim of chosen) {
  console.log(`\n${claim.name}: ${claim.claim}`)
  const result = await prove(claim)
  console.log(result.text)
  if (!result.isShown) process.exitCode = 1
  writeRow(claim, result.text)
}

/** Runs a claim's tests or benches until the time limit of the whole run. */
async function prove({ tests, bench, page, env }) {
  if (page) return countRows(page)
  const began = performance.now()
  if (deadline <= began) return { isShown: false, text: 'not run: the time limit was reached' }
  const outcome = await (tests ? runTests(tests, env) : bench ? runBench(bench) : runScript(script))
  const seconds = Math.round((performance.now() - began) / 1000)
  const date = new Date().toISOString().slice(0, 10)
  const when = `${seconds} s, ${date}`
  if (performance.now() >= deadline) return { isShown: false, text: `stopped at the time limit; ${when}` }
  return { isShown: outcome.isShown, text: `${outcome.text}; ${when}` }
}

async function runTests(files, env) {
  const report = join(scratch, `${Date.now()}.json`)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await run([vitest, 'run', '--config', 'test/vitest.config.ts', ...reporters, ...files], {
    UNSESSION_TEST: 'all',
    ...env,
  })
  const { numPassedTests = 0, numFailedTests = 0 } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : {}
  return {
    isShown: code === 0 && numPassedTests > 0,
    text: `${numPassedTests} tests passed, ${code === 0 ? 0 : Math.max(1, numFailedTests)} failed`,
  }
}

async function runBench(groups) {
  let printed = ''
  const code = await run(
    [join(root, 'test/bench/run.mjs'), ...groups, '--json'],
    {},
    (text) => (printed += text),
  )
  const at = printed.indexOf('[\n')
  const rows = at === -1 ? [] : JSON.parse(printed.slice(at)).filter(({ bar }) => bar !== '')
  const figures = rows.map(({ ours, unit, ratio, bar, met }) => {
    return `${round(ours)} ${unit}, ratio ${round(ratio)} (bar: ${bar}, ${met ? 'met' : 'missed'})`
  })
  return { isShown: code === 0 && rows.length > 0, text: figures.join('; ') || `exit code ${code}` }
}

/** Counts the results of the platform matrix in a page, which another script has written. */
function countRows(page) {
  const results = resultsOf(readFileSync(join(root, page), 'utf8')).map(({ result }) => result)
  const count = (word) => results.filter((result) => result.startsWith(word)).length
  const refused = count('not supported')
  const text = `${count('works')} of ${results.length} rows work; ${refused} are not supported, with the reason`
  return { isShown: results.length > 0, text }
}

function round(number) {
  return Number(number.toPrecision(3))
}

/** Runs a script of Node.js, and ends its process group at the time limit. Returns its exit code. */
function run(args, env = {}, onText) {
  return new Promise((resolve) => {
    const stdio = ['ignore', onText ? 'pipe' : 'inherit', 'inherit']
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio,
      detached: true,
    })
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), deadline - performance.now())
    child.stdout?.setEncoding('utf8').on('data', onText)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(code)
    })
  })
}

/** Replaces the row of a claim in the page, in the order of the claims. */
function writeRow({ name }, text) {
  const content = readFileSync(page, 'utf8')
  const [before, rest] = content.split(START)
  const [table, after] = rest.split(END)
  const rows = new Map(
    Array.from(table.matchAll(/^\| ([^|]+) \| .+ \| .+ \| ([^|]+) \|$/gm), ([, row, figures]) => [
      row,
      figures,
    ]),
  )
  rows.set(name, text.replaceAll('|', '/'))
  writeFileSync(page, `${before}${START}\n\n${tableOf(rows)}\n\n${END}${after}`)
}

function tableOf(rows) {
  const lines = CLAIMS.map(({ name, claim, tests, bench, script }) => {
    const shown = [...(tests ?? []), ...(bench ?? []).map((group) => `test/bench/${group}.bench.mjs`), script]
    const files = shown.filter(Boolean).map((file) => `\`${file}\``)
    return `| ${name} | ${claim} | ${files.join(', ')} | ${rows.get(name) ?? 'not run yet'} |`
  })
  return ['| | claim | shown by | last run |', '|---|---|---|---|', ...lines].join('\n')
}

// What `npm test` runs: installs what is missing, then lints, checks types, builds and runs the tests.
// Arguments go to vitest and leave the other steps out: `npm test -- test/driver`.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'unsession-test-'))
const report = join(scratch, 'report.json')
const leftOutFile = join(scratch, 'left-out.jsonl')
const vitestArguments = process.argv.slice(2)
const failedSteps = []
let child

process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.on(signal, () => {
    child?.kill('SIGTERM')
    process.exit(code)
  })
}

if (!isInstalled() && (await run('npm', ['ci'])) !== 0) {
  finish({ passed: 0, failed: 1 })
} else {
  if (vitestArguments.length === 0) {
    for (const step of ['lint', 'typecheck', 'build']) {
      if ((await run('npm', ['run', step])) !== 0) failedSteps.push(step)
    }
  }
  finish(await runVitest())
}

async function runVitest() {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const options = ['--config', 'test/vitest.config.ts', '--reporter=default', '--reporter=json']
  const code = await run(
    process.execPath,
    [vitest, 'run', ...options, `--outputFile.json=${report}`, ...vitestArguments],
    { ...process.env, UNSESSION_LEFT_OUT: leftOutFile },
  )
  const { numPassedTests = 0, testResults = [] } = existsSync(report) ? readJson(report) : {}
  const failedTests = testResults.flatMap(({ status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    return failed.length === 0 && status === 'failed' ? [status] : failed
  })
  // An unhandled rejection, a failing set-up or no test at all fails the run without failing a test.
  return { passed: numPassedTests, failed: failedTests.length || (code === 0 ? 0 : 1) }
}

function finish({ passed, failed }) {
  const leftOut = readLeftOut()
  for (const { suite, why, install } of leftOut) {
    console.log(`Left out: ${suite} (${why}). To run it: ${install}`)
  }
  for (const step of failedSteps) console.log(`Failed: npm run ${step}`)
  const allFailed = failed + failedSteps.length + (isStrict() ? leftOut.length : 0)
  console.log(`${passed} passed, ${allFailed} failed`)
  process.exitCode = allFailed === 0 ? 0 : 1
}

/** Under CI=true a suite that is left out is a failure. */
function isStrict() {
  return process.env.CI === 'true'
}

/** The suites left out, each once, however many test files said so. */
function readLeftOut() {
  if (!existsSync(leftOutFile)) return []
  const lines = readFileSync(leftOutFile, 'utf8').trim().split('\n')
  return [...new Set(lines)].map((line) => JSON.parse(line))
}

/** Whether node_modules holds every package the lockfile names, in its version; optional ones may be absent. */
function isInstalled() {
  const installed = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  const have = readJson(installed).packages
  return Object.entries(readJson(join(root, 'package-lock.json')).packages).every(
    ([path, { version, optional }]) =>
      path === '' || (have[path] ? have[path].version === version : optional === true),
  )
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Run a command to its end with this terminal; returns its exit code. */
function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    child = spawn(command, args, {
      cwd: root,
      env,
      stdio: 'inherit',
      shell: command === 'npm' && isWindows(),
    })
    child.on('error', (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

function isWindows() {
  return process.platform === 'win32'
}

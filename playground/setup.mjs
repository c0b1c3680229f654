import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Install and build what is missing or out of date.
 *
 * @param {AbortSignal} signal stops it
 */
export async function prepare(signal) {
  // `--include=dev`: under NODE_ENV=production npm would leave out the tools that build the package.
  if (!isInstalled()) await step('Installing packages, about a minute', ['ci', '--include=dev'], signal)
  if (!signal.aborted && !isBuilt()) await step('Building unsession', ['run', 'build'], signal)
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
function isBuilt() {
  const targets = Object.values(readJson(join(ROOT, 'package.json')).exports)
  const entries = targets.filter((target) => target.default).map((target) => join(ROOT, target.default))
  if (!entries.every((file) => existsSync(file))) return false
  const sources = ['src', 'drivers'].flatMap((folder) => filesIn(join(ROOT, folder)))
  const changedAt = (/** @type {string} */ file) => statSync(file).mtimeMs
  return Math.min(...entries.map(changedAt)) >= Math.max(...sources.map(changedAt))
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

/**
 * Run npm, in silence unless it fails.
 *
 * @param {string} title
 * @param {string[]} args
 * @param {AbortSignal} signal
 */
async function step(title, args, signal) {
  process.stdout.write(`  ${title} (npm ${args.join(' ')}) …`)
  const began = performance.now()
  const { code, output } = await npm(args, signal)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(signal.aborted ? ' stopped\n' : ` ${seconds} s\n`)
  if (code !== 0 && !signal.aborted) throw new Error(`npm ${args.join(' ')} failed:\n\n${output.trim()}`)
}

/**
 * @param {string[]} args
 * @param {AbortSignal} signal
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function npm(args, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd: ROOT, shell: process.platform === 'win32' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    }
    signal.addEventListener('abort', () => child.kill(), { once: true })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

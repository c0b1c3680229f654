import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Build the package unless its build is newer than its sources. @returns the folder of the build */
export function ensureBuilt() {
  const dist = join(ROOT, 'dist')
  if (
    !existsSync(dist) ||
    newestIn(dist) < Math.max(...['src', 'drivers'].map((dir) => newestIn(join(ROOT, dir))))
  ) {
    const { status } = spawnSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2], shell: true })
    if (status !== 0) process.exit(1)
  }
  return dist
}

/** URLs of the built entries, by the name they are exported under: `h3`, `drivers/dynamodb` … */
export function entriesOf(dist) {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const entries = {}
  for (const [name, { default: file }] of Object.entries(exports)) {
    if (file !== undefined)
      entries[name.slice(2)] = pathToFileURL(join(dist, file.slice('./dist/'.length))).href
  }
  return entries
}

function newestIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs))
}

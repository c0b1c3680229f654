import { createHash } from 'node:crypto'
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, run } from './pack.ts'

/** Where tools are kept between runs. */
const CACHE = join(ROOT, 'node_modules/.cache/unsession-tools')

/**
 * Installs npm packages that only tests use and that are too large, or for too few systems, to be dependencies: runtimes, package
 * managers, bundlers. They are kept for later runs.
 *
 * @param packages - names with exact versions
 * @returns their `node_modules`
 */
export async function installTools(packages: string[]): Promise<string> {
  const name = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)
  const folder = join(CACHE, name)
  const modules = join(folder, 'node_modules')
  if (await exists(modules)) return modules
  const part = `${folder}.${process.pid}`
  await mkdir(part, { recursive: true })
  await writeFile(join(part, 'package.json'), '{ "private": true }')
  await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', ...packages],
    {
      cwd: part,
    },
  )
  // Another process may have installed the same tools in the meantime.
  await rename(part, folder).catch(() => rm(part, { recursive: true, force: true }))
  return modules
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

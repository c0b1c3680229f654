import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environment } from '../nitro/project.ts'
import { type Packed, run } from '../support/pack.ts'
import type { Row } from './rows.ts'

/** An app into whose tree npm adds the package. It must leave every other package where it is. */
export interface TreeRow {
  kind: 'tree'
  /** The packages of the app before. */
  packages: string[]
}

const APPS: Record<string, string[]> = {
  'Nitro 2': ['nitropack@2.13.6', 'h3@^1.15.0'],
  'Nitro 3.0.0': ['nitro@3.0.0'],
  'Nitro 3 beta': ['nitro@3.0.260903-beta'],
  'Nuxt 4': ['nuxt@4.4.8'],
}

export const TREES: Row[] = Object.entries(APPS).map(([name, packages]) => ({
  group: 'The tree of an app',
  name: `\`npm i unsession\` in an app of ${name} moves no other package`,
  kind: 'tree',
  packages,
}))

/**
 * A package without dependencies. npm removes unused optional packages of a tree at the second installation, whatever is installed,
 * so the tree is compared with the one after this package.
 */
const CONTROL = 'ms@2.1.3'

/** Installs the package in an app. @throws an error with the packages that npm has moved, removed or replaced */
export async function checkTree({ packages }: TreeRow, packed: Packed): Promise<void> {
  const project = join(packed.folder, `tree-${packages[0]?.replaceAll(/\W/g, '-')}`)
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  const tarball = (await readdir(packed.folder)).find((name) => name.endsWith('.tgz')) ?? ''

  await treeAfter(project, packages)
  const before = await treeAfter(project, [CONTROL])
  const after = await treeAfter(project, [join(packed.folder, tarball)])
  const moved = Object.entries(before).filter(([path, version]) => after[path] !== version)
  if (after['node_modules/unsession'] === undefined) throw new Error('the package is not installed')
  if (moved.length > 0) {
    throw new Error(
      moved.map(([path, version]) => `${path}: ${version} → ${after[path] ?? 'gone'}`).join('\n'),
    )
  }
}

/** Lets npm decide where packages go, without downloading them. @returns path → version */
async function treeAfter(project: string, packages: string[]): Promise<Record<string, string>> {
  const options = ['--package-lock-only', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...options, ...packages], { cwd: project, env: environment() })
  const lock = JSON.parse(await readFile(join(project, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>
  }
  return Object.fromEntries(
    Object.entries(lock.packages).flatMap(([path, { version }]) =>
      path && version ? [[path, version]] : [],
    ),
  )
}

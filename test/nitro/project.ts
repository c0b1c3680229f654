import { cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Packed, ROOT, run } from '../support/pack.ts'

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url))

/** A release of Nitro to build with. */
export interface Release {
  name: string
  /** Its package. */
  tool: 'nitropack' | 'nitro'
  /** Folder of fixtures that only it has. */
  folder: string
  companions: Record<string, string>
}

export const RELEASES: Release[] = [
  {
    name: 'Nitro 2',
    tool: 'nitropack',
    folder: 'nitro-2',
    companions: { unstorage: 'unstorage', h3: 'h3v1' },
  },
  { name: 'Nitro 3', tool: 'nitro', folder: 'nitro-3', companions: { unstorage: 'unstorage2', h3: 'h3' } },
]

/** The test app as a project of its own, with the package installed. @returns its folder */
export async function createProject(packed: Packed, release: Release, name: string): Promise<string> {
  const own = await filesIn(release.folder)
  const { 'nitro.config.mjs': config = '', ...server } = { ...(await filesIn('app')), ...own }
  const files = Object.fromEntries(Object.entries(server).map(([path, text]) => [`server/${path}`, text]))
  const all = { ...files, 'nitro.config.mjs': config }
  const project = await packed.project(name, release.companions, all, release.tool)
  // Inside of the project, as installed: paths between its folders and the server's are wrong more easily than those through `/`.
  const unstorage = join(project, 'node_modules/unstorage')
  await rm(unstorage)
  await cp(join(ROOT, 'node_modules', release.companions['unstorage'] ?? ''), unstorage, { recursive: true })
  await cp(join(FIXTURES, 'packages'), join(project, 'node_modules'), { recursive: true })
  return project
}

/** Build a project. @returns all that was printed */
export async function build(project: string, { tool }: Release): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [cli(tool), 'build'], {
    cwd: project,
    env: environment(),
  })
  return stdout + stderr
}

/** The command line of a release, in a project. */
export function cli(tool: Release['tool']): string {
  return `node_modules/${tool}/dist/cli/index.mjs`
}

/** This process's environment, without what a test runner or a developer's machine says about sessions. */
export function environment(own: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_ENV|TEST|VITEST.*|NITRO_.*|NUXT_.*|AWS_ENDPOINT_URL.*)$/.test(name),
  )
  return { ...Object.fromEntries(kept), NODE_NO_WARNINGS: '1', ...own }
}

/** Make a project one that lacks a package. */
export function uninstall(project: string, name: string): Promise<void> {
  return rm(join(project, 'node_modules', name))
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const root = join(FIXTURES, folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return Object.fromEntries(files.map((file, index) => [file.slice(root.length + 1), texts[index] ?? '']))
}

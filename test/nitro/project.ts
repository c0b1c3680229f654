import { access, cp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inExtent } from '../support/extent.ts'
import { type Packed, ROOT, run } from '../support/pack.ts'

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url))

/** A release of Nitro to build with. */
export interface Release {
  name: string
  /** Name of its package. */
  tool: 'nitropack' | 'nitro'
  /** The package's name in this repository. Default: `tool`. */
  from?: string
  /** Folder of its own fixtures. */
  folder: string
  /** Packages in this repository to install with it, unless it has its own copy. */
  companions: { unstorage: string; h3: string }
}

const BESIDE_2 = { unstorage: 'unstorage', h3: 'h3v1' }
const BESIDE_3 = { unstorage: 'unstorage2', h3: 'h3' }

const NITRO_2: Release = { name: 'Nitro 2', tool: 'nitropack', folder: 'nitro-2', companions: BESIDE_2 }
const NITRO_3: Release = { name: 'Nitro 3', tool: 'nitro', folder: 'nitro-3', companions: BESIDE_3 }

/** The releases that differ in caching, in sending responses or in passing events. */
export const ALL_RELEASES: Release[] = [
  { ...NITRO_2, name: 'nitropack 2.13.5', from: 'nitropack-2.13.5' },
  { ...NITRO_2, name: 'nitropack 2.13.6' },
  { ...NITRO_3, name: 'nitro 3.0.0' },
  { ...NITRO_3, name: 'nitro beta', from: 'nitro-beta', folder: 'nitro-3-beta' },
]

/** One stable release of each major. */
export const RELEASES: Release[] = [NITRO_2, NITRO_3]

/** Whether a release is one of the newest of each major. The builds of Nitro 3's beta take a quarter of the time of 3.0.0's. */
const isNewest = ({ name }: Release): boolean => ['nitropack 2.13.6', 'nitro beta'].includes(name)

/** All releases in a whole run, otherwise the newest of each major. */
export const RELEASES_IN_EXTENT: Release[] = inExtent(ALL_RELEASES, isNewest)

/** The others in a run that is not whole. A few tests of each kind suffice for them. */
export const SAMPLED_RELEASES: Release[] = ALL_RELEASES.filter((each) => !RELEASES_IN_EXTENT.includes(each))

/** The platform of a build. */
export interface Preset {
  name: 'node-server' | 'aws-lambda' | 'aws-lambda, streaming'
  /** Variables for the build command. */
  env: Record<string, string>
}

export const NODE_SERVER: Preset = { name: 'node-server', env: {} }
export const LAMBDA: Preset = { name: 'aws-lambda', env: { NITRO_PRESET: 'aws-lambda' } }
export const LAMBDA_STREAMING: Preset = {
  name: 'aws-lambda, streaming',
  env: { NITRO_PRESET: 'aws-lambda', LAMBDA_STREAMING: '1' },
}

/**
 * Creates a project with the test app and the installed package.
 *
 * @param extra - folder of fixtures to add to the app; its configuration can import the release's as `release.config.mjs`
 * @returns the folder of the project
 */
export async function createProject(
  packed: Packed,
  release: Release,
  name: string,
  extra?: string,
): Promise<string> {
  const { folder } = release
  const added = extra === undefined ? {} : await filesIn(extra)
  const { 'nitro.config.mjs': base = '', ...own } = await filesIn(folder)
  const { 'nitro.config.mjs': config = base, ...server } = { ...(await filesIn('app')), ...own, ...added }
  const files = Object.fromEntries(Object.entries(server).map(([path, text]) => [`server/${path}`, text]))
  const all = { ...files, 'nitro.config.mjs': config, 'release.config.mjs': base }
  const project = await createProjectOf(packed, release, name, all)
  await cp(join(FIXTURES, 'packages'), join(project, 'node_modules'), { recursive: true })
  return project
}

/** Creates a project from files, with the package and a release of Nitro installed. @returns the folder of the project */
export async function createProjectOf(
  packed: Packed,
  release: Release,
  name: string,
  files: Record<string, string>,
): Promise<string> {
  const { tool, from, companions } = release
  const project = await packed.project(name, companions, files, tool, from)
  const modules = join(project, 'node_modules')
  await rm(join(modules, 'h3'))
  await symlink(await besideOf(modules, release, 'h3'), join(modules, 'h3'))
  // Copied into the project, as npm installs it. A link would hide wrong relative paths between the project and the server.
  await rm(join(modules, 'unstorage'))
  await cp(await besideOf(modules, release, 'unstorage'), join(modules, 'unstorage'), { recursive: true })
  return project
}

/** Returns the folder of the release's own copy of a package, or of the companion. */
async function besideOf(
  modules: string,
  { tool, companions }: Release,
  name: 'h3' | 'unstorage',
): Promise<string> {
  const own = join(modules, tool, 'node_modules', name)
  const isThere = await access(own).then(
    () => true,
    () => false,
  )
  return isThere ? own : join(ROOT, 'node_modules', companions[name])
}

/** Builds a project. @returns the output of the build */
export async function build(
  project: string,
  { tool }: Release,
  preset: Preset = NODE_SERVER,
): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [cli(tool), 'build'], {
    cwd: project,
    env: environment(preset.env),
  })
  return stdout + stderr
}

/** Returns the path of a release's command line in a project. */
export function cli(tool: Release['tool']): string {
  return `node_modules/${tool}/dist/cli/index.mjs`
}

/** Returns this process's environment without variables of test runners, some of which Vite would build in, and without settings of sessions. */
export function environment(own: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:NODE_ENV|TEST|VITEST.*|MODE|DEV|PROD|SSR|BASE_URL|NITRO_.*|NUXT_.*|AWS_ENDPOINT_URL.*)$/.test(
        name,
      ),
  )
  return { ...Object.fromEntries(kept), NODE_NO_WARNINGS: '1', ...own }
}

/** Removes a package from a project. */
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

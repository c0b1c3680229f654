import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { oncePerRun } from './once-per-run.ts'

export const run: typeof execFile.__promisify__ = promisify(execFile)
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** Packages that the package needs or that apps install with it, except unstorage and h3, whose releases vary. */
const BESIDE = ['@aws-sdk', '@smithy', 'dynalite', 'consola', '@types', 'undici-types']

/** The built package as npm packs it, unpacked in a folder. */
export interface Packed {
  /** The folder. The package's files are in its `package/`. */
  folder: string
  /**
   * Creates a project with the package and the given releases of other packages installed.
   *
   * @param companions - name in the project → name in this repository's node_modules
   * @param files - path → text
   * @param tool - a package that imports from the project's node_modules. It is copied there, and all other packages of this
   * repository are linked for its dependencies
   * @param from - the tool's name in this repository's node_modules. Default: `tool`
   * @returns the folder of the project
   */
  project(
    name: string,
    companions: Record<string, string>,
    files: Record<string, string>,
    tool?: string,
    from?: string,
  ): Promise<string>
  remove(): Promise<void>
}

/**
 * Packs the package with the build in `dist/`, once for the whole run.
 *
 * @param into - an empty folder for the copy of the caller. Default: a new temporary one
 */
export async function pack(into?: string): Promise<Packed> {
  const packed = await oncePerRun('npm pack', packInto)
  const folder = into ?? (await realpath(await mkdtemp(join(tmpdir(), 'unsession-pack-'))))
  await cp(packed, folder, { recursive: true })
  return packedIn(folder)
}

async function packInto(folder: string): Promise<void> {
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await run('npm', ['pack', ...options], { cwd: ROOT })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await run('tar', ['xzf', filename], { cwd: folder })
}

function packedIn(folder: string): Packed {
  return {
    folder,
    async project(name, companions, files, tool, from = tool) {
      const project = join(folder, name)
      const modules = join(project, 'node_modules')
      await mkdir(modules, { recursive: true })
      await run('cp', ['-r', join(folder, 'package'), join(modules, 'unsession')])
      const beside = tool === undefined ? BESIDE : await readdir(join(ROOT, 'node_modules'))
      const links = { ...Object.fromEntries(beside.map((each) => [each, each])), ...companions }
      if (tool !== undefined && from !== undefined) {
        delete links[tool]
        await run('cp', ['-r', join(ROOT, 'node_modules', from), join(modules, tool)])
      }
      for (const [to, source] of Object.entries(links)) {
        await symlink(join(ROOT, 'node_modules', source), join(modules, to))
      }
      for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
        await mkdir(dirname(join(project, path)), { recursive: true })
        await writeFile(join(project, path), text)
      }
      return project
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { environment } from '../nitro/project.ts'
import { type Packed, run } from '../support/pack.ts'
import { installTools } from '../support/tools.ts'
import type { ManagerRow } from './rows.ts'

/** A project whose packages a package manager has installed. */
export interface Installed {
  project: string
  /** The command before the name of a program of the project's packages. */
  exec: [string, ...string[]]
}

/** Creates an empty folder with an app, and installs the packed package and others in it. */
export async function installIn(
  packed: Packed,
  manager: ManagerRow['manager'],
  name: string,
  packages: string[],
  files: Record<string, string>,
): Promise<Installed> {
  const project = join(packed.folder, name)
  const written = manager.startsWith('yarn') ? { ...files, ...(await yarnFiles(manager)) } : files
  for (const [path, text] of Object.entries(written)) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), text)
  }
  const tarball = (await readdir(packed.folder)).find((each) => each.endsWith('.tgz')) ?? ''
  const file = join(packed.folder, tarball)
  const { add, exec } = await commandsOf(manager, file)
  // As the documentation says: the SDK is optional, and pnpm and Yarn do not install unstorage by themselves.
  const peers = ['@aws-sdk/client-dynamodb', ...(manager === 'npm' ? [] : ['unstorage'])]
  const [program, ...args] = [...add, ...packages, ...peers] as [string, ...string[]]
  await run(program, args, { cwd: project, env: environment({ CI: '', npm_config_user_agent: '' }) })
  return { project, exec }
}

interface Commands {
  add: [string, ...string[]]
  exec: [string, ...string[]]
}

async function commandsOf(manager: ManagerRow['manager'], tarball: string): Promise<Commands> {
  const node = process.execPath
  if (manager === 'npm') {
    const quiet = ['--no-audit', '--no-fund', '--prefer-offline']
    return { add: ['npm', 'install', ...quiet, tarball], exec: ['npx', '--no-install'] }
  }
  if (manager === 'pnpm') {
    const pnpm = join(await installTools(['pnpm@10.34.9']), 'pnpm/bin/pnpm.cjs')
    return { add: [node, pnpm, 'add', '--prefer-offline', tarball], exec: [node, pnpm, 'exec'] }
  }
  const yarn = join(await installTools(['@yarnpkg/cli-dist@4.18.1']), '@yarnpkg/cli-dist/bin/yarn.js')
  return { add: [node, yarn, 'add', `unsession@file:${tarball}`], exec: [node, yarn] }
}

/** Yarn reads no settings of npm, so it is told of npm's registry. */
async function yarnFiles(manager: ManagerRow['manager']): Promise<Record<string, string>> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'])
  const settings = {
    nodeLinker: manager === 'yarn-pnp' ? 'pnp' : 'node-modules',
    enableTelemetry: false,
    enableImmutableInstalls: false,
    npmRegistryServer: stdout.trim(),
    unsafeHttpWhitelist: ['*'],
  }
  return { '.yarnrc.yml': JSON.stringify(settings), 'yarn.lock': '' }
}

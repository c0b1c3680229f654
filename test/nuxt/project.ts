import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { environment } from '../nitro/project.ts'
import { type Packed, ROOT, run } from '../support/pack.ts'
import { freePort } from '../support/engines/ports.ts'
import type { TestTable } from '../support/engines/tables.ts'

export const PASSWORD = 'a password of thirty-two letters'

const NUXT = 'node_modules/nuxt/bin/nuxt.mjs'
const QUIET = { NUXT_TELEMETRY_DISABLED: '1' }
const START_MS = 60_000

/** Matches files that Nuxt writes into an example's folder when it is run there. */
const WRITTEN = /^(?:node_modules|\.nuxt|\.output|\.data|\.env)$/

/** The tsconfig of a Nuxt app, which refers to the configurations that Nuxt writes. */
const TSCONFIG = JSON.stringify({
  files: [],
  references: ['app', 'server', 'shared', 'node'].map((part) => ({ path: `./.nuxt/tsconfig.${part}.json` })),
})

/** Additions to the files of a project's folder. */
export interface ProjectOptions {
  /** A package that imports h3. Default: `nuxt-auth-utils`. */
  tool?: string
  /** Further files: path → text. */
  own?: Record<string, string>
}

/** Creates a project with a Nuxt app and the installed package. @returns the folder of the project */
export async function createProject(
  packed: Packed,
  name: string,
  folder: string,
  { tool = 'nuxt-auth-utils', own }: ProjectOptions = {},
): Promise<string> {
  // The package that imports h3 is copied, so that it resolves to the project's h3, which is Nuxt's.
  const companions = { h3: 'nuxt/node_modules/h3', unstorage: 'unstorage' }
  const files = { 'tsconfig.json': TSCONFIG, ...(await filesIn(join(ROOT, folder))), ...own }
  return packed.project(name, companions, files, tool)
}

/** Builds a project. @returns the output of the build */
export async function build(project: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [NUXT, 'build'], {
    cwd: project,
    env: environment(QUIET),
  })
  return stdout + stderr
}

/** Checks the types of a built project, as `nuxt typecheck` does. @returns the output of the compiler */
export function typecheck(project: string): Promise<string> {
  return compile(project, ['-b', '--noEmit'])
}

/** Runs the compiler for TypeScript and Vue files. @returns its output */
export async function compile(project: string, options: string[]): Promise<string> {
  const compiler = join(ROOT, 'node_modules/vue-tsc/bin/vue-tsc.js')
  const { stdout } = await run(process.execPath, [compiler, ...options], { cwd: project }).catch(
    (failure: { stdout: string }) => failure,
  )
  return stdout
}

/** Returns a server's environment: password, table and credentials. */
export function sessionsIn({ table, options }: TestTable): Record<string, string> {
  return {
    NUXT_SESSION_PASSWORD: PASSWORD,
    NUXT_SESSIONS_STORAGE_TABLE: table,
    NUXT_SESSIONS_STORAGE_ENDPOINT: options.endpoint,
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  }
}

/** A development server in a separate process. */
export interface DevelopmentServer {
  url: string
  output(): string
  stop(): Promise<void>
}

/** Starts `nuxt dev`, and waits until it answers a path. */
export async function startDevelopment(project: string, path: string): Promise<DevelopmentServer> {
  const port = await freePort()
  const child = spawn(process.execPath, [NUXT, 'dev', '--host', '127.0.0.1', '--port', String(port)], {
    cwd: project,
    env: environment(QUIET),
  })
  const output = outputOf(child)
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill()
    await ended
  }
  const url = `http://127.0.0.1:${port}`
  for (const end = performance.now() + START_MS; child.exitCode === null && performance.now() < end;) {
    const response = await fetch(url + path).catch(() => undefined)
    await response?.text()
    if (response?.ok) return { url, output, stop }
    await sleep(100)
  }
  await stop()
  throw new Error(`the server did not start: ${output()}`)
}

function outputOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
  }
  return () => text
}

async function filesIn(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !path.split('/').some((part) => WRITTEN.test(part)))
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')))
  return Object.fromEntries(paths.map((path, index) => [path, texts[index] ?? '']))
}

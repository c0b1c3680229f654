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

/** What Nuxt writes, in a folder that somebody has tried out. */
const WRITTEN = /^(?:node_modules|\.nuxt|\.output|\.data|\.env)$/

/** References to what Nuxt writes, as in any Nuxt app. */
const TSCONFIG = JSON.stringify({
  files: [],
  references: ['app', 'server', 'shared', 'node'].map((part) => ({ path: `./.nuxt/tsconfig.${part}.json` })),
})

/** What a project has beside the files of its folder. */
export interface ProjectOptions {
  /** A package that imports h3; `nuxt-auth-utils` by default. */
  tool?: string
  /** Further files, by their path. */
  own?: Record<string, string>
}

/** A Nuxt app as a project of its own, with the package installed. @returns its folder */
export async function createProject(
  packed: Packed,
  name: string,
  folder: string,
  { tool = 'nuxt-auth-utils', own }: ProjectOptions = {},
): Promise<string> {
  // The package that imports h3 is copied, so that it finds the h3 of this project: that of Nuxt.
  const companions = { h3: 'nuxt/node_modules/h3', unstorage: 'unstorage' }
  const files = { 'tsconfig.json': TSCONFIG, ...(await filesIn(join(ROOT, folder))), ...own }
  return packed.project(name, companions, files, tool)
}

/** Build a project. @returns all that was printed */
export async function build(project: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [NUXT, 'build'], {
    cwd: project,
    env: environment(QUIET),
  })
  return stdout + stderr
}

/** Check the types of a project that was built, as `nuxt typecheck` does. @returns what the compiler says */
export function typecheck(project: string): Promise<string> {
  return compile(project, ['-b', '--noEmit'])
}

/** Run the compiler that knows Vue's files. @returns what it says */
export async function compile(project: string, options: string[]): Promise<string> {
  const compiler = join(ROOT, 'node_modules/vue-tsc/bin/vue-tsc.js')
  const { stdout } = await run(process.execPath, [compiler, ...options], { cwd: project }).catch(
    (failure: { stdout: string }) => failure,
  )
  return stdout
}

/** A server's environment: password, table and credentials. */
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

/** A development server in a process of its own. */
export interface DevelopmentServer {
  url: string
  output(): string
  stop(): Promise<void>
}

/** Start `nuxt dev`, and wait for a path to be answered. */
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

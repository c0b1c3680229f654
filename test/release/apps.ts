import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import ts from 'typescript'
import { freePort } from '../support/engines/ports.ts'
import { run } from '../support/pack.ts'
import { filesIn, pageText, partOf } from '../support/snippets.ts'

/** An empty app that follows the quick start of a page. */
export interface AppSpec {
  name: string
  /** Packages that the page installs next to this one. */
  packages: string[]
  /** Path → text, as the page shows them. */
  files: Record<string, string>
  /** Command that builds it: a file of node_modules and its arguments. Default: `server.ts` is only compiled. */
  build?: string[]
  /** File that starts the server, with its arguments. */
  server: string
}

export const APPS: AppSpec[] = [
  {
    name: 'Nuxt 4, by README.md',
    packages: ['nuxt@4'],
    files: filesIn(partOf('README.md', '## Quick start', '## See it run')),
    build: ['nuxt/bin/nuxt.mjs', 'build'],
    server: '.output/server/index.mjs',
  },
  {
    name: 'Nitro 2, by docs/nitro.md',
    packages: ['nitropack@2'],
    files: filesIn(partOf('docs/nitro.md', '**Nitro 2**', '**Nitro 3**')),
    build: ['nitropack/dist/cli/index.mjs', 'build'],
    server: '.output/server/index.mjs',
  },
  {
    name: 'Nitro 3, by docs/nitro.md',
    packages: ['nitro@3.0.0'],
    files: filesIn(partOf('docs/nitro.md', '**Nitro 3**', '## In development')),
    build: ['nitro/dist/cli/index.mjs', 'build'],
    server: '.output/server/index.mjs',
  },
  {
    name: 'h3 2, by docs/h3.md',
    packages: ['h3@2'],
    files: filesIn(partOf('docs/h3.md', '## h3 2', '## h3 1')),
    server: 'server.mjs',
  },
  {
    name: 'h3 1, by docs/h3.md',
    packages: ['h3@1'],
    files: filesIn(partOf('docs/h3.md', '## h3 1', '## Run it')),
    server: 'server.mjs',
  },
  {
    name: 'Hono, by docs/fetch.md',
    packages: ['hono@4', 'srvx'],
    files: filesIn(pageText('docs/fetch.md').split('## Hono')[1]?.split('## Astro')[0] ?? ''),
    server: 'node_modules/srvx/bin/srvx.mjs --entry server.mjs',
  },
]

/** Installs a packed package and the page's packages in an empty app with npm, writes the page's files, and builds it. */
export async function makeApp(folder: string, tarball: string, spec: AppSpec): Promise<void> {
  const files = { 'package.json': '{ "private": true, "type": "module" }', ...spec.files }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run('npm', ['install', ...options, tarball, ...spec.packages], { cwd: folder })
  const { build } = spec
  if (build) {
    const [script = '', ...args] = build
    const env = { ...process.env, NODE_ENV: 'production', NUXT_TELEMETRY_DISABLED: '1' }
    await run(process.execPath, [join(folder, 'node_modules', script), ...args], { cwd: folder, env })
    return
  }
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const { outputText } = ts.transpileModule(spec.files['server.ts'] ?? '', { compilerOptions })
  await writeFile(join(folder, 'server.mjs'), outputText)
}

/** A server of an app, in a process of its own. */
export interface AppServer {
  url: string
  stop(): Promise<void>
}

/** Starts the server of an app, and waits until it answers. */
export async function startApp(
  folder: string,
  { server }: AppSpec,
  env: Record<string, string>,
): Promise<AppServer> {
  const port = await freePort()
  const child: ChildProcess = spawn(process.execPath, server.split(' '), {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (output += String(text)))
  const ended = once(child, 'exit')
  const url = `http://localhost:${port}`
  for (let waited = 0; waited < 60_000 && child.exitCode === null; waited += 100) {
    const response = await fetch(url).catch(() => undefined)
    await response?.text()
    if (response) {
      return {
        url,
        async stop() {
          child.kill()
          await ended
        },
      }
    }
    await sleep(100)
  }
  child.kill()
  throw new Error(`the server did not start: ${output}`)
}

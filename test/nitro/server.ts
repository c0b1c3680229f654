import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/engines/ports.ts'
import { cli, environment, type Release } from './project.ts'

/** A server in a separate process. */
export interface Server {
  url: string
  /** Returns its output so far. */
  output(): string
  /** Stops it with a signal. @returns its exit code */
  stop(): Promise<number | null>
}

/** Exit code and output of a server that exited by itself. */
export interface Ended {
  code: number | null
  output: string
}

/** Maximum time until a server answers, in ms. */
const START_MS = 30_000

/** Starts a built server. */
export async function start(project: string, env: Record<string, string>): Promise<Server> {
  const port = await freePort()
  return answering(spawnBuilt(project, { ...env, PORT: String(port) }), port)
}

/** Starts a built server that must exit by itself. */
export async function startInVain(project: string, env: Record<string, string>): Promise<Ended> {
  const port = await freePort()
  const { child, output } = spawnBuilt(project, { ...env, PORT: String(port) })
  const timer = setTimeout(() => child.kill(), START_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code, output: output() }
}

/** Starts a development server. */
export async function startDevelopment(project: string, { tool }: Release): Promise<Server> {
  const port = await freePort()
  const options = ['dev', '--host', '127.0.0.1', '--port', String(port)]
  const child = spawn(process.execPath, [cli(tool), ...options], { cwd: project, env: environment() })
  return answering({ child, output: outputOf(child) }, port)
}

/**
 * Starts a server by a command, which gets its port as `PORT`.
 *
 * @param command - the program and its arguments
 * @param probe - path that answers with a status of 200 once the server has started
 */
export async function startCommand(
  [program, ...args]: [string, ...string[]],
  cwd: string,
  env: Record<string, string>,
  probe?: string,
): Promise<Server> {
  const port = await freePort()
  const child = spawn(program, args, {
    cwd,
    env: environment({ HOST: '127.0.0.1', PORT: String(port), ...env }),
  })
  return answering({ child, output: outputOf(child) }, port, probe)
}

interface Running {
  child: ChildProcess
  output: () => string
}

function spawnBuilt(cwd: string, env: Record<string, string>): Running {
  const child = spawn(process.execPath, ['.output/server/index.mjs'], {
    cwd,
    env: environment({ HOST: '127.0.0.1', ...env }),
  })
  return { child, output: outputOf(child) }
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

async function answering({ child, output }: Running, port: number, probe = '/sdk'): Promise<Server> {
  const url = `http://127.0.0.1:${port}`
  const ended = once(child, 'exit') as Promise<[number | null]>
  const stop = async (): Promise<number | null> => {
    child.kill()
    const [code] = await ended
    return code
  }
  for (const end = performance.now() + START_MS; child.exitCode === null && performance.now() < end;) {
    // A server that accepts a request and never answers it must not hold up the tests for minutes.
    const response = await fetch(url + probe, { signal: AbortSignal.timeout(START_MS) }).catch(
      () => undefined,
    )
    await response?.text()
    if (response?.ok) return { url, output, stop }
    await sleep(50)
  }
  await stop()
  throw new Error(`the server did not start: ${output()}`)
}

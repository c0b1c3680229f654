import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const START = fileURLToPath(new URL('../../playground/start.mjs', import.meta.url))

/** A playground that has ended. */
export interface Ended {
  code: number | null
  output: string
  /** Milliseconds from the signal, or from the start where there was none, to the end. */
  took: number
}

/** A playground that listens, or has given up before it did. */
export interface Playground {
  pid: number
  /** The addresses of its servers, without a slash at the end; none when it ended before it had any. */
  urls: string[]
  /** What it has written until now. */
  output(): string
  ended: Promise<Ended>
  /** Send a signal to it alone, or to its whole process group as a terminal does; default SIGINT to the group. */
  stop(signal?: NodeJS.Signals, whom?: 'group' | 'process'): Promise<Ended>
}

/** Start `node playground/start.mjs` in a process group of its own, and wait for its address or its end. */
export async function startPlayground(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Playground> {
  const child = spawn(process.execPath, [START, ...args], { detached: true, env: { ...ownEnv(), ...env } })
  const pid = child.pid!
  let output = ''
  let began = performance.now()
  const addresses = new Promise<string[]>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes('Ctrl-C stops it')) resolve(output.match(/http:\/\/localhost:\d+(?=\/\n)/g) ?? [])
      })
    }
  })
  const ended = once(child, 'close').then(([code]): Ended => {
    return { code, output, took: performance.now() - began }
  })
  const urls = await Promise.race([addresses, ended.then(() => [])])
  return {
    pid,
    urls,
    output: () => output,
    ended,
    stop(signal = 'SIGINT', whom = 'group') {
      began = performance.now()
      if (child.exitCode === null && child.signalCode === null)
        process.kill(whom === 'group' ? -pid : pid, signal)
      return ended
    },
  }
}

/** This process's environment without what says that a test runs: what is built must be what users get. */
function ownEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:NODE_ENV|TEST|VITEST.*)$/.test(name)),
  )
}

/** Whether a process group still has a member. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

/** The processes that a process has started, on Linux. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Whether a process runs, on Linux: one that has ended may wait to be buried. */
export function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

/** A folder for a playground's data; `remove` it at the end. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'unsession-playground-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

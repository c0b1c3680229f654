import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const START = fileURLToPath(new URL('../../playground/start.mjs', import.meta.url))

/** The result of a playground that has exited. */
export interface Ended {
  code: number | null
  output: string
  /** Time from the signal to the exit, in ms. Without a signal: from the start to the exit. */
  took: number
}

/** A playground that is listening, or has exited before. */
export interface Playground {
  pid: number
  /** Addresses of its servers, without a slash at the end. Empty if it exited before it was listening. */
  urls: string[]
  /** Returns its output so far. */
  output(): string
  ended: Promise<Ended>
  /** Sends a signal to the process, or to its whole process group as a terminal does. Default: SIGINT to the group. */
  stop(signal?: NodeJS.Signals, whom?: 'group' | 'process'): Promise<Ended>
}

/** Starts `node playground/start.mjs` in a new process group, and waits until it is listening or has exited. */
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

/** Returns this process's environment without variables of the test runner, so that the build is the one that users get. */
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

/** Returns the ids of a process's children, on Linux. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Whether a process is running, on Linux. A zombie is not. */
export function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

/** Creates a folder for the data of a playground. Call `remove` at the end. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'unsession-playground-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

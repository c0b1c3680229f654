import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
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
  /** Its address, without a slash at the end; empty when it ended without one. */
  url: string
  ended: Promise<Ended>
  /** Send a signal to it alone, or to its whole process group as a terminal does; default SIGINT to the group. */
  stop(signal?: NodeJS.Signals, whom?: 'group' | 'process'): Promise<Ended>
}

/** Start `node playground/start.mjs` in a process group of its own, and wait for its address or its end. */
export async function startPlayground(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Playground> {
  const child = spawn(process.execPath, [START, ...args], { detached: true, env: { ...process.env, ...env } })
  const pid = child.pid!
  let output = ''
  let began = performance.now()
  const address = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        const [url] = /http:\/\/localhost:\d+(?=\/\n)/.exec(output) ?? []
        if (url) resolve(url)
      })
    }
  })
  const ended = once(child, 'close').then(([code]): Ended => {
    return { code, output, took: performance.now() - began }
  })
  const url = await Promise.race([address, ended.then(() => '')])
  return {
    pid,
    url,
    ended,
    stop(signal = 'SIGINT', whom = 'group') {
      began = performance.now()
      if (child.exitCode === null) process.kill(whom === 'group' ? -pid : pid, signal)
      return ended
    },
  }
}

/** Whether a process group still has a member. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

/** A folder for a playground's data; `remove` it at the end. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'unsession-playground-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

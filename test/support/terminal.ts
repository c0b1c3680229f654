import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import headless from '@xterm/headless'
import { build } from 'rolldown'
import { describe } from 'vitest'
import { reportLeftOut } from './left-out.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const UNTIL_MS = 20_000
/** Ctrl-C, as a keyboard sends it. */
export const CTRL_C = '\u0003'

/** A command that runs in a pseudo terminal. */
export interface Terminal {
  /** Returns the text of the screen with the scrolled lines, without trailing blanks. */
  screen(): Promise<string>
  /** Whether the terminal broke a line that was too long. */
  isBroken(): Promise<boolean>
  /** Waits until the screen contains `what`, and returns its text. Throws after 20 s, or if the command exits before. */
  until(what: string | RegExp): Promise<string>
  /** The whole output, with control characters. */
  readonly bytes: string
  /** Types keys. Enter is `\r`. */
  type(keys: string): void
  /** Resolves to the exit code. */
  readonly exited: Promise<number>
  /** Kills the command if it still runs. Can be called twice. */
  stop(): Promise<void>
}

export interface TerminalOptions {
  /** Default 80. */
  columns?: number
  /** Default 24. */
  rows?: number
  /** Variables in addition to `PATH`, `HOME`, `SHELL` and `TERM`. The command gets no others. */
  env?: Record<string, string>
}

/** The command line `unsession`, bundled from the sources into a separate folder. */
export interface BuiltCli {
  /** Runs it in a pseudo terminal. */
  run(args: string[], options?: TerminalOptions): Terminal
  /** Path of the script, for a child process without a terminal. */
  readonly bin: string
  /** Stops the commands that still run, and removes the folder. */
  remove(): Promise<void>
}

/** Bundles `src/cli/bin.ts`, so that the current sources can run in a separate process. */
export async function buildCli(): Promise<BuiltCli> {
  const output = join(ROOT, 'test/.output')
  await mkdir(output, { recursive: true })
  // Inside the repository, so that its imports of packages are resolved.
  const folder = await mkdtemp(join(output, 'cli-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  await build({
    input: join(ROOT, 'src/cli/bin.ts'),
    platform: 'node',
    external: /^(?![./])/,
    output: { dir: folder, entryFileNames: 'bin.mjs', chunkFileNames: '[name].mjs' },
    logLevel: 'silent',
  }).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  const bin = join(folder, 'bin.mjs')
  const running: Terminal[] = []
  return {
    bin,
    run(args, options) {
      const terminal = runInTerminal([process.execPath, bin, ...args], options)
      running.push(terminal)
      return terminal
    },
    async remove() {
      await Promise.all(running.map((terminal) => terminal.stop()))
      await remove()
    },
  }
}

/** Runs a command in a pseudo terminal (`script` of util-linux). A terminal emulator reads its output. */
export function runInTerminal(command: string[], options: TerminalOptions = {}): Terminal {
  const { columns = 80, rows = 24, env = {} } = options
  const line = `stty cols ${columns} rows ${rows}; exec ${command.map(quote).join(' ')}`
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { PATH, HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const emulator = new headless.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
  // A terminal answers queries, such as for the cursor position.
  emulator.onData((answer) => child.stdin.write(answer))
  child.stdin.on('error', () => {})
  let bytes = ''
  let written: Promise<void> = Promise.resolve()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bytes += text
    written = new Promise((resolve) => emulator.write(text, resolve))
  })
  const closed = once(child, 'close').then(([code]) => Number(code ?? -1))

  const lines = async (): Promise<{ text: string; isBroken: boolean }[]> => {
    await written
    const { active } = emulator.buffer
    return Array.from({ length: active.length }, (_, at) => {
      const row = active.getLine(at)
      return { text: row?.translateToString(true) ?? '', isBroken: row?.isWrapped ?? false }
    })
  }
  const screen = async (): Promise<string> =>
    (await lines())
      .map(({ text }) => text)
      .join('\n')
      .trimEnd()

  return {
    screen,
    isBroken: async () => (await lines()).some(({ isBroken }) => isBroken),
    async until(what) {
      for (const end = performance.now() + UNTIL_MS; ; await sleep(10)) {
        const ended = hasEnded(child)
        const seen = await screen()
        if (typeof what === 'string' ? seen.includes(what) : what.test(seen)) return seen
        if (ended || performance.now() > end) throw new Error(`${what} is not on the screen:\n${seen}`)
      }
    },
    get bytes() {
      return bytes
    },
    type: (keys) => void child.stdin.write(keys),
    exited: closed,
    async stop() {
      if (!hasEnded(child)) child.kill()
      await closed
      emulator.dispose()
    },
  }
}

/** Defines a suite that needs a pseudo terminal. It is skipped if `script` is missing. */
export function describeTerminal(title: string, suite: () => void): void {
  const missing = spawnSync('script', ['--version'], { stdio: 'ignore' }).status !== 0
  if (missing)
    reportLeftOut({ suite: title, why: 'there is no `script`', install: 'apt-get install bsdutils' })
  describe.skipIf(missing)(`${title}`, () => {
    suite()
  })
}

function hasEnded(child: ChildProcess): boolean {
  return (child.exitCode ?? child.signalCode) !== null
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

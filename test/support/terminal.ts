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

/** A command line at work in a pseudo terminal, as the person in front of it sees it. */
export interface Terminal {
  /** What is to be read, scrolled-off lines included, without trailing blanks. */
  screen(): Promise<string>
  /** Whether the terminal had to break a line that did not fit. */
  isBroken(): Promise<boolean>
  /** Wait until the screen has `what`, and return it. Fails after 20 seconds, and when the command ends without. */
  until(what: string | RegExp): Promise<string>
  /** Everything that was written, control characters included. */
  readonly bytes: string
  /** Type on the keyboard. Enter is `\r`. */
  type(keys: string): void
  /** The exit code. */
  readonly exited: Promise<number>
  /** End the command however it stands. Safe to call twice. */
  stop(): Promise<void>
}

export interface TerminalOptions {
  /** Default 80. */
  columns?: number
  /** Default 24. */
  rows?: number
  /** Beside `PATH`, `HOME` and `TERM`; nothing else is handed on. */
  env?: Record<string, string>
}

/** The command line `unsession`, bundled from the sources into a folder of its own. */
export interface BuiltCli {
  /** Run it in a pseudo terminal. */
  run(args: string[], options?: TerminalOptions): Terminal
  /** The script, for a child process without a terminal. */
  readonly bin: string
  /** End what still runs, and remove the folder. */
  remove(): Promise<void>
}

/** Bundle `src/cli/bin.ts`, so that the sources as they are can run in a process of their own. */
export async function buildCli(): Promise<BuiltCli> {
  const output = join(ROOT, 'test/.output')
  await mkdir(output, { recursive: true })
  // Inside the repository, where the packages it imports are found.
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

/** Run a command in a pseudo terminal (`script`, of util-linux) whose output a terminal emulator reads. */
export function runInTerminal(command: string[], options: TerminalOptions = {}): Terminal {
  const { columns = 80, rows = 24, env = {} } = options
  const line = `stty cols ${columns} rows ${rows}; exec ${command.map(quote).join(' ')}`
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { PATH, HOME, SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const emulator = new headless.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true })
  // A terminal answers questions, such as where its cursor is.
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

/** One suite at real terminals; shown as skipped where there is no `script`. */
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

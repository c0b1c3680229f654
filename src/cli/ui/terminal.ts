import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { LogLevels, createConsola } from 'consola'
import { toJson } from './format.ts'
import { grid, layout, wrap } from './layout.ts'

/** The standard streams, or anything in their place. */
export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/** What a message is about; each has a mark of its own. */
type Kind = 'start' | 'success' | 'info' | 'warn' | 'error'

/** Columns that the widest mark takes. */
const MARK = 9
const NO_BREAK = '\u00A0'

/** What a command says and asks. Results go to standard output, complaints to standard error. */
export class Terminal {
  /** Whether the result is wanted as JSON, and nothing else on standard output. */
  readonly json: boolean
  /** Messages for people, broken to fit; silent when JSON is wanted. */
  readonly log: Record<Kind, (message: string) => void>
  #streams: Streams

  constructor(streams: Streams, json: boolean) {
    this.#streams = streams
    this.json = json
    const { stdout, stderr } = streams
    const consola = createConsola({
      stdout,
      stderr,
      fancy: stdout.isTTY === true,
      formatOptions: { date: false, columns: 0 },
      level: json ? LogLevels.silent : LogLevels.info,
    })
    const say =
      (kind: Kind) =>
      (message: string): void =>
        consola[kind](this.#fit(message))
    this.log = {
      start: say('start'),
      success: say('success'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
    }
  }

  /** Whether somebody is there to answer. */
  get interactive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stdout.isTTY === true
  }

  /** Columns to lay text out in: those of the terminal, but no wider than reads well. */
  get width(): number {
    return Math.min(this.#streams.stdout.columns ?? 80, 100)
  }

  /** Whether there can be a line that is written over. */
  get redraws(): boolean {
    return this.#streams.stdout.isTTY === true && !this.json
  }

  /** Write over the line the cursor is in; it must fit. Before anything else is printed, empty it. */
  redraw(line: string): void {
    this.#streams.stdout.write(`\r${line}\u001B[K`)
  }

  print(text: string): void {
    this.#streams.stdout.write(`${text}\n`)
  }

  /** Prose, broken between words to fit. */
  printText(text: string): void {
    this.print(wrap(text, this.width).join('\n'))
  }

  printJson(value: unknown): void {
    this.print(toJson(value))
  }

  /** Names and what they are, aligned. */
  printTable(rows: [name: string, value: string][]): void {
    this.print(layout(rows, this.width))
  }

  /** Rows of a table under their headers. */
  printGrid(header: string[], rows: string[][], numeric?: number[]): void {
    const [head, ...lines] = grid(header, rows, this.width, numeric)
    this.print([this.heading(head ?? ''), ...lines].join('\n'))
  }

  /** A heading, in bold where there are styles. */
  heading(text: string): string {
    return this.#streams.stdout.isTTY && !process.env.NO_COLOR ? `\u001B[1m${text}\u001B[22m` : text
  }

  /** What standard input has to say; at a terminal it is asked for, and what is typed is not shown. */
  async read(question: string): Promise<string> {
    const { stdin, stdout } = this.#streams
    if (stdin.isTTY) return this.#ask(`${question} `, new PassThrough()).finally(() => stdout.write('\n'))
    let text = ''
    for await (const chunk of stdin) text += String(chunk)
    return text
  }

  /** A message in lines that leave room for its mark; whole where nobody reads it at a terminal. */
  #fit(message: string): string {
    if (!this.#streams.stdout.isTTY) return message
    // What is to be copied is not broken.
    const tied = message.replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(' ', NO_BREAK))
    const lines = tied.split('\n').flatMap((line) => wrap(line, this.width - MARK))
    return lines.join('\n  ').replaceAll(NO_BREAK, ' ')
  }

  /** @returns the answer, or an empty string when standard input ends or Ctrl-C is pressed */
  ask(question: string): Promise<string> {
    return this.#ask(`${question} `, this.#streams.stdout)
  }

  /** @param echo - shows the keys as they are typed */
  async #ask(question: string, echo: NodeJS.WritableStream): Promise<string> {
    const { stdin: input, stdout } = this.#streams
    const lines = createInterface({ input, output: echo, terminal: input.isTTY === true })
    // Not before the terminal has been told to show no keys by itself.
    if (echo !== stdout) stdout.write(question)
    try {
      return await new Promise<string>((resolve) => {
        lines.once('close', () => resolve(''))
        lines.question(echo === stdout ? question : '', resolve)
      })
    } finally {
      lines.close()
    }
  }
}

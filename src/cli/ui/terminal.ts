import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { LogLevels, createConsola } from 'consola'
import { toJson } from './format.ts'
import { grid, layout, wrap } from './layout.ts'

/** The standard streams or their replacements. */
export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/** Kind of a message. Each kind has its own mark. */
type Kind = 'start' | 'success' | 'info' | 'warn' | 'error'

/** Columns of the widest mark. */
const MARK = 9
const NO_BREAK = '\u00A0'

/** Prints results and messages, and asks questions. Results go to standard output, errors to standard error. */
export class Terminal {
  /** Whether standard output must contain only JSON. */
  readonly json: boolean
  /** Prints a message, wrapped to the terminal's width. Prints nothing if {@link json} is set. */
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
    const logger =
      (kind: Kind) =>
      (message: string): void =>
        consola[kind](this.#fit(message))
    this.log = {
      start: logger('start'),
      success: logger('success'),
      info: logger('info'),
      warn: logger('warn'),
      error: logger('error'),
    }
  }

  /** Whether questions can be asked. Standard input and output must be a terminal. */
  get interactive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stdout.isTTY === true
  }

  /** Width of text: the terminal's columns, at most 100. */
  get width(): number {
    return Math.min(this.#streams.stdout.columns ?? 80, 100)
  }

  /** Whether a line can be redrawn. */
  get redraws(): boolean {
    return this.#streams.stdout.isTTY === true && !this.json
  }

  /** Replaces the current line. The text must fit in one line. Call it with an empty text before printing anything else. */
  redraw(line: string): void {
    this.#streams.stdout.write(`\r${line}\u001B[K`)
  }

  /** Prints a line. */
  print(text: string): void {
    this.#streams.stdout.write(`${text}\n`)
  }

  /** Prints text, wrapped to the terminal's width. */
  printText(text: string): void {
    this.print(wrap(text, this.width).join('\n'))
  }

  /** Prints a value as JSON. */
  printJson(value: unknown): void {
    this.print(toJson(value))
  }

  /** Prints names and values in two columns. */
  printTable(rows: [name: string, value: string][]): void {
    this.print(layout(rows, this.width))
  }

  /** Prints a table with headers. */
  printGrid(header: string[], rows: string[][], numeric?: number[]): void {
    const [head, ...lines] = grid(header, rows, this.width, numeric)
    this.print([this.heading(head ?? ''), ...lines].join('\n'))
  }

  /** Returns a heading, in bold if the terminal has styles. */
  heading(text: string): string {
    return this.#streams.stdout.isTTY && !process.env.NO_COLOR ? `\u001B[1m${text}\u001B[22m` : text
  }

  /** Reads standard input. At a terminal it asks the question, and does not show the typed text. */
  async read(question: string): Promise<string> {
    const { stdin, stdout } = this.#streams
    if (stdin.isTTY) return this.#ask(`${question} `, new PassThrough()).finally(() => stdout.write('\n'))
    let text = ''
    for await (const chunk of stdin) text += String(chunk)
    return text
  }

  /** Wraps a message with room for its mark. Outside of a terminal the message stays on one line. */
  #fit(message: string): string {
    if (!this.#streams.stdout.isTTY) return message
    // Code in backticks is not broken, so that it can be copied.
    const tied = message.replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(' ', NO_BREAK))
    const lines = tied.split('\n').flatMap((line) => wrap(line, this.width - MARK))
    return lines.join('\n  ').replaceAll(NO_BREAK, ' ')
  }

  /** Asks a question. @returns the answer, or an empty string if standard input ends or Ctrl-C is pressed */
  ask(question: string): Promise<string> {
    return this.#ask(`${question} `, this.#streams.stdout)
  }

  /** @param echo - stream that shows the typed text */
  async #ask(question: string, echo: NodeJS.WritableStream): Promise<string> {
    const { stdin: input, stdout } = this.#streams
    const lines = createInterface({ input, output: echo, terminal: input.isTTY === true })
    // After createInterface, which stops the terminal from showing typed text.
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

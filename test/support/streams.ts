import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Streams } from '../../src/cli/ui/terminal.ts'

/** Streams for the command line, and the text that it wrote to them. */
export interface Captured {
  streams: Streams
  /** Returns the text on standard output, without styles. */
  out(): string
  err(): string
}

/**
 * Returns streams to use instead of the process's.
 *
 * @param options - `input`: text on standard input; `isTTY`: whether the streams claim to be a terminal; `columns`: its width
 */
export function capture(options: { input?: string; isTTY?: boolean; columns?: number } = {}): Captured {
  const { input = '', isTTY = false, columns } = options
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY, columns }),
  )
  stdin!.end(input)
  let [out, err] = ['', '']
  stdout!.on('data', (data: Buffer) => (out += String(data)))
  stderr!.on('data', (data: Buffer) => (err += String(data)))
  return {
    streams: { stdin, stdout, stderr } as unknown as Streams,
    out: () => stripVTControlCharacters(out),
    err: () => stripVTControlCharacters(err),
  }
}

import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { Streams } from '../../src/cli/ui/terminal.ts'

/** What the command line wrote to streams that are no terminal, or say they are. */
export interface Captured {
  streams: Streams
  /** Without styles. */
  out(): string
  err(): string
}

/**
 * Streams in place of the process's.
 *
 * @param options - `input`: what standard input has to say; `isTTY`: whether they claim to be a terminal; `columns` of it
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

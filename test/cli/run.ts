import { expect } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { capture } from '../support/streams.ts'

export const SECRET = 'the-secret-access-key'

export interface Ran {
  code: number
  out: string
  err: string
}

/** Run the command line; with `answer`, at a terminal where that is typed when asked; with `input`, piped. */
export async function run(
  args: string | string[],
  { answer, input, columns }: { answer?: string; input?: string; columns?: number } = {},
): Promise<Ran> {
  const { streams, out, err } = capture({
    input: answer === undefined ? input : `${answer}\n`,
    isTTY: answer !== undefined,
    columns,
  })
  const words = typeof args === 'string' ? args.split(' ').filter(Boolean) : args
  const code = await main(words, streams)
  expect(out() + err()).not.toContain(SECRET)
  expect(out() + err()).not.toMatch(/^\s+at .*:\d+:\d+/m)
  return { code, out: out(), err: err() }
}

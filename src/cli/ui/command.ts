import type { FlagSet, Flags } from './flags.ts'
import type { Terminal } from './terminal.ts'

/** Exit codes: the command succeeded, it failed, or the command line is invalid. */
export const EXIT: { readonly ok: 0; readonly failed: 1; readonly usage: 2 } = { ok: 0, failed: 1, usage: 2 }

/** One command. */
export interface Command {
  /** The words that call it, for example `table create`. */
  name: string
  /** One sentence without a full stop. */
  description: string
  /** The argument that it takes in addition to its flags. */
  argument?: { name: string; description: string }
  flags: FlagSet
  /** Whole command lines, each with its purpose. */
  examples: [line: string, purpose: string][]
  /** Runs the command. @returns the exit code */
  run: (flags: Flags, terminal: Terminal) => Promise<number>
}

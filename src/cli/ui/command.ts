import type { ArgsDef } from 'citty'
import type { Flags } from '../flags/flags.ts'
import type { Terminal } from './terminal.ts'

/** How a run ended: done, failed, or not understood. */
export const EXIT: { readonly ok: 0; readonly failed: 1; readonly usage: 2 } = { ok: 0, failed: 1, usage: 2 }

/** One command of the command line. */
export interface Command {
  /** The words that call it, as `table create`. */
  name: string
  /** One sentence, without a full stop. */
  description: string
  /** What it takes beside its flags, and what that is. */
  argument?: { name: string; description: string }
  flags: ArgsDef
  /** Whole command lines, each with what it does. */
  examples: [line: string, what: string][]
  /** @returns the exit code */
  run: (flags: Flags, terminal: Terminal) => Promise<number>
}

/** The command line cannot be understood. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

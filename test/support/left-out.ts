import { appendFileSync } from 'node:fs'

/** A suite this machine cannot run. */
export interface LeftOut {
  suite: string
  why: string
  /** The command that makes it run. */
  install: string
}

/**
 * Say that a suite is left out. `test/run.mjs` names a file in `UNSESSION_LEFT_OUT`, reads these JSON lines at the end,
 * prints them, and fails for them under `CI=true`; without it the line goes to standard error.
 */
export function reportLeftOut(leftOut: LeftOut): void {
  const line = `${JSON.stringify(leftOut)}\n`
  const file = process.env.UNSESSION_LEFT_OUT
  if (file) appendFileSync(file, line)
  else process.stderr.write(`left out: ${line}`)
}

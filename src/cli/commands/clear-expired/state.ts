import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isBegun, isState } from '../../../../drivers/dynamodb/sweep/state.ts'
import type { SweepState } from '../../../table/index.ts'
import { UsageError } from '../../ui/command.ts'

/** The file a sweep is kept in while it is not done. There are session ids in it, so nobody but its owner may read it. */
export interface StateFile {
  path: string
  /** What is in it; the sweep keeps it up to date. */
  state: Partial<SweepState>
  /** Whether it was there. */
  isResumed: boolean
}

const OWNER_ONLY = 0o600

/**
 * Read the file, and write it again, so that one that cannot be written is noticed before anything is deleted.
 *
 * @throws {UsageError} for a file that holds something else, or cannot be read or written
 */
export function openState(path: string): StateFile {
  const text = readIfThere(path)
  const file = { path, state: text === undefined ? {} : parse(text, path), isResumed: text !== undefined }
  try {
    saveState(file)
  } catch (error) {
    throw new UsageError(`cannot write the file of \`--resume\` (${codeOf(error)})`)
  }
  return file
}

/** Replace the file in one step, so that a crash leaves the old one or the new one. */
export function saveState({ path, state }: StateFile): void {
  const draft = `${path}.${process.pid}.tmp`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(state)}\n`, { mode: OWNER_ONLY, flag: 'wx' })
  renameSync(draft, path)
}

/** Keep what is there to go on from, if there is anything. */
export function keepState(file: StateFile): void {
  if (file.isResumed || file.state.scanned) saveState(file)
  else removeState(file)
}

/** The sweep is done: the next one begins anew. */
export function removeState({ path }: StateFile): void {
  rmSync(path, { force: true })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new UsageError(`cannot read the file of \`--resume\` (${codeOf(error)})`)
  }
}

function parse(text: string, path: string): Partial<SweepState> {
  try {
    const state: unknown = JSON.parse(text)
    if (typeof state === 'object' && state !== null && (!isBegun(state) || isState(state))) return state
  } catch {
    // Said below.
  }
  throw new UsageError(`\`${path}\` is not a file that \`--resume\` wrote; name another one, or remove it`)
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

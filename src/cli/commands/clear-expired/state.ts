import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isBegun, isState } from '../../../../drivers/dynamodb/clear-expired/state.ts'
import type { ClearExpiredState } from '../../../table/index.ts'
import { UsageError } from '../../ui/usage-error.ts'

/** The file with the progress of an unfinished run. It contains session ids, so only its owner may read it. */
export interface StateFile {
  path: string
  /** The progress, which the run keeps up to date. */
  state: Partial<ClearExpiredState>
  /** Whether the file existed. */
  isResumed: boolean
}

const OWNER_ONLY = 0o600

/**
 * Reads the file and writes it again. So the command fails before anything is deleted if the file cannot be written.
 *
 * @throws {UsageError} if the file has other content, or cannot be read or written
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

/** Replaces the file in one step, so that a crash leaves the old file or the new one. */
export function saveState({ path, state }: StateFile): void {
  const draft = `${path}.${process.pid}.tmp`
  rmSync(draft, { force: true })
  writeFileSync(draft, `${JSON.stringify(state)}\n`, { mode: OWNER_ONLY, flag: 'wx' })
  renameSync(draft, path)
}

/** Saves the progress, or removes the file if there is no progress. */
export function keepState(file: StateFile): void {
  if (file.isResumed || file.state.scanned) saveState(file)
  else removeState(file)
}

/** Removes the file, so that the next run starts from the beginning. */
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

function parse(text: string, path: string): Partial<ClearExpiredState> {
  try {
    const state: unknown = JSON.parse(text)
    if (typeof state === 'object' && state !== null && (!isBegun(state) || isState(state))) return state
  } catch {
    // Reported below.
  }
  throw new UsageError(`\`${path}\` is not a file that \`--resume\` wrote; name another file, or remove it`)
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}

import { createRequire } from 'node:module'
import { UnsessionError } from '../../drivers/utils/errors.ts'

/** The part of LevelDB's interface that is needed to see whether a folder can be opened. */
interface Level {
  open: () => Promise<void>
  close: () => Promise<void>
}

/** @throws {UnsessionError} `DEPENDENCY_MISSING` when dynalite is not installed */
export async function importDynalite(): Promise<typeof import('dynalite').default> {
  try {
    return (await import('dynalite')).default
  } catch (error) {
    throw new UnsessionError(
      'DEPENDENCY_MISSING',
      'the embedded DynamoDB needs the package dynalite; run `npm i -D dynalite`',
      { cause: error },
    )
  }
}

/**
 * Open a LevelDB folder once and close it again: dynalite itself throws where nobody can catch it, and answers nothing,
 * when another process has the folder open.
 *
 * @throws {UnsessionError} `UNAVAILABLE` when it cannot be opened
 */
export async function checkFolder(path: string): Promise<void> {
  const dynalite = createRequire(createRequire(import.meta.url).resolve('dynalite'))
  const { Level } = dynalite('level') as { Level: new (path: string) => Level }
  try {
    const level = new Level(path)
    await level.open()
    await level.close()
  } catch (error) {
    throw new UnsessionError(
      'UNAVAILABLE',
      'the folder given as `path` cannot be opened: another process has it open, or it is not writable; ' +
        'end that process, or choose another folder',
      { cause: error },
    )
  }
}

import { createRequire } from 'node:module'
import { UnsessionError } from '../../drivers/utils/errors.ts'

/** The part of LevelDB's interface that tests whether a folder can be opened. */
interface Level {
  open: () => Promise<void>
  close: () => Promise<void>
}

/** Imports dynalite. @throws {UnsessionError} `DEPENDENCY_MISSING` if it is not installed */
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
 * Opens a LevelDB folder and closes it. If another process has the folder open, dynalite itself would throw an error that cannot be
 * caught, and would not respond to requests.
 *
 * @throws {UnsessionError} `UNAVAILABLE` if the folder cannot be opened
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
        'stop that process, or choose another folder',
      { cause: error },
    )
  }
}

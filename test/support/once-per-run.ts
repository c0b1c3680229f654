import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The variable that names the folder of the run. The global set-up creates the folder and removes it at the end. */
export const RUN_FOLDER = 'UNSESSION_RUN_FOLDER'

/**
 * Fills a folder once for the whole run, however many test files ask for it. A build that several files use is made once.
 *
 * @param key - text that names everything the content depends on
 * @param fill - writes the content into the empty folder
 * @returns the folder. Its users must not change it
 * @throws what `fill` throws, in each file that asks for the folder
 */
export async function oncePerRun(key: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const run = process.env[RUN_FOLDER]
  if (run === undefined) throw new Error('test/support/global-setup.ts has not run')
  const folder = join(run, createHash('sha256').update(key).digest('hex').slice(0, 12))
  const outcome = `${folder}.json`
  if (await isCreated(folder)) {
    const error = await fill(folder).then(
      () => undefined,
      (reason: Error & { stdout?: string; stderr?: string }) =>
        [reason.message, reason.stdout, reason.stderr].filter(Boolean).join('\n'),
    )
    await writeFile(`${outcome}.part`, JSON.stringify({ error }))
    await rename(`${outcome}.part`, outcome)
  }
  for (;;) {
    const text = await readFile(outcome, 'utf8').catch(() => undefined)
    if (text === undefined) await sleep(100)
    else {
      const { error } = JSON.parse(text) as { error?: string }
      if (error !== undefined) throw new Error(error)
      return folder
    }
  }
}

/** Creates a folder. @returns whether this call created it */
function isCreated(folder: string): Promise<boolean> {
  return mkdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

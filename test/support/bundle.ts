import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Bundle a source file of the repository into one that Node can run, for tests in a process of their own.
 *
 * It is kept below `node_modules`, so that packages are found, and removed by `remove`.
 *
 * @param source - path in the repository, as `drivers/dynamodb.ts`
 */
export async function bundle(source: string): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.test-'))
  const file = join(folder, 'bundle.mjs')
  const built = await rolldown({ input: join(ROOT, source), external: /^(?!\.|\/)/, logLevel: 'silent' })
  await built.write({ file, codeSplitting: false })
  await built.close()
  return { file, remove: () => rm(folder, { recursive: true }) }
}

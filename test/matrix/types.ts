import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, type Packed, run } from '../support/pack.ts'
import { installTools } from '../support/tools.ts'
import type { TypesRow } from './rows.ts'

const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: object }
const ENTRIES = Object.keys(exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', 'unsession'))

/** Uses every entry, and a session with types. */
const CONSUMER = `
${ENTRIES.map((entry, index) => `import * as entry${index} from '${entry}'`).join('\n')}
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { sessionMiddleware, useSession } from 'unsession/fetch'

export const entries = [${ENTRIES.map((_, index) => `entry${index}`).join(', ')}]
const sessions = sessionMiddleware({ store: createSessionStore({ storage: dynamodb() }), password: 'p'.repeat(32) })
export const answer = (request: Request): Promise<Response> =>
  sessions(request, async () => {
    const session = await useSession<{ visits: number }>(request)
    await session.update((data) => ({ visits: (data.visits ?? 0) + 1 }))
    return Response.json({ visits: session.data.visits satisfies number | undefined })
  })
`

/** Compiles a program that uses every entry. @throws an error with what the compiler says of it and of this package */
export async function compile({ typescript, moduleResolution }: TypesRow, packed: Packed): Promise<void> {
  const companions = { unstorage: 'unstorage', h3: 'h3', nitropack: 'nitropack', nuxt: 'nuxt' }
  const project = await packed.project(`types-${typescript}-${moduleResolution}`, companions, {
    'consumer.ts': CONSUMER,
  })
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'dom'],
    module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
  }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  const tsc = join(await installTools([`typescript@${typescript}`]), 'typescript/bin/tsc')
  const output = await run(process.execPath, [tsc, '-p', project], { cwd: project }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  )
  // The declarations of other packages may need a newer compiler. Errors without a file are about the options.
  const ours = output.split('\n').filter((line) => /^(?:consumer|error|node_modules\/unsession)/.test(line))
  if (ours.length > 0) throw new Error(ours.join('\n'))
}

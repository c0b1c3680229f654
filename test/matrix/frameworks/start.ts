import { join } from 'node:path'
import { exampleFiles } from '../../examples/example.ts'
import { tableEnvironment } from '../../examples/shop.ts'
import { environment } from '../../nitro/project.ts'
import { startCommand } from '../../nitro/server.ts'
import type { TestTable } from '../../support/engines/tables.ts'
import { type Packed, run } from '../../support/pack.ts'
import { installTools } from '../../support/tools.ts'
import { installIn } from '../install.ts'
import type { Running } from '../life.ts'
import type { FrameworkRow } from './rows.ts'

/** Settings of the frameworks' own tools. */
const QUIET = { ASTRO_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }

/**
 * Installs, builds and serves an app of `docs/examples`.
 *
 * @param tool - package of the Node.js release to use
 */
export async function startFramework(
  { example, manager, packages, build, script }: FrameworkRow,
  { packed, table }: { packed: Packed; table: TestTable },
  tool: string,
): Promise<Running> {
  const node = join(await installTools([tool]), tool.slice(0, tool.lastIndexOf('@')), 'bin/node')
  const files = { ...exampleFiles(example), 'package.json': withoutOurs(exampleFiles(example)) }
  const { project } = await installIn(packed, manager, `${example}-${manager}`, packages, files)
  const [program, ...args] = build
  await run(node, [join(project, 'node_modules', program), ...args], {
    cwd: project,
    env: environment(QUIET),
  })
  const env = {
    ...QUIET,
    ...tableEnvironment(table),
    SESSION_PASSWORD: 'a password of at least 32 characters',
  }
  return startCommand([node, script], project, env, '/api/shopper')
}

/** Returns an app's `package.json` without this package, which is installed from a file. */
function withoutOurs({ 'package.json': text = '' }: Record<string, string>): string {
  const { dependencies, ...rest } = JSON.parse(text) as { dependencies: Record<string, string> }
  return JSON.stringify({ ...rest, dependencies: { ...dependencies, unsession: undefined } })
}

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack, run } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { installTools } from '../support/tools.ts'

const APP = `
import dynamodb from 'unsession/drivers/dynamodb'

for (const transport of ['sdk', 'lean']) {
  const driver = dynamodb({ ...JSON.parse(process.argv[2]), transport })
  try {
    await driver.setItem('key', 'value')
    console.log(transport, await driver.getItem('key'))
  } catch (error) {
    console.log(transport, error.code, error.message)
  }
  await driver.dispose()
}`

const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** A way to build an app with esbuild. */
interface Build {
  name: string
  options: string[]
}

const PLAIN: Build = { name: 'ES module', options: [] }
const SPLIT: Build = { name: 'split', options: ['--splitting', `--banner:js=${REQUIRE}`] }

describe('an app bundled by esbuild', () => {
  let packed: Packed
  let project: string
  let esbuild: string
  let table: TestTable
  beforeAll(async () => {
    packed = await pack()
    project = await packed.project('bundled', { unstorage: 'unstorage' }, { 'app.mjs': APP })
    esbuild = join(await installTools(['esbuild@0.28.2']), 'esbuild/bin/esbuild')
    table = await createTestTable(anyEngine())
  }, 120_000)
  afterAll(async () => {
    await table.drop()
    await packed.remove()
  })

  /** Builds the app and runs it in another folder. Returns its lines, one for each transport. */
  async function runBuilt({ name, options }: Build, driver: object): Promise<string[]> {
    const folder = join(packed.folder, `out ${name}`)
    const output = [
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--out-extension:.js=.mjs',
      '--log-level=error',
    ]
    await run(esbuild, ['app.mjs', ...output, `--outdir=${folder}`, ...options], { cwd: project })
    const env = { PATH: process.env.PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
    const { stdout } = await run(process.execPath, ['app.mjs', JSON.stringify(driver)], { cwd: folder, env })
    return stdout.trim().split('\n')
  }

  it('stores items with both transports when it is split into chunks', async () => {
    expect(await runBuilt(SPLIT, table.options)).toEqual(['sdk value', 'lean value'])
  })

  it('reports that the SDK cannot run in the bundle, and works without it with credentials and the lean transport', async () => {
    const [sdk, lean] = await runBuilt(PLAIN, table.options)
    expect(sdk).toMatch(/^sdk DEPENDENCY_MISSING .*Dynamic require of .*`createRequire`.*`transport: 'lean'`/)
    expect(lean).toBe('lean value')
  })

  it('reports that the SDK cannot run in the bundle when only the search for credentials needs it', async () => {
    const { credentials: _, ...others } = table.options
    for (const line of await runBuilt(PLAIN, others)) {
      expect(line).toMatch(/^(?:sdk|lean) DEPENDENCY_MISSING .*Dynamic require of /)
    }
  })

  it('names the package to install when the SDK is neither in the bundle nor installed', async () => {
    const [sdk] = await runBuilt({ name: 'external', options: ['--external:@aws-sdk/*'] }, table.options)
    expect(sdk).toMatch(/^sdk DEPENDENCY_MISSING .*Cannot find package.*install @aws-sdk\/client-dynamodb/)
  })
})

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isWhole } from '../support/extent.ts'
import { ROOT } from '../support/pack.ts'
import { describeBrowser } from './browser.ts'
import { describeForms } from './forms.ts'
import { describePanels } from './panels.ts'
import { startPlayground, temporaryFolder } from './playground.ts'
import type { Playground } from './playground.ts'
import { describeProcesses } from './processes.ts'
import { describeTables } from './tables.ts'

/** The first start may install and build. */
const SETUP_MS = 300_000

// One file, since only one playground may be built at a time.
const folder = temporaryFolder()
const args = ['--port', '0', '--data', folder.path]
let playground: Playground

beforeAll(async () => {
  playground = await startPlayground(args)
  if (playground.urls.length === 0) throw new Error((await playground.ended).output)
}, SETUP_MS)

afterAll(async () => {
  await playground?.stop()
  folder.remove()
})

describeForms(() => playground)
describeBrowser(() => playground)
describePanels(() => playground)
describeProcesses({
  args,
  running: () => playground,
  restart: async () => {
    playground = await startPlayground(args)
  },
})
describeTables()

describe.runIf(isWhole)('the app', () => {
  test('its types are right', async () => {
    const run = (script: string, ...rest: string[]) =>
      promisify(execFile)(process.execPath, [join(ROOT, 'node_modules', script), ...rest], {
        cwd: ROOT,
        env: { ...process.env, NUXT_TELEMETRY_DISABLED: '1' },
      })
    await run('nuxt/bin/nuxt.mjs', 'prepare', 'playground')
    const { stdout } = await run('vue-tsc/bin/vue-tsc.js', '-b', '--noEmit', 'playground').catch(
      (failure: { stdout: string }) => failure,
    )
    expect(stdout).toBe('')
  }, 120_000)
})

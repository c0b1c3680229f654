import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEngines } from './engines/engines.ts'
import type { EngineInfo } from './engines/engines.ts'
import { reportLeftOut } from './left-out.ts'
import type { LeftOut } from './left-out.ts'
import { RUN_FOLDER } from './once-per-run.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The engines that run for this test run. */
    engines: EngineInfo[]
    /** The engines that this machine cannot run. */
    enginesLeftOut: LeftOut[]
  }
}

/** Starts the engines once for the whole run, and creates the folder of the run. Tests find the engines by `describeEngines`. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'unsession-run-'))
  process.env[RUN_FOLDER] = folder
  const { engines, leftOut } = await startEngines()
  leftOut.forEach(reportLeftOut)
  provide(
    'engines',
    engines.map(({ stop: _stop, ...info }) => info),
  )
  provide('enginesLeftOut', leftOut)
  return async () => {
    await Promise.all(engines.map((engine) => engine.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

import type { TestProject } from 'vitest/node'
import { startEngines } from './engines/engines.ts'
import type { EngineInfo } from './engines/engines.ts'
import { reportLeftOut } from './left-out.ts'
import type { LeftOut } from './left-out.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The engines that run for this test run. */
    engines: EngineInfo[]
    /** The engines that this machine cannot run. */
    enginesLeftOut: LeftOut[]
  }
}

/** Start the engines once for the whole run; test files get at them through `describeEngines`. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { engines, leftOut } = await startEngines()
  leftOut.forEach(reportLeftOut)
  provide(
    'engines',
    engines.map(({ stop: _stop, ...info }) => info),
  )
  provide('enginesLeftOut', leftOut)
  return async () => void (await Promise.all(engines.map((engine) => engine.stop())))
}

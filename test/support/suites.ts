import { describe, expect, inject, test } from 'vitest'
import type { EngineInfo } from './engines/engines.ts'

/**
 * One suite on every DynamoDB engine; an engine this machine cannot run is shown as skipped.
 *
 * @example
 * ```ts
 * describeEngines('driver', (engine) => {
 *   test('…', async () => { const table = await createTestTable(engine) … })
 * })
 * ```
 */
export function describeEngines(title: string, suite: (engine: EngineInfo) => void): void {
  for (const engine of inject('engines')) {
    describe(`${title} on ${engine.name}`, () => {
      suite(engine)
    })
  }
  for (const { suite: name, why } of inject('enginesLeftOut')) {
    test.runIf(false)(`${title} on ${name}, left out: ${why}`, () => expect.unreachable())
  }
}

/** The engine that is always there, for suites that need only one. */
export function anyEngine(): EngineInfo {
  const [engine] = inject('engines')
  if (!engine) throw new Error('no engine is running')
  return engine
}

import { afterAll, beforeAll, describe, vi } from 'vitest'
import type { DynamoDBOptions } from '../../drivers/dynamodb.ts'
import type { EngineInfo } from './engines/engines.ts'
import { anyEngine, describeEngines } from './suites.ts'

/** A transport of the driver under test. */
export interface TestTransport {
  option: NonNullable<DynamoDBOptions['transport']>
  /** Whether requests go through `fetch`, as in Workers. */
  usesFetch: boolean
}

const TRANSPORTS: Record<string, TestTransport> = {
  sdk: { option: 'sdk', usesFetch: false },
  lean: { option: 'lean', usesFetch: false },
}
const FETCH = { option: 'lean', usesFetch: true } as const

/** One suite on every engine, with every transport. */
export function describeTransports(
  title: string,
  suite: (engine: EngineInfo, transport: TestTransport) => void,
): void {
  describeEngines(title, (engine) => {
    for (const [name, transport] of Object.entries(TRANSPORTS))
      describe(`with the transport ${name}`, () => {
        suite(engine, transport)
      })
  })
}

/**
 * One suite with every transport, on the engine that is always there.
 *
 * @param options - `withFetch` (true): once more with `lean` through `fetch`
 */
export function describeTransportsOnce(
  title: string,
  suite: (engine: EngineInfo, transport: TestTransport) => void,
  { withFetch = true }: { withFetch?: boolean } = {},
): void {
  const transports = { ...TRANSPORTS, ...(withFetch && { 'lean through fetch': FETCH }) }
  for (const [name, transport] of Object.entries(transports)) {
    describe(`${title} with the transport ${name}`, () => {
      if (transport.usesFetch) {
        beforeAll(() => void vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' }))
        afterAll(() => void vi.unstubAllGlobals())
      }
      suite(anyEngine(), transport)
    })
  }
}

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import {
  accessDenied,
  expiredToken,
  internalServerError,
  provisionedThroughputExceeded,
  requestLimitExceeded,
  resourceNotFound,
  serviceUnavailable,
  throttling,
  unrecognizedClient,
  validation,
} from '../support/proxy/aws-errors.ts'
import {
  garbage,
  halfBody,
  resetBefore,
  slowBody,
  stalledBody,
  stalledHeaders,
  truncatedBody,
} from '../support/proxy/faults.ts'
import { type Fault, type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { isWhole } from '../support/extent.ts'
import { describeTransportsOnce } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

const KEY = 'secret-session-id'

describeTransportsOnce(
  'outages',
  (engine, transport) => {
    let table: TestTable
    let proxy: Proxy
    let driver: DynamoDBDriver
    let patient: DynamoDBDriver
    beforeAll(async () => {
      table = await createTestTable(engine, { transport })
      proxy = await startProxy(engine.endpoint)
      // Two attempts show the retries as well as four, in less time.
      vi.stubEnv('AWS_MAX_ATTEMPTS', '2')
      driver = dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 300 } })
      patient = dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 10_000 } })
      vi.spyOn(console, 'warn').mockImplementation(() => {})
    })
    beforeEach(() => proxy.reset())
    afterAll(async () => {
      vi.restoreAllMocks()
      vi.unstubAllEnvs()
      await driver.dispose()
      await patient.dispose()
      await proxy.stop()
      await table.drop()
    })

    /** Everything a caller can do, one by one and gathered. */
    const operations: Record<string, (driver: DynamoDBDriver) => Promise<unknown>> = {
      getItem: (driver) => driver.getItem(KEY),
      'two getItem at once': (driver) => Promise.all([driver.getItem(KEY), driver.getItem('other')]),
      getItems: (driver) => driver.getItems([{ key: KEY }, { key: 'other' }]),
      hasItem: (driver) => driver.hasItem(KEY),
      getMeta: (driver) => driver.getMeta(KEY),
      setItem: (driver) => driver.setItem(KEY, 'new'),
      'setItem at a version': (driver) => driver.setItem(KEY, 'new', { ifVersion: 1 }),
      setItems: (driver) => driver.setItems([{ key: KEY, value: 'new' }]),
      removeItem: (driver) => driver.removeItem(KEY),
      getKeys: (driver) => driver.getKeys(),
      clear: (driver) => driver.clear(),
    }

    const permanent: [name: string, fault: Fault, code: string, fix: RegExp][] = [
      ['resets', resetBefore, 'UNAVAILABLE', /check it/],
      ['500', internalServerError, 'UNAVAILABLE', /check it/],
      ['503', serviceUnavailable, 'UNAVAILABLE', /check it/],
      ['half-sent bodies', halfBody, 'UNAVAILABLE', /check it/],
      ['truncated answers', truncatedBody, 'UNAVAILABLE', /check it/],
      ['HTML for an answer', garbage(200), 'UNAVAILABLE', /check it/],
      ['HTML with 502', garbage(502), 'UNAVAILABLE', /check it/],
      ['a stall before the answer', stalledHeaders, 'TIMEOUT', /timeout\.request/],
      ['a stall inside the answer', stalledBody, 'TIMEOUT', /timeout\.request/],
      ['a drip', slowBody({ pieces: 3, every: 200 }), 'TIMEOUT', /timeout\.request/],
      ['exceeded throughput', provisionedThroughputExceeded, 'THROTTLED', /capacity/],
      ['throttling', throttling, 'THROTTLED', /capacity/],
      ['the account limit', requestLimitExceeded, 'THROTTLED', /capacity/],
      ['a missing table', resourceNotFound, 'TABLE_NOT_FOUND', /npx unsession table create --table test-/],
      ['a denied action', accessDenied, 'ACCESS_DENIED', /dynamodb:\w+ on table/],
      ['unknown credentials', unrecognizedClient, 'ACCESS_DENIED', /renew or correct/],
      ['expired credentials', expiredToken, 'ACCESS_DENIED', /renew or correct/],
      [
        'another key schema',
        validation('The provided key element does not match the schema'),
        'SCHEMA_MISMATCH',
        /npx unsession table describe/,
      ],
      ['an invalid request', validation('1 validation error detected'), 'INVALID_REQUEST', /see `cause`/],
    ]

    describe.each(permanent)('%s', (_, fault, code, fix) => {
      it.each(Object.entries(operations))('%s fails with the right error', async (_, operation) => {
        proxy.fault({ do: fault })
        // Where a deadline is not what ends the call, a slow machine must not make it so.
        const isEndedByDeadline = code === 'TIMEOUT' || code === 'THROTTLED'
        const error: unknown = await operation(isEndedByDeadline ? driver : patient).then(
          (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
          (error: unknown) => error,
        )
        expect(error).toBeInstanceOf(UnsessionError)
        expect(error).toMatchObject({ code, message: expect.stringMatching(fix), table: table.table })
        expect(`${String(error)}${JSON.stringify(error)}`).not.toContain(KEY)
      })
    })
  },
  { withFetch: isWhole },
)

import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  type ClearExpiredTableOptions,
  type LambdaContext,
  clearExpiredHandler,
} from '../../../src/table/index.ts'
import { accessDenied } from '../../support/proxy/aws-errors.ts'
import { type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { anyEngine } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'
import { itemEnding, keys, plant } from './items.ts'

let table: TestTable
let proxy: Proxy
let options: ClearExpiredTableOptions

beforeEach(async () => {
  table = await createTestTable(anyEngine())
  proxy = await startProxy(anyEngine().endpoint)
  options = { ...table.options, endpoint: proxy.url, maxCapacity: 150 }
  await plant(
    table,
    keys('old', 300).map((key) => itemEnding(key, -3600)),
  )
})
afterEach(async () => {
  await proxy.stop()
  await table.drop()
})

/** A context with so much time to work before the five seconds that are kept back. */
const during = (ms: number): LambdaContext => ({ getRemainingTimeInMillis: () => 5000 + ms })

it('stops before its timeout and returns the progress for the next event', async () => {
  const first = await clearExpiredHandler(options)({}, during(1000))
  expect(first.done).toBe(false)
  expect(first.deleted).toBe(300 - (await table.count()))
  expect(first.deleted).toBeGreaterThan(0)
  // Another container, and a state machine in between.
  const event: unknown = JSON.parse(JSON.stringify({ resume: first.resume }))
  const second = await clearExpiredHandler({ ...options, maxCapacity: 1e5 })(event, during(30_000))
  expect(second).toMatchObject({ done: true, scanned: 300, expired: 300, deleted: 300 })
  expect(second).not.toHaveProperty('resume')
  expect(await table.count()).toBe(0)
})

it('continues in the same container without an event, and starts again when it is done', async () => {
  const handler = clearExpiredHandler(options)
  const scheduled = { source: 'aws.events' }
  let invocations = 0
  let outcome = await handler(scheduled, during(300))
  while (!outcome.done && ++invocations < 100) outcome = await handler(scheduled, during(300))
  expect(invocations).toBeGreaterThan(1)
  expect(outcome).toMatchObject({ done: true, deleted: 300 })
  expect(await handler(scheduled, during(30_000))).toMatchObject({ done: true, scanned: 0, deleted: 0 })
})

it('fails like clearExpired, and continues the next time', async () => {
  const handler = clearExpiredHandler({ ...options, maxCapacity: 1e5 })
  proxy.fault({
    match: ({ operation, index }) => operation === 'BatchWriteItem' && index > 3,
    do: accessDenied,
  })
  await expect(handler({}, during(30_000))).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  proxy.reset()
  expect(await handler({}, during(30_000))).toMatchObject({ done: true, deleted: 300 })
  await expect(handler({ resume: { table: 'x' } }, during(30_000))).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
  expect(await handler({}, during(30_000))).toMatchObject({ done: true, scanned: 0 })
})

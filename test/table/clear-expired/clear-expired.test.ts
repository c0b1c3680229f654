import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type ClearExpiredTableOptions,
  type DynamoDBClearExpiredProgress,
  type ClearExpiredState,
  clearExpired,
} from '../../../src/table/index.ts'
import {
  accessDenied,
  internalServerError,
  provisionedThroughputExceeded,
  throttling,
} from '../../support/proxy/aws-errors.ts'
import { hold, resetAfter } from '../../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { anyEngine, describeEngines } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'
import { unprocessed } from '../../support/proxy/unprocessed.ts'
import { itemEnding, keys, plant } from './items.ts'

const LONG_AGO = -3600
const LATER = 3600

let table: TestTable
let proxy: Proxy
/** The table through the proxy. */
let options: ClearExpiredTableOptions

async function begin(engine: { endpoint: string; region: string; credentials: object }): Promise<void> {
  table = await createTestTable(engine as ReturnType<typeof anyEngine>)
  proxy = await startProxy(engine.endpoint)
  options = { ...table.options, endpoint: proxy.url }
}

afterEach(async () => {
  vi.useRealTimers()
  await proxy.stop()
  await table.drop()
})

describeEngines('clearExpired', (engine) => {
  beforeEach(() => begin(engine))

  it.each([
    ['in batches', {}],
    ['conditionally', { conditional: true }],
    ['in one segment', { segments: 1 }],
    ['in many segments', { segments: 37 }],
    ['within a capacity', { maxCapacity: 5000 }],
  ])('deletes only items that have been expired for longer than the grace, %s', async (_, how) => {
    await plant(table, [
      ...keys('old', 230).map((key) => itemEnding(key, -100, 1500)),
      ...keys('live', 40).map((key) => itemEnding(key, LATER, 8000)),
      ...keys('just', 20).map((key) => itemEnding(key, -50)),
    ])
    await table.put({ session_key: { S: 'forever' }, data: { S: 'x' } })
    await table.put({ session_key: { S: 'odd' }, expire_date: { S: '5' } })
    const steps: DynamoDBClearExpiredProgress[] = []
    const result = await clearExpired({ ...options, ...how, onProgress: (step) => steps.push(step) })
    expect(result).toMatchObject({ scanned: 292, expired: 230, deleted: 230 })
    expect(result.units).toBeGreaterThan(230 * 2)
    expect(result.duration).toBeGreaterThan(0)
    expect(steps.at(-1)).toMatchObject({ ...result, duration: expect.any(Number) })
    if (engine.name === 'DynamoDB Local') expect(steps[0]).toMatchObject({ items: 292 })
    expect(steps.map(({ deleted }) => deleted)).toEqual(
      steps.map(({ deleted }) => deleted).toSorted((a, b) => a - b),
    )
    expect(await table.count()).toBe(62)
    expect(await clearExpired({ ...options, ...how, grace: 40 })).toMatchObject({ scanned: 62, deleted: 20 })
  })

  it('deletes only keys with its base', async () => {
    await plant(table, [
      ...keys('a:', 30).map((key) => itemEnding(key, LONG_AGO)),
      ...keys('ab:', 30).map((key) => itemEnding(key, LONG_AGO)),
    ])
    expect(await clearExpired({ ...options, base: 'a' })).toMatchObject({ scanned: 60, deleted: 30 })
    expect(await table.count()).toBe(30)
  })

  it('counts in a dry run and deletes nothing', async () => {
    await plant(
      table,
      keys('old', 60).map((key) => itemEnding(key, LONG_AGO)),
    )
    const result = await clearExpired({ ...options, dryRun: true, conditional: true })
    expect(result).toMatchObject({ scanned: 60, expired: 60, deleted: 0 })
    expect(await table.count()).toBe(60)
  })

  it.each([
    ['conditional', { conditional: true }, 50],
    ['plain, which is for keys that are never used again', {}, 60],
  ])('%s: items renewed between scan and delete', async (_, how, deleted) => {
    await plant(
      table,
      keys('old', 60).map((key) => itemEnding(key, LONG_AGO)),
    )
    proxy.fault({
      match: 'Scan',
      async do({ forward, reply }) {
        const answer = await forward()
        for (const key of keys('old', 10)) await table.put(itemEnding(key, LATER))
        reply(answer)
      },
    })
    // One segment, so that all ten have been found when they are renewed.
    const result = await clearExpired({ ...options, ...how, segments: 1 })
    expect(result).toMatchObject({ scanned: 60, expired: 60, deleted })
    expect(await table.count()).toBe(60 - deleted)
  })

  it('deletes a key with a dot only with a condition, because records of users are written again', async () => {
    const records = keys('user.', 10)
    await plant(
      table,
      [...records, ...keys('v1.5:old', 20)].map((key) => itemEnding(key, LONG_AGO)),
    )
    proxy.fault({
      match: 'Scan',
      async do({ forward, reply }) {
        const answer = await forward()
        for (const key of records.slice(0, 4)) await table.put(itemEnding(key, LATER))
        reply(answer)
      },
    })
    expect(await clearExpired({ ...options, segments: 1 })).toMatchObject({ expired: 30, deleted: 26 })
    expect(await table.count()).toBe(4)
  })

  it('deletes one by one without the right PartiQLDelete', async () => {
    await plant(
      table,
      keys('old', 60).map((key) => itemEnding(key, LONG_AGO)),
    )
    proxy.fault({ match: 'BatchExecuteStatement', do: accessDenied })
    expect(await clearExpired({ ...options, conditional: true })).toMatchObject({ expired: 60, deleted: 60 })
    // On a slow machine, a delete without a response is sent again.
    expect(proxy.count('DeleteItem')).toBeGreaterThanOrEqual(60)
    expect(await table.count()).toBe(0)
  })

  it('sends 25 conditional deletes in one PartiQL request', async () => {
    await plant(
      table,
      keys('old', 100).map((key) => itemEnding(key, LONG_AGO)),
    )
    expect(await clearExpired({ ...options, conditional: true, segments: 1 })).toMatchObject({ deleted: 100 })
    const isPartiQL = engine.name === 'DynamoDB Local'
    expect(proxy.count('BatchExecuteStatement')).toBe(isPartiQL ? 4 : 1)
    expect(proxy.count('DeleteItem')).toBe(isPartiQL ? 0 : 100)
  })

  it('continues after an interruption: no item is left, counted twice or left out', async () => {
    await plant(table, [
      ...keys('old', 900).map((key) => itemEnding(key, LONG_AGO, 2000)),
      ...keys('live', 300).map((key) => itemEnding(key, LATER, 2000)),
    ])
    let resume: Partial<ClearExpiredState> = {}
    let interruptions = 0
    for (const most of [3, 130, 420, 700, Infinity]) {
      const stop = new AbortController()
      const onProgress = ({ deleted }: DynamoDBClearExpiredProgress): void => {
        if (deleted > most) stop.abort()
      }
      const run = clearExpired({ ...options, resume, signal: stop.signal, onProgress })
      const error: unknown = await run.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error !== undefined) {
        expect(error).toBe(stop.signal.reason)
        interruptions++
        expect(await table.count()).toBe(1200 - (resume.deleted ?? 0))
      }
      resume = JSON.parse(JSON.stringify(resume)) as Partial<ClearExpiredState>
    }
    expect(interruptions).toBe(4)
    expect(await table.count()).toBe(300)
    expect(resume).toMatchObject({ scanned: 1200, expired: 900, deleted: 900 })
    // Done is done.
    expect(await clearExpired({ ...options, resume })).toMatchObject({ deleted: 900 })
  })
})

describe('clearExpired', () => {
  beforeEach(() => begin(anyEngine()))

  it('retries items that are unprocessed, throttled or without a response', async () => {
    await plant(
      table,
      keys('old', 60).map((key) => itemEnding(key, LONG_AGO)),
    )
    proxy.fault({ match: 'BatchWriteItem', times: 2, do: unprocessed({ ratio: 0.7 }) })
    proxy.fault({ match: 'BatchWriteItem', times: 1, do: resetAfter })
    proxy.fault({ match: 'BatchWriteItem', times: 2, do: throttling })
    proxy.fault({ match: 'Scan', times: 2, do: provisionedThroughputExceeded })
    const result = await clearExpired({ ...options, clientConfig: { maxAttempts: 1 } })
    expect(result).toMatchObject({ scanned: 60, expired: 60, deleted: 60 })
    expect(await table.count()).toBe(0)
  })

  it('retries statements after temporary errors', async () => {
    await plant(
      table,
      keys('old', 50).map((key) => itemEnding(key, LONG_AGO)),
    )
    const fates = [
      'ProvisionedThroughputExceeded',
      'ConditionalCheckFailed',
      'InternalServerError',
      undefined,
    ]
    let round = 0
    proxy.fault({
      match: 'BatchExecuteStatement',
      do({ call, reply }) {
        round++
        const Responses = (call.body.Statements as object[]).map((_, index) => {
          const Code = round === 1 ? fates[index % 4] : undefined
          return Code === undefined ? { TableName: table.table } : { Error: { Code, Message: 'no' } }
        })
        const ConsumedCapacity = [{ TableName: table.table, CapacityUnits: 7 }]
        const body = Buffer.from(JSON.stringify({ Responses, ConsumedCapacity }))
        reply({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body })
      },
    })
    const result = await clearExpired({ ...options, conditional: true, segments: 1 })
    expect(
      proxy.calls.flatMap(({ body }) => (body.Statements as object[] | undefined)?.length ?? []),
    ).toEqual([25, 13, 25])
    expect(result).toMatchObject({ expired: 50, deleted: 44 })
    expect(result.units).toBeGreaterThan(3 * 7)
    expect(proxy.calls.at(-1)?.body.Statements[0]).toEqual({
      Statement:
        `DELETE FROM "${table.table}" WHERE "session_key" = ? ` +
        'AND ("expire_date" <= ? OR ("expire_date" > 100000000000 AND "expire_date" <= ?))',
      Parameters: [
        { S: expect.stringMatching(/^old/) },
        { N: expect.any(String) },
        { N: expect.any(String) },
      ],
    })
  })

  it('stops at a statement with a permanent error', async () => {
    await plant(table, [itemEnding('old', LONG_AGO)])
    proxy.fault({
      match: 'BatchExecuteStatement',
      do({ reply }) {
        const body = Buffer.from('{"Responses":[{"Error":{"Code":"ResourceNotFound","Message":"no"}}]}')
        reply({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body })
      },
    })
    const run = clearExpired({ ...options, conditional: true })
    await expect(run).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  })

  it('uses the endpoint’s clock if this machine’s clock is ahead, with and without the right DescribeTable', async () => {
    await plant(table, [
      ...keys('old', 5).map((key) => itemEnding(key, -100)),
      ...keys('soon', 5).map((key) => itemEnding(key, 600)),
    ])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    expect(await clearExpired({ ...options, dryRun: true })).toMatchObject({ expired: 5 })
    proxy.fault({ match: 'DescribeTable', do: accessDenied })
    const steps: DynamoDBClearExpiredProgress[] = []
    const onProgress = (step: DynamoDBClearExpiredProgress): void => void steps.push(step)
    expect(await clearExpired({ ...options, onProgress })).toMatchObject({ deleted: 5 })
    expect(steps.at(-1)).not.toHaveProperty('timeLeft')
    expect(await table.count()).toBe(5)
  })

  it('waits for requests in flight when aborted, and sends no new one', async () => {
    await plant(
      table,
      keys('old', 200).map((key) => itemEnding(key, LONG_AGO)),
    )
    const held = hold()
    proxy.fault({ match: 'BatchWriteItem', do: held })
    const stop = new AbortController()
    const resume: Partial<ClearExpiredState> = {}
    const run = clearExpired({ ...options, signal: stop.signal, resume })
    await held.reached(4)
    stop.abort(new Error('enough'))
    await sleep(20)
    held.release()
    await expect(run).rejects.toThrow('enough')
    expect(proxy.count('BatchWriteItem')).toBe(4)
    expect(resume.deleted).toBe(200 - (await table.count()))
    expect(resume.deleted).toBeGreaterThan(0)
    await expect(clearExpired({ ...options, signal: stop.signal })).rejects.toThrow('enough')
  })

  it('keeps its progress when it fails', async () => {
    await plant(
      table,
      keys('old', 200).map((key) => itemEnding(key, LONG_AGO)),
    )
    proxy.fault({
      match: ({ operation, index }) => operation === 'BatchWriteItem' && index > 4,
      do: accessDenied,
    })
    const resume: Partial<ClearExpiredState> = {}
    await expect(clearExpired({ ...options, resume })).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(resume.deleted).toBe(200 - (await table.count()))
    proxy.reset()
    expect(await clearExpired({ ...options, resume })).toMatchObject({ expired: 200, deleted: 200 })
  })

  it('fails at once if the endpoint never answered', async () => {
    proxy.fault({ do: internalServerError })
    const run = clearExpired({ ...options, clientConfig: { maxAttempts: 1 } })
    await expect(run).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(proxy.count()).toBe(1)
  })

  it('refuses the progress of another run', async () => {
    const resume: Partial<ClearExpiredState> = {}
    await clearExpired({ ...options, resume, segments: 2 })
    for (const [other, message] of [
      [{ table: 'another' }, /its table is ".+", and now it is "another"/],
      [{ base: 'app' }, /its base is "", and now it is "app:"/],
      [{ dryRun: true }, /its dryRun is false/],
      [{ attributes: { expires: 'ends' } }, /its expiresAttribute/],
      [{ region: 'eu-west-1' }, /its region/],
      [{ segments: 4 }, /option `segments` cannot change: the run to resume has 2/],
    ] as const) {
      const run = clearExpired({ ...options, ...other, resume: structuredClone(resume) })
      await expect(run).rejects.toThrow(message)
    }
    for (const nonsense of [
      { deleted: 1 },
      { ...resume, segments: [] },
      { ...resume, segments: [{ after: 5 }] },
      { ...resume, segments: [null] },
      { ...resume, deleted: -1 },
      { ...resume, units: '5' },
      { ...resume, target: null },
    ]) {
      const run = clearExpired({ ...options, resume: nonsense as Partial<ClearExpiredState> })
      await expect(run).rejects.toThrow(
        'option `resume` must be the state of an earlier run, or an empty object',
      )
    }
  })

  it.each([
    ['grace', -1],
    ['grace', Number.NaN],
    ['maxCapacity', 0],
    ['segments', 0],
    ['segments', 1.5],
    ['segments', 1001],
    ['conditional', 'yes'],
    ['dryRun', 1],
    ['resume', null],
    ['resume', 'file'],
    ['onProgress', true],
    ['signal', {}],
    ['graze', 1],
  ])('refuses the option %s: %o', async (name, value) => {
    const run = clearExpired({ ...options, [name]: value })
    await expect(run).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`option \`${name}\``),
    })
    expect(proxy.count()).toBe(0)
  })
})

import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { startProxy } from '../support/proxy/proxy.ts'
import { describeTransports } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

const START = 1_900_000_000_000

describeTransports('what sessions need beyond unstorage', (engine, transport) => {
  let indexed: TestTable
  let indexedInFull: TestTable
  let plain: TestTable
  beforeAll(async () => {
    indexed = await createTestTable(engine, { userIndex: true, transport })
    indexedInFull = await createTestTable(engine, { userIndex: 'ALL', transport })
    plain = await createTestTable(engine, { transport })
  })
  afterAll(() => Promise.all([indexed.drop(), indexedInFull.drop(), plain.drop()]))
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  const keysOf = async (driver: DynamoDBDriver, user: string, liveAt?: number): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of driver.listUser(user, liveAt === undefined ? {} : { liveAt })) keys.push(key)
    return keys.toSorted()
  }

  it.each([
    ['from an index of keys', () => indexed, ['Query', 'BatchGetItem']],
    ['from an index of whole items', () => indexedInFull, ['Query']],
    ['by a scan if there is no index', () => plain, ['Query', 'Scan']],
  ])('lists the live items of an owner %s', async (_, tableOf, requests) => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const table = tableOf()
    const proxy = await startProxy(engine.endpoint)
    const driver = dynamodb({ ...table.options, endpoint: proxy.url, base: 'app' })
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    await driver.setItems(
      Array.from({ length: 60 }, (_, i) => ({
        key: `s${i}`,
        value: 'x'.repeat(30_000),
        options: { user: i % 2 ? 'ada' : 'bob', ttl: i < 50 ? 1000 : 10 },
      })),
    )
    await driver.setItem('nobody', 'x')
    const other = dynamodb({ ...table.options, base: 'other' })
    await other.setItem('s1', 'x', { user: 'ada' })
    await table.put({
      session_key: { S: 'app:odd' },
      user: { S: 'ada' },
      data: { N: '5' },
      expire_date: { N: '1900000999' },
    })
    vi.setSystemTime(START + 10_000)
    const expected = Array.from({ length: 50 }, (_, i) => i).filter((i) => i % 2)
    expect(await keysOf(driver, 'ada')).toEqual(expected.map((i) => `s${i}`).toSorted())
    expect(await keysOf(driver, 'nobody')).toEqual([])
    // An index that lags shows as over what was lengthened a moment ago.
    expect(await keysOf(driver, 'ada', START + 9000)).toHaveLength(30)
    const before = proxy.calls.length
    for await (const { value } of driver.listUser('ada')) expect(value).toHaveLength(30_000)
    expect(new Set(proxy.calls.slice(before).map((call) => call.operation))).toEqual(new Set(requests))
    expect(warn.mock.calls.flat().join()).toMatch(
      !requests.includes('Scan') ? /^$/ : /^\[unsession\] table `[^`]+` has no index `user-index`[^[]+$/,
    )
    await Promise.all([driver.clear(), other.clear()])
    await Promise.all([driver.dispose(), other.dispose(), proxy.stop()])
  })

  it('deletes only items with its base that have been expired for longer than the grace period', async () => {
    const driver = dynamodb({ ...plain.options, base: 'app' })
    const other = dynamodb({ ...plain.options, base: 'other' })
    vi.useFakeTimers({ toFake: ['Date'], now: START })
    await driver.setItems(
      Array.from({ length: 130 }, (_, i) => ({
        key: `k${i}`,
        value: 'x',
        options: { ttl: i < 100 ? 10 : 11 },
      })),
    )
    await driver.setItem('forever', 'x')
    await other.setItem('k', 'x', { ttl: 10 })
    vi.setSystemTime(START + 69_999)
    expect(await driver.clearExpired()).toMatchObject({ scanned: 132, expired: 0, deleted: 0 })
    vi.setSystemTime(START + 70_000)
    const progress: number[] = []
    const result = await driver.clearExpired({ onProgress: ({ deleted }) => progress.push(deleted) })
    expect(result).toMatchObject({ scanned: 132, expired: 100, deleted: 100 })
    expect(progress.at(-1)).toBe(100)
    expect(await plain.count()).toBe(32)
    expect(await driver.clearExpired({ grace: 0 })).toMatchObject({ deleted: 30 })
    expect(await driver.getKeys()).toEqual(['forever'])
    expect(await plain.count()).toBe(2)
    await expect(driver.clearExpired({ grace: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(driver.clearExpired({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
    await Promise.all([driver.clear(), other.clear()])
    await Promise.all([driver.dispose(), other.dispose()])
  })
})

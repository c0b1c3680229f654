import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { describeTransports } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

// A whole second, so that boundaries are exact.
const START = 1_900_000_000_000

async function keysOf(items: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of items) keys.push(key)
  return keys
}

describeTransports('expiry', (engine, transport) => {
  let table: TestTable
  let driver: DynamoDBDriver
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    driver = dynamodb(table.options)
    vi.useFakeTimers({ toFake: ['Date'], now: START })
  })
  afterEach(async () => {
    vi.setSystemTime(START)
    await driver.clear()
  })
  afterAll(async () => {
    vi.useRealTimers()
    await driver.dispose()
    await table.drop()
  })

  it('is alive at 59.999 s and gone at 60 s, in every method', async () => {
    await driver.setItem('k', 'x', { ttl: 60, ifVersion: null })
    expect((await table.get('k'))?.expire_date).toEqual({ N: String(START / 1000 + 60) })

    vi.setSystemTime(START + 59_999)
    expect(await driver.getItem('k')).toBe('x')
    expect(await driver.getItemRaw('k')).toBe('x')
    expect(await driver.hasItem('k')).toBe(true)
    expect(await driver.getItems([{ key: 'k' }])).toEqual([{ key: 'k', value: 'x' }])
    expect(await driver.getKeys()).toEqual(['k'])
    expect(await driver.getMeta('k')).toMatchObject({ ttl: 0 })
    await expect(driver.setItem('k', 'y', { ifVersion: null })).rejects.toMatchObject({ code: 'CONFLICT' })

    vi.setSystemTime(START + 60_000)
    expect(await driver.getItem('k')).toBeNull()
    expect(await driver.getItemRaw('k')).toBeNull()
    expect(await driver.hasItem('k')).toBe(false)
    expect(await driver.getItems([{ key: 'k' }])).toEqual([{ key: 'k', value: null }])
    expect(await driver.getKeys()).toEqual([])
    expect(await driver.getMeta('k')).toBeNull()
    await expect(driver.setItem('k', 'y', { ifVersion: 1 })).rejects.toMatchObject({ current: null })
    await expect(driver.removeItem('k', { ifVersion: 1 })).rejects.toMatchObject({ current: null })
    await driver.setItem('k', 'new', { ifVersion: null })
    expect(await driver.getItem('k')).toBe('new')
  })

  it('rounds a fraction of a second up', async () => {
    await driver.setItem('k', 'x', { ttl: 0.2 })
    vi.setSystemTime(START + 999)
    expect(await driver.hasItem('k')).toBe(true)
    vi.setSystemTime(START + 1000)
    expect(await driver.hasItem('k')).toBe(false)
  })

  it('never expires early when written between two seconds', async () => {
    vi.setSystemTime(START + 1)
    await driver.setItem('k', 'x', { ttl: 60 })
    vi.setSystemTime(START + 60_999)
    expect(await driver.hasItem('k')).toBe(true)
    vi.setSystemTime(START + 61_000)
    expect(await driver.hasItem('k')).toBe(false)
  })

  it('treats an item with a ttl of 0 as expired, not as unlimited', async () => {
    await driver.setItem('k', 'x', { ttl: 0 })
    expect(await driver.hasItem('k')).toBe(false)
    expect(await table.count()).toBe(1)
  })

  it('reports whether a delete removed a live item', async () => {
    await driver.setItem('k', 'x', { ttl: 60 })
    vi.setSystemTime(START + 60_000)
    expect(await driver.deleteItem('k')).toBe(false)
    expect(await table.count()).toBe(0)
  })

  it('clears expired items too', async () => {
    await driver.setItem('a:k', 'x', { ttl: 60 })
    vi.setSystemTime(START + 60_000)
    await driver.clear('a')
    expect(await table.count()).toBe(0)
  })

  it('applies the default ttl, which an own one overrides', async () => {
    const short = dynamodb({ ...table.options, ttl: 10 })
    await short.setItem('default', 'x')
    await short.setItem('own', 'x', { ttl: 20 })
    await short.setItems([{ key: 'batch', value: 'x' }])
    vi.setSystemTime(START + 10_000)
    expect(await short.getKeys()).toEqual(['own'])
    await short.dispose()
  })

  it('reads an expiry in milliseconds, as other software writes it, in every operation', async () => {
    const put = (key: string, end: number) =>
      table.put({
        session_key: { S: key },
        data: { S: key },
        expire_date: { N: String(end) },
        version: { N: '1' },
        user: { S: 'ada' },
      })
    await put('live', START + 60_000)
    await put('over', START)
    expect(await driver.getItem('live')).toBe('live')
    expect(await driver.getItem('over')).toBeNull()
    expect(await driver.getItems([{ key: 'live' }, { key: 'over' }])).toMatchObject([
      { value: 'live' },
      { value: null },
    ])
    expect(await driver.getMeta('live')).toMatchObject({ ttl: 60 })
    expect(await driver.getKeys()).toEqual(['live'])
    expect(await keysOf(driver.listUser('ada'))).toEqual(['live'])
    await expect(driver.setItem('live', 'x', { ifVersion: null })).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(driver.setItem('over', 'x', { ifVersion: 1 })).rejects.toMatchObject({ current: null })
    await driver.setItem('over', 'new', { ifVersion: null, ttl: 60 })
    await driver.setItem('live', 'y', { ifVersion: 1 })
    await put('live', START + 60_000)
    expect(await driver.deleteItem('live', { ifVersion: 1 })).toBe(true)
    for (const conditional of [false, true]) {
      await put('old', START - 120_000)
      await put('recent', START - 30_000)
      await put('live', START + 60_000)
      expect(await driver.clearExpired({ conditional })).toMatchObject({ expired: 1, deleted: 1 })
      expect(await table.count()).toBe(3)
    }
  })

  it('limits the expiry of a very long time to live to the year 5138', async () => {
    await driver.setItem('k', 'x', { ttl: 1e12 })
    expect(await driver.getItem('k')).toBe('x')
    expect((await table.get('k'))?.expire_date).toEqual({ N: '100000000000' })
  })
})

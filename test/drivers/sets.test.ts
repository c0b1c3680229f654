import { afterAll, beforeAll, expect, it } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/index.ts'
import { describeTransports } from '../support/transports.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'

describeTransports('sets of strings in an item', (engine, transport) => {
  let table: TestTable
  let drivers: DynamoDBDriver[]
  const later = Date.now() + 600_000
  // Long, because a busy machine is slow. These tests cover conflicts, not timeouts.
  const timeout = { request: 50_000 }

  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    drivers = ['', 'app'].map((base) => dynamodb({ ...table.options, base, timeout }))
  })
  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.dispose()))
    await table.drop()
  })

  it('accept strings from parallel writers, and return their content', async () => {
    const [driver] = drivers as [DynamoDBDriver]
    const names = Array.from({ length: 20 }, (_, i) => `n${i}`)
    const answers = await Promise.all(
      names.map((name) => driver.addToSets('all', { bindings: [name] }, later)),
    )
    for (const [index, { bindings }] of answers.entries()) expect(bindings).toContain(names[index])
    await driver.addToSets('all', { bindings: ['n0'], marks: ['m'] }, later)
    const { bindings = [], marks } = await driver.getSets('all')
    expect([bindings.toSorted(), marks]).toEqual([names.toSorted(), ['m']])
    expect(await driver.getSets('none')).toEqual({})
  })

  it('are read by getItem as an empty object, also with a base', async () => {
    for (const driver of drivers) {
      await driver.addToSets('plain', { bindings: ['a'] }, later)
      expect(await driver.getItem('plain')).toBe('{}')
      expect((await driver.getMeta('plain'))?.ttl).toBeGreaterThan(500)
      await driver.addToSets('over', { bindings: ['a'] }, Date.now() - 1000)
      expect(await driver.getItem('over')).toBeNull()
    }
    expect(await drivers[1]?.getSets('all')).toEqual({})
  })

  it(
    'accept 100 parallel sign-ins of one user on four instances, and sign-out everywhere finds all of them',
    { timeout: 120_000 },
    async () => {
      const own = [0, 1, 2, 3].map(() => dynamodb({ ...table.options, timeout }))
      const stores = own.map((storage) => createSessionStore({ storage }))
      const signIns = stores.flatMap((store, n) =>
        Array.from({ length: 25 }, (_, i) => store.create({ id: `s${n}-${i}`, data: {}, user: 'ada' })),
      )
      expect((await Promise.allSettled(signIns)).filter(({ status }) => status === 'rejected')).toEqual([])
      expect(await stores[0]?.destroyAll({ user: 'ada' })).toBe(100)
      const left: string[] = []
      for await (const { id } of createSessionStore({ storage: own[1]! }).list({ user: 'ada' })) left.push(id)
      expect(left).toEqual([])
      await Promise.all(own.map((driver) => driver.dispose()))
    },
  )
})

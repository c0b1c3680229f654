import {
  CreateTableCommand,
  DeleteTableCommand,
  PutItemCommand,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { describeTransports } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

describeTransports('a table with a sort key', (engine, transport) => {
  let base: TestTable
  let name: string
  let driver: DynamoDBDriver
  const past = Math.floor(Date.now() / 1000) - 3600
  beforeAll(async () => {
    base = await createTestTable(engine, { transport })
    name = `${base.table}-single`
    const text = (attribute: string) => ({ AttributeName: attribute, AttributeType: 'S' }) as const
    await base.client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'PK', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [text('PK'), text('SK')],
      }),
    )
    await waitUntilTableExists({ client: base.client, maxWaitTime: 10, minDelay: 1 }, { TableName: name })
    driver = dynamodb({
      ...base.options,
      table: name,
      attributes: { key: 'PK', sort: { name: 'SK', value: 'SESSION' } },
    })
    // Items of other software, with the same partition keys, expired and live, of the same user.
    for (let i = 0; i < 8; i++) {
      await base.client.send(
        new PutItemCommand({
          TableName: name,
          Item: {
            PK: { S: `k${i}` },
            SK: { S: i % 2 === 0 ? 'ORDER#1' : 'ZONE' },
            data: { S: 'foreign' },
            user: { S: 'ada' },
            version: { N: '1' },
            expire_date: { N: String(past) },
          },
        }),
      )
    }
  })
  afterAll(async () => {
    await driver.dispose()
    await base.client.send(new DeleteTableCommand({ TableName: name }))
    await base.drop()
  })
  const foreign = async (): Promise<number> => {
    const { Items = [] } = await base.client.send(new ScanCommand({ TableName: name, ConsistentRead: true }))
    return Items.filter(({ SK }) => SK?.S !== 'SESSION').length
  }

  it('is used with the constant sort value in every operation, and other items are left alone', async () => {
    const keys = Array.from({ length: 5 }, (_, i) => `k${i}`)
    await driver.setItem('k0', 'a', { ifVersion: null, user: 'ada', ttl: 60 })
    await driver.setItem('k0', 'b', { ifVersion: 1, user: 'ada', ttl: 60 })
    await driver.setItem('k0', 'c', { ifVersion: 2, version: 2, user: 'ada', ttl: 60 })
    await driver.setItems(keys.slice(1).map((key) => ({ key, value: key, options: { ttl: 60 } })))
    expect(await driver.getItem('k0')).toBe('c')
    expect(await Promise.all(keys.slice(1).map((key) => driver.getItem(key)))).toEqual(keys.slice(1))
    expect(await driver.getItems([{ key: 'k1' }, { key: 'k7' }])).toMatchObject([
      { value: 'k1' },
      { value: null },
    ])
    expect(await driver.getMeta('k0')).toMatchObject({ version: 2 })
    await expect(driver.setItem('k0', 'x', { ifVersion: null })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect((await driver.getKeys()).toSorted()).toEqual(keys)
    const expiresAt = Date.now() + 60_000
    expect(await driver.addToSets('sets', { members: ['b'] }, expiresAt)).toEqual({ members: ['b'] })
    expect(await driver.getSets('sets')).toEqual({ members: ['b'] })
    const owned: string[] = []
    for await (const { key } of driver.listUser('ada')) owned.push(key)
    expect(owned).toEqual(['k0'])
    expect(await driver.deleteItem('k0', { ifVersion: 2 })).toBe(true)
    expect(await driver.getItem('k0')).toBeNull()

    for (const conditional of [false, true]) {
      await driver.setItem('gone', 'x', { ttl: 0 })
      expect(await driver.clearExpired({ grace: 0, conditional, maxCapacity: 50 })).toMatchObject({
        deleted: 1,
      })
    }
    await driver.clear()
    expect(await driver.getKeys()).toEqual([])
    expect(await foreign()).toBe(8)
  })
})

import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { awsError, validation } from '../support/proxy/aws-errors.ts'
import { jsonAnswer } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeTransports } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810'

describeTransports('what an error of DynamoDB is reported as', (engine, transport) => {
  let table: TestTable
  let proxy: Proxy
  let driver: DynamoDBDriver
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    proxy = await startProxy(engine.endpoint)
    driver = dynamodb({ ...table.options, endpoint: proxy.url })
  })
  afterEach(() => {
    proxy.reset()
    vi.unstubAllEnvs()
  })
  afterAll(async () => {
    await driver.dispose()
    await proxy.stop()
    await table.drop()
  })

  it.each([
    'TransactionConflictException',
    'TransactionInProgressException',
    'ReplicatedWriteConflictException',
  ])('retries %s, and then reports it as unavailable', async (name) => {
    const busy = awsError(400, `${DYNAMODB}#${name}`, 'Transaction is ongoing for the item')
    proxy.fault({ times: 1, do: busy })
    await driver.setItem(`once ${name}`, 'x', { ifVersion: null })
    proxy.reset()
    proxy.fault({ do: busy })
    await expect(driver.setItem('always', 'x', { ifVersion: null })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      status: 503,
      message: expect.stringContaining(name),
    })
    expect(proxy.count()).toBeGreaterThan(1)
  })

  it('keeps name and message of an unknown exception, without the key', async () => {
    proxy.fault({ do: awsError(400, `${DYNAMODB}#PolicyNotFoundException`, 'no policy for secret-key here') })
    await expect(driver.setItem('secret-key', 'x')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('PolicyNotFoundException: no policy for … here'),
    })
  })

  it('does not report a refused request of clearExpired as an outage', async () => {
    proxy.fault({ do: validation('1 validation error detected') })
    await expect(driver.clearExpired()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    proxy.reset()
    const odd = {
      __type: `com.amazon.coral.validate#ValidationException`,
      message: 'no',
      code: 'ValidationException',
    }
    proxy.fault({ do: (exchange) => exchange.reply(jsonAnswer(400, odd)) })
    await expect(driver.clearExpired()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it.each([
    [
      'TableReadProvisionedThroughputExceeded',
      /^\S+ table `test-\w+` throttled \w+, reads: the provisioned capacity/,
    ],
    [
      'TableWriteKeyRangeThroughputExceeded',
      /table `test-\w+` throttled \w+, writes: one partition is too hot/,
    ],
    ['IndexWriteProvisionedThroughputExceeded', /an index of table `test-\w+` throttled \w+, writes/],
    ['TableReadMaxOnDemandThroughputExceeded', /the on-demand maximum is reached/],
    ['IndexReadAccountLimitExceeded', /quota/],
    ['SomethingNew', /raise its capacity/],
  ])('derives the cause of throttling from the reason %s', async (reason, message) => {
    const answer = {
      __type: `${DYNAMODB}#ProvisionedThroughputExceededException`,
      message: 'The level of configured provisioned throughput for the table was exceeded.',
      ThrottlingReasons: [{ reason, resource: 'arn:aws:dynamodb:eu-west-1:123456789012:table/x' }],
    }
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const once = dynamodb({ ...table.options, endpoint: proxy.url })
    proxy.fault({ do: (exchange) => exchange.reply(jsonAnswer(400, answer)) })
    for (const operation of [() => once.getItem('k'), () => once.setItem('k', 'x')]) {
      await expect(operation()).rejects.toMatchObject({
        code: 'THROTTLED',
        message: expect.stringMatching(message),
      })
    }
    await once.dispose()
  })

  it('recognises a table with a sort key by every operation', async () => {
    const name = `${table.table}-sorted`
    await table.client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'session_key', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'session_key', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
      }),
    )
    await waitUntilTableExists({ client: table.client, maxWaitTime: 10, minDelay: 1 }, { TableName: name })
    const other = dynamodb({ ...table.options, table: name })
    const operations = {
      getItem: () => other.getItem('k'),
      getItems: () => other.getItems([{ key: 'k' }]),
      setItem: () => other.setItem('k', 'x'),
      setItems: () => other.setItems([{ key: 'k', value: 'x' }]),
      'setItem at a version': () => other.setItem('k', 'x', { ifVersion: 1 }),
      'setItem at its version': () => other.setItem('k', 'x', { ifVersion: 1, version: 1 }),
      removeItem: () => other.removeItem('k'),
    }
    for (const [operation, run] of Object.entries(operations)) {
      const outcome = await run().then(
        () => 'done',
        (error: { code?: string; message: string }) => `${error.code}`,
      )
      expect([operation, outcome]).toEqual([operation, 'SCHEMA_MISMATCH'])
    }
    await other.dispose()
    await table.client.send(new DeleteTableCommand({ TableName: name }))
  })
})

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import type { AttributeValue, CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { inject } from 'vitest'
import type { EngineInfo } from './engines.ts'

/** An item in DynamoDB JSON. */
export type Item = Record<string, AttributeValue>

export interface TestTable {
  table: string
  /** The driver's options for this table. */
  options: Pick<EngineInfo, 'endpoint' | 'region' | 'credentials'> & {
    table: string
    transport: 'sdk' | 'lean' | 'auto'
  }
  /** A plain client of the engine, for looking behind the driver's back; destroyed by `drop()`. */
  client: DynamoDBClient
  put(item: Item): Promise<void>
  get(key: string): Promise<Item | undefined>
  count(): Promise<number>
  drop(): Promise<void>
}

const ACTIVE_MS = 10_000

/**
 * Create a table of its own for a test and wait until it is active.
 *
 * @param engine - an engine, or anything with its endpoint, region and credentials
 * @param options - `key` (`session_key`): name of the partition key; `userIndex` (false): creates the index `user-index`, with
 * the projection KEYS_ONLY or the given one; `transport`: part of the driver's options. By default it is the driver's own default on
 * the first engine and `sdk` on the others, so that a suite on all engines runs on both transports
 */
export async function createTestTable(
  engine: Pick<EngineInfo, 'endpoint' | 'region' | 'credentials'>,
  options: {
    key?: string
    userIndex?: boolean | 'ALL'
    transport?: { option: 'sdk' | 'lean' | 'auto' }
  } = {},
): Promise<TestTable> {
  const { key = 'session_key', userIndex = false } = options
  const [, ...others] = inject('engines')
  const isOther = others.some((each) => each.endpoint === engine.endpoint)
  const transport = options.transport?.option ?? (isOther ? 'sdk' : 'auto')
  const { endpoint, region, credentials } = engine
  const table = `test-${randomBytes(8).toString('hex')}`
  const client = new DynamoDBClient({ endpoint, region, credentials })
  await client.send(new CreateTableCommand(definition(table, key, userIndex)))
  await active(client, table)

  return {
    table,
    options: { endpoint, region, credentials, table, transport },
    client,
    put: async (item) => void (await client.send(new PutItemCommand({ TableName: table, Item: item }))),
    async get(value) {
      const Key = { [key]: { S: value } }
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item
    },
    async count() {
      let total = 0
      let start: Item | undefined
      do {
        const page = await client.send(
          new ScanCommand({
            TableName: table,
            Select: 'COUNT',
            ConsistentRead: true,
            ExclusiveStartKey: start,
          }),
        )
        total += page.Count ?? 0
        start = page.LastEvaluatedKey
      } while (start)
      return total
    },
    async drop() {
      await client.send(new DeleteTableCommand({ TableName: table }))
      client.destroy()
    },
  }
}

function definition(table: string, key: string, userIndex: boolean | 'ALL'): CreateTableCommandInput {
  const string = (name: string) => ({ AttributeName: name, AttributeType: 'S' }) as const
  const hash = (name: string) => [{ AttributeName: name, KeyType: 'HASH' }] as const
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [...hash(key)],
    AttributeDefinitions: userIndex ? [string(key), string('user')] : [string(key)],
    ...(userIndex && {
      GlobalSecondaryIndexes: [
        {
          IndexName: 'user-index',
          KeySchema: [...hash('user')],
          Projection: { ProjectionType: userIndex === 'ALL' ? 'ALL' : 'KEYS_ONLY' },
        },
      ],
    }),
  }
}

async function active(client: DynamoDBClient, table: string): Promise<void> {
  for (const end = performance.now() + ACTIVE_MS; performance.now() < end; await sleep(10)) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
    const indexes = Table?.GlobalSecondaryIndexes ?? []
    if ([Table?.TableStatus, ...indexes.map((index) => index.IndexStatus)].every((s) => s === 'ACTIVE'))
      return
  }
  throw new Error(`table ${table} was not active within ${ACTIVE_MS / 1000} s`)
}

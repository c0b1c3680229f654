import type {
  KeySchemaElement,
  LocalSecondaryIndexDescription,
  TableDescription as SdkTable,
  TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb'
import type { Billing } from './options.ts'

/** An attribute that is part of a key. */
export interface KeyAttribute {
  name: string
  /** `S` string, `N` number, `B` binary. */
  type: string
}

export interface IndexDescription {
  name: string
  /** `ACTIVE`, `CREATING`, `UPDATING` or `DELETING`. */
  status: string
  hashKey: KeyAttribute
  sortKey?: KeyAttribute
  /** `ALL`, `KEYS_ONLY` or `INCLUDE`. */
  projection: string
}

export interface TimeToLive {
  /** `unsupported`: the endpoint knows no time to live. */
  status: 'enabled' | 'enabling' | 'disabled' | 'disabling' | 'unsupported'
  attribute?: string
}

/** What a table is made of, as DynamoDB says. */
export interface TableFacts {
  table: string
  arn?: string
  /** `ACTIVE`, `CREATING`, `UPDATING`, `DELETING` … */
  status: string
  hashKey: KeyAttribute
  sortKey?: KeyAttribute
  billing: Billing
  /** Number of items, up to six hours old. */
  itemCount: number
  /** Bytes, up to six hours old. */
  sizeBytes: number
  deletionProtection: boolean
  indexes: IndexDescription[]
  timeToLive: TimeToLive
}

/** DynamoDB's answers in this package's words. */
export function toFacts(
  table: string,
  described: SdkTable,
  timeToLive: TimeToLiveDescription | undefined,
): TableFacts {
  const types = new Map(
    described.AttributeDefinitions?.map((each) => [each.AttributeName, each.AttributeType]),
  )
  const keysOf = (schema: KeySchemaElement[] = []): Pick<IndexDescription, 'hashKey' | 'sortKey'> => {
    const find = (kind: string): KeyAttribute | undefined => {
      const name = schema.find((each) => each.KeyType === kind)?.AttributeName
      return name === undefined ? undefined : { name, type: types.get(name) ?? '?' }
    }
    const sortKey = find('RANGE')
    return { hashKey: find('HASH') ?? { name: '?', type: '?' }, ...(sortKey && { sortKey }) }
  }
  const toIndex = (index: LocalSecondaryIndexDescription, status: string | undefined): IndexDescription => ({
    name: index.IndexName ?? '?',
    status: status ?? 'UNKNOWN',
    ...keysOf(index.KeySchema),
    projection: index.Projection?.ProjectionType ?? '?',
  })
  return {
    table: described.TableName ?? table,
    ...(described.TableArn !== undefined && { arn: described.TableArn }),
    status: described.TableStatus ?? 'UNKNOWN',
    ...keysOf(described.KeySchema),
    billing: billingOf(described),
    itemCount: described.ItemCount ?? 0,
    sizeBytes: described.TableSizeBytes ?? 0,
    deletionProtection: described.DeletionProtectionEnabled ?? false,
    indexes: [
      ...(described.GlobalSecondaryIndexes ?? []).map((index) => toIndex(index, index.IndexStatus)),
      // A local index lives and dies with its table and has no status of its own.
      ...(described.LocalSecondaryIndexes ?? []).map((index) => toIndex(index, described.TableStatus)),
    ],
    timeToLive: toTimeToLive(timeToLive),
  }
}

/** What the table or one of its indexes is still busy with, in words; `undefined` once all of them are active. */
export function busyWith(described: SdkTable): string | undefined {
  if (described.TableStatus !== 'ACTIVE') return `table is ${described.TableStatus}`
  const index = described.GlobalSecondaryIndexes?.find((each) => each.IndexStatus !== 'ACTIVE')
  return index && `index \`${index.IndexName}\` is ${index.IndexStatus}`
}

function billingOf({ BillingModeSummary, ProvisionedThroughput }: SdkTable): Billing {
  if (BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') return 'on-demand'
  return {
    readUnits: ProvisionedThroughput?.ReadCapacityUnits ?? 0,
    writeUnits: ProvisionedThroughput?.WriteCapacityUnits ?? 0,
  }
}

const TIME_TO_LIVE = {
  ENABLED: 'enabled',
  ENABLING: 'enabling',
  DISABLED: 'disabled',
  DISABLING: 'disabling',
} as const

function toTimeToLive(described: TimeToLiveDescription | undefined): TimeToLive {
  if (described === undefined) return { status: 'unsupported' }
  const status = TIME_TO_LIVE[described.TimeToLiveStatus ?? 'DISABLED']
  return {
    status,
    ...(described.AttributeName !== undefined && { attribute: described.AttributeName }),
  }
}

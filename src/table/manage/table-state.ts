import type {
  KeySchemaElement,
  LocalSecondaryIndexDescription,
  TableDescription as SdkTable,
  TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import type { Billing } from './options.ts'

/** An attribute that is part of a key. */
export interface KeyAttribute {
  /** Name of the attribute. */
  name: string
  /** Type of the attribute: `S` string, `N` number, `B` binary. */
  type: string
}

/** A secondary index of a table. */
export interface IndexDescription {
  /** Name of the index. */
  name: string
  /** State of the index: `ACTIVE`, `CREATING`, `UPDATING` or `DELETING`. */
  status: string
  /** Partition key of the index. */
  partitionKey: KeyAttribute
  /** Sort key of the index, if it has one. */
  sortKey?: KeyAttribute
  /** The attributes that the index copies: `ALL`, `KEYS_ONLY` or `INCLUDE`. */
  projection: string
}

/** The table's setting for deleting expired items. */
export interface TimeToLive {
  /** State of the setting. `unsupported`: the endpoint has no time to live. */
  status: 'enabled' | 'enabling' | 'disabled' | 'disabling' | 'unsupported'
  /** The attribute with the expiry of an item. Not set while time to live is disabled. */
  attribute?: string
}

/** A table's keys, settings and size, as DynamoDB reports them. */
export interface TableState {
  /** Name of the table. */
  table: string
  /** ARN of the table. Not set by endpoints without ARNs. */
  arn?: string
  /** State of the table: `ACTIVE`, `CREATING`, `UPDATING`, `DELETING` … */
  status: string
  /** Partition key of the table. */
  partitionKey: KeyAttribute
  /** Sort key of the table, if it has one. */
  sortKey?: KeyAttribute
  /** Billing of reads and writes. */
  billing: Billing
  /** Number of items, up to six hours old. */
  itemCount: number
  /** Size of all items in bytes, up to six hours old. */
  sizeBytes: number
  /** Whether the table is protected from deletion. */
  deletionProtection: boolean
  /** Global and local secondary indexes. */
  indexes: IndexDescription[]
  /** Setting for deleting expired items. */
  timeToLive: TimeToLive
}

/** Converts DynamoDB's descriptions. @param timeToLive - `undefined` if the endpoint has no time to live */
export function toTableState(
  table: string,
  described: SdkTable,
  timeToLive: TimeToLiveDescription | undefined,
): TableState {
  const types = new Map(
    described.AttributeDefinitions?.map((each) => [each.AttributeName, each.AttributeType]),
  )
  const toKeys = (schema: KeySchemaElement[] = []): Pick<IndexDescription, 'partitionKey' | 'sortKey'> => {
    const find = (kind: string): KeyAttribute | undefined => {
      const name = schema.find((each) => each.KeyType === kind)?.AttributeName
      return name === undefined ? undefined : { name, type: types.get(name) ?? '?' }
    }
    const sortKey = find('RANGE')
    return { partitionKey: find('HASH') ?? { name: '?', type: '?' }, ...(sortKey && { sortKey }) }
  }
  const toIndex = (index: LocalSecondaryIndexDescription, status: string | undefined): IndexDescription => ({
    name: index.IndexName ?? '?',
    status: status ?? 'UNKNOWN',
    ...toKeys(index.KeySchema),
    projection: index.Projection?.ProjectionType ?? '?',
  })
  return {
    table: described.TableName ?? table,
    ...(described.TableArn !== undefined && { arn: described.TableArn }),
    status: described.TableStatus ?? 'UNKNOWN',
    ...toKeys(described.KeySchema),
    billing: toBilling(described),
    itemCount: described.ItemCount ?? 0,
    sizeBytes: described.TableSizeBytes ?? 0,
    deletionProtection: described.DeletionProtectionEnabled ?? false,
    indexes: [
      ...(described.GlobalSecondaryIndexes ?? []).map((index) => toIndex(index, index.IndexStatus)),
      // A local index is created and deleted with its table, and has no status of its own.
      ...(described.LocalSecondaryIndexes ?? []).map((index) => toIndex(index, described.TableStatus)),
    ],
    timeToLive: toTimeToLive(timeToLive),
  }
}

/**
 * Returns a sentence about the cost of the index `user-index`, if it copies more than keys.
 *
 * DynamoDB writes an index entry again when one of its attributes changes. Source: DynamoDB developer guide, "Provisioned
 * throughput considerations for global secondary indexes".
 */
export function indexNotes({ table, indexes }: TableState): string[] {
  const index = indexes.find(({ name }) => name === USER_INDEX)
  if (index === undefined || index.projection === 'KEYS_ONLY') return []
  return [
    `index \`${USER_INDEX}\` has the projection ${index.projection}: each save and each touch of a session with a user is ` +
      'paid for twice. With KEYS_ONLY only the first write is. To change it, delete the index ' +
      `(\`${deleteIndexCommand(table)}\`) and run \`npx unsession table create --table ${table}\``,
  ]
}

/** Returns the command that deletes the index `user-index`. */
export function deleteIndexCommand(table: string): string {
  const updates = `[{"Delete":{"IndexName":"${USER_INDEX}"}}]`
  return `aws dynamodb update-table --table-name ${table} --global-secondary-index-updates '${updates}'`
}

/** Returns the first unfinished state of the table and its indexes; `undefined` if all are active. */
export function busyWith(described: SdkTable): string | undefined {
  if (described.TableStatus !== 'ACTIVE') return `table is ${described.TableStatus}`
  const index = described.GlobalSecondaryIndexes?.find((each) => each.IndexStatus !== 'ACTIVE')
  return index && `index \`${index.IndexName}\` is ${index.IndexStatus}`
}

function toBilling({ BillingModeSummary, ProvisionedThroughput }: SdkTable): Billing {
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

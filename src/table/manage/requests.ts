import type {
  AttributeDefinition,
  CreateTableCommandInput,
  GlobalSecondaryIndex,
  KeySchemaElement,
  ProvisionedThroughput,
  Tag,
  TagResourceCommandInput,
  UpdateContinuousBackupsCommandInput,
  UpdateTableCommandInput,
  UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../../../drivers/dynamodb/attributes.ts'
import type { Billing, ResolvedTable } from './options.ts'

/** What a table to be asked for is made of. */
export type TableSettings = Pick<
  ResolvedTable,
  'table' | 'attributes' | 'billing' | 'userIndex' | 'deletionProtection' | 'tags'
>

/** The whole table in one request: key, index, billing, protection and tags. */
export function createTableRequest(settings: TableSettings): CreateTableCommandInput {
  const { table, attributes, billing = 'on-demand', userIndex, deletionProtection, tags } = settings
  return {
    TableName: table,
    KeySchema: [hashKey(attributes.key)],
    AttributeDefinitions: userIndex
      ? [string(attributes.key), string(attributes.user)]
      : [string(attributes.key)],
    BillingMode: billing === 'on-demand' ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...throughput(billing),
    ...(userIndex && { GlobalSecondaryIndexes: [index(attributes.user, billing)] }),
    ...(deletionProtection && { DeletionProtectionEnabled: true }),
    ...(Object.keys(tags).length > 0 && { Tags: toTags(tags) }),
  }
}

/** Add the index by user to a table that has the given billing. */
export function addIndexRequest(
  { table, attributes }: Pick<TableSettings, 'table' | 'attributes'>,
  billing: Billing,
): UpdateTableCommandInput {
  return {
    TableName: table,
    AttributeDefinitions: [string(attributes.key), string(attributes.user)],
    GlobalSecondaryIndexUpdates: [{ Create: index(attributes.user, billing) }],
  }
}

export function timeToLiveRequest({
  table,
  attributes,
}: Pick<TableSettings, 'table' | 'attributes'>): UpdateTimeToLiveCommandInput {
  return {
    TableName: table,
    TimeToLiveSpecification: { Enabled: true, AttributeName: attributes.expires },
  }
}

export function pointInTimeRecoveryRequest(table: string): UpdateContinuousBackupsCommandInput {
  return {
    TableName: table,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  }
}

export function deletionProtectionRequest(table: string): UpdateTableCommandInput {
  return { TableName: table, DeletionProtectionEnabled: true }
}

/** The tags of `wanted` that the table does not have yet; `null` when there is nothing to do. */
export function tagRequest(
  arn: string,
  wanted: Record<string, string>,
  found: readonly Tag[],
): TagResourceCommandInput | null {
  const values = new Map(found.map(({ Key, Value }) => [Key, Value]))
  const missing = toTags(wanted).filter(({ Key, Value }) => values.get(Key) !== Value)
  return missing.length === 0 ? null : { ResourceArn: arn, Tags: missing }
}

function index(user: string, billing: Billing): GlobalSecondaryIndex {
  return {
    IndexName: USER_INDEX,
    KeySchema: [hashKey(user)],
    Projection: { ProjectionType: 'ALL' },
    ...throughput(billing),
  }
}

function throughput(billing: Billing): { ProvisionedThroughput?: ProvisionedThroughput } {
  if (billing === 'on-demand') return {}
  return {
    ProvisionedThroughput: { ReadCapacityUnits: billing.readUnits, WriteCapacityUnits: billing.writeUnits },
  }
}

function hashKey(name: string): KeySchemaElement {
  return { AttributeName: name, KeyType: 'HASH' }
}

function string(name: string): AttributeDefinition {
  return { AttributeName: name, AttributeType: 'S' }
}

function toTags(tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

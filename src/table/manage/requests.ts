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
import { type Attributes, USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import type { Billing, ResolvedTable } from './options.ts'

/** The settings of a table that a request for a new table contains. */
export type TableSettings = Pick<
  ResolvedTable,
  'table' | 'attributes' | 'billing' | 'userIndex' | 'deletionProtection' | 'tags'
>

/** Returns the request for a new table: key, index, billing, protection and tags. */
export function createTableRequest(settings: TableSettings): CreateTableCommandInput {
  const { table, attributes, billing = 'on-demand', userIndex, deletionProtection, tags } = settings
  const { key, sort, user } = attributes
  return {
    TableName: table,
    KeySchema: [partitionKey(key), ...(sort ? [sortKey(sort.name)] : [])],
    AttributeDefinitions: keyNames(attributes, userIndex ? [user] : []).map(stringAttribute),
    BillingMode: billing === 'on-demand' ? 'PAY_PER_REQUEST' : 'PROVISIONED',
    ...throughput(billing),
    ...(userIndex && { GlobalSecondaryIndexes: [index(user, billing)] }),
    ...(deletionProtection && { DeletionProtectionEnabled: true }),
    ...(Object.keys(tags).length > 0 && { Tags: toTags(tags) }),
  }
}

/** Returns the request that adds the index `user-index`. @param billing - the existing table's */
export function addIndexRequest(
  { table, attributes }: Pick<TableSettings, 'table' | 'attributes'>,
  billing: Billing,
): UpdateTableCommandInput {
  return {
    TableName: table,
    AttributeDefinitions: keyNames(attributes, [attributes.user]).map(stringAttribute),
    GlobalSecondaryIndexUpdates: [{ Create: index(attributes.user, billing) }],
  }
}

/** Returns the names of the table's key attributes, and of `more`. */
export function keyNames({ key, sort }: Attributes, more: readonly string[] = []): string[] {
  return [key, ...(sort ? [sort.name] : []), ...more]
}

/** Returns the request that enables time to live. */
export function timeToLiveRequest({
  table,
  attributes,
}: Pick<TableSettings, 'table' | 'attributes'>): UpdateTimeToLiveCommandInput {
  return {
    TableName: table,
    TimeToLiveSpecification: { Enabled: true, AttributeName: attributes.expires },
  }
}

/** Returns the request that enables point-in-time recovery. */
export function pointInTimeRecoveryRequest(table: string): UpdateContinuousBackupsCommandInput {
  return {
    TableName: table,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  }
}

/** Returns the request that enables deletion protection. */
export function deletionProtectionRequest(table: string): UpdateTableCommandInput {
  return { TableName: table, DeletionProtectionEnabled: true }
}

/** Returns the request that adds the tags of `wanted` that the table lacks; `null` if it lacks none. */
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
    KeySchema: [partitionKey(user)],
    Projection: { ProjectionType: 'KEYS_ONLY' },
    ...throughput(billing),
  }
}

function throughput(billing: Billing): { ProvisionedThroughput?: ProvisionedThroughput } {
  if (billing === 'on-demand') return {}
  return {
    ProvisionedThroughput: { ReadCapacityUnits: billing.readUnits, WriteCapacityUnits: billing.writeUnits },
  }
}

function partitionKey(name: string): KeySchemaElement {
  return { AttributeName: name, KeyType: 'HASH' }
}

function sortKey(name: string): KeySchemaElement {
  return { AttributeName: name, KeyType: 'RANGE' }
}

function stringAttribute(name: string): AttributeDefinition {
  return { AttributeName: name, AttributeType: 'S' }
}

function toTags(tags: Record<string, string>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

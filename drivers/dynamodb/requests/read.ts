import type {
  BatchGetItemCommandInput,
  BatchWriteItemCommandInput,
  GetItemCommandInput,
  WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { currentCall } from '../../utils/trace-context.ts'
import type { Attributes } from '../config/attributes.ts'
import { type Item, MAX_SECONDS } from '../model/item.ts'

/** Transaction options of a read. */
export interface ReadOptions {
  /** Makes this read strongly consistent, at twice the price. Default: the driver option `consistentRead`. */
  consistent?: boolean
}

/** Context of the functions that build requests. The driver's resolved options have this shape. */
export interface RequestContext {
  table: string
  attributes: Attributes
  /** Default time to live, seconds. */
  ttl?: number | undefined
  /** If set, requests ask DynamoDB for the consumed capacity. */
  onCapacity?: unknown
}

/** Maximum number of keys in one BatchGetItem. Source: DynamoDB API reference. */
export const MAX_BATCH_GET = 100
/** Maximum number of writes in one BatchWriteItem. Source: DynamoDB API reference. */
export const MAX_BATCH_WRITE = 25

/** Returns the primary key of an item: the partition key, and the constant sort key if the table has one. */
export function keyOf({ key: name, sort }: Attributes, key: string): Item {
  const item: Item = {}
  item[name] = { S: key }
  if (sort !== undefined) item[sort.name] = { S: sort.value }
  return item
}

export function getRequest(ctx: RequestContext, key: string, consistent: boolean): GetItemCommandInput {
  return {
    TableName: ctx.table,
    Key: keyOf(ctx.attributes, key),
    ...(consistent && { ConsistentRead: true }),
    ...capacity(ctx),
  }
}

export function batchGetRequest(
  ctx: RequestContext,
  keys: readonly string[],
  consistent: boolean,
): BatchGetItemCommandInput {
  const Keys = keys.map((key) => keyOf(ctx.attributes, key))
  return {
    RequestItems: { [ctx.table]: { Keys, ...(consistent && { ConsistentRead: true }) } },
    ...capacity(ctx),
  }
}

export function batchWriteRequest(ctx: RequestContext, writes: WriteRequest[]): BatchWriteItemCommandInput {
  return { RequestItems: { [ctx.table]: writes }, ...capacity(ctx) }
}

/** Condition or filter: expired at `:now`. `#e` is the expiry, in seconds or, above `:max`, in milliseconds. */
export const EXPIRED = '(#e <= :now OR (#e > :max AND #e <= :ms))'

/** Condition or filter: not expired at `:now`. The opposite of {@link EXPIRED}; true for an item without an expiry. */
export const LIVE = '(attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))'

/** Returns the values of {@link EXPIRED} and {@link LIVE}. @param ms - the instant, ms since the epoch */
export function instantValues(ms: number): Item {
  return { ':now': { N: String(ms / 1000) }, ':ms': { N: String(ms) }, ':max': { N: String(MAX_SECONDS) } }
}

/** Returns the parameter that asks for the consumed capacity, if `onCapacity` or the tracing of the current call needs it. */
export function capacity(ctx: RequestContext): { ReturnConsumedCapacity?: 'TOTAL' } {
  const isAsked = ctx.onCapacity !== undefined || currentCall.getStore() !== undefined
  return isAsked ? { ReturnConsumedCapacity: 'TOTAL' } : {}
}

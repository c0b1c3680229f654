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
  /** Strongly consistent, this call. Default: the driver option `consistentRead`. */
  consistent?: boolean
}

/** What the pure builders need to know; the driver's resolved options have it. */
export interface RequestContext {
  table: string
  attributes: Attributes
  /** Default time to live, seconds. */
  ttl?: number | undefined
  /** Anything but `undefined` asks DynamoDB for the consumed capacity. */
  onCapacity?: unknown
}

/** Most keys DynamoDB takes in one BatchGetItem. Source: its API reference. */
export const MAX_BATCH_GET = 100
/** Most writes DynamoDB takes in one BatchWriteItem. Source: its API reference. */
export const MAX_BATCH_WRITE = 25

/** Returns the primary key of an item: the partition key, and the constant sort key where the table has one. */
export function keyOf({ key: name, sort }: Attributes, key: string): Item {
  return { [name]: { S: key }, ...(sort && { [sort.name]: { S: sort.value } }) }
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

/** Condition or filter: not expired at `:now`. The items that have an expiry and are not {@link EXPIRED}. */
export const LIVE = '(attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))'

/** The values that {@link EXPIRED} and {@link LIVE} need: an instant in seconds, with its fraction, and in ms. */
export function instantValues(ms: number): Item {
  return { ':now': { N: String(ms / 1000) }, ':ms': { N: String(ms) }, ':max': { N: String(MAX_SECONDS) } }
}

/** Asks for the consumed capacity where somebody wants to know. */
export function capacity(ctx: RequestContext): { ReturnConsumedCapacity?: 'TOTAL' } {
  const isAsked = ctx.onCapacity !== undefined || currentCall.getStore() !== undefined
  return isAsked ? { ReturnConsumedCapacity: 'TOTAL' } : {}
}

import type {
  BatchGetItemCommandInput,
  BatchWriteItemCommandInput,
  GetItemCommandInput,
  WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { currentCall } from '../utils/tracing.ts'
import type { Attributes } from './attributes.ts'

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

export function getRequest(ctx: RequestContext, key: string, consistent: boolean): GetItemCommandInput {
  return {
    TableName: ctx.table,
    Key: { [ctx.attributes.key]: { S: key } },
    ...(consistent && { ConsistentRead: true }),
    ...capacity(ctx),
  }
}

export function batchGetRequest(
  ctx: RequestContext,
  keys: readonly string[],
  consistent: boolean,
): BatchGetItemCommandInput {
  const Keys = keys.map((key) => ({ [ctx.attributes.key]: { S: key } }))
  return {
    RequestItems: { [ctx.table]: { Keys, ...(consistent && { ConsistentRead: true }) } },
    ...capacity(ctx),
  }
}

export function batchWriteRequest(ctx: RequestContext, writes: WriteRequest[]): BatchWriteItemCommandInput {
  return { RequestItems: { [ctx.table]: writes }, ...capacity(ctx) }
}

/** Condition or filter: not expired at `:now`; `#e` is the expiry. */
export const LIVE = '(attribute_not_exists(#e) OR #e > :now)'

/** An instant as the table keeps it, with the fraction that a comparison needs. @param ms - since the epoch */
export function seconds(ms: number): { N: string } {
  return { N: String(ms / 1000) }
}

/** Asks for the consumed capacity where somebody wants to know. */
export function capacity(ctx: RequestContext): { ReturnConsumedCapacity?: 'TOTAL' } {
  const isAsked = ctx.onCapacity !== undefined || currentCall.getStore() !== undefined
  return isAsked ? { ReturnConsumedCapacity: 'TOTAL' } : {}
}

import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../config/attributes.ts'
import type { Item } from '../model/item.ts'
import { EXPIRED, LIVE, type RequestContext, capacity, instantValues } from '../requests/read.ts'

/** Filters and extent of a scan. */
export interface ScanScope {
  /** Returns only keys with this prefix. */
  prefix: string
  /** Returns only items that are live at this instant, ms since the epoch. */
  liveAt?: number
  /** Returns only items that are expired at this instant, ms since the epoch. */
  expiredAt?: number
  /** Returns only items with this owner. */
  user?: string
  /** Returns value, expiry and owner in addition to the key. Default: only the key. */
  values?: boolean
  consistent: boolean
  /** Segment to scan, from 0. */
  segment: number
  /** Number of segments. */
  segments: number
  /** Maximum number of items to read. Default: one page of DynamoDB, 1 MB. */
  limit?: number | undefined
}

/** Returns the input of a scan. DynamoDB charges for whole items, but returns only the requested attributes. */
export function scanRequest(ctx: RequestContext, scope: ScanScope, startKey?: Item): ScanCommandInput {
  const { attributes } = ctx
  const filters: string[] = []
  const names: Record<string, string> = { '#k': attributes.key }
  const values: Item = {}
  const filter = (expression: string, name: string, attribute: string, held: Item): void => {
    filters.push(expression)
    names[name] = attribute
    Object.assign(values, held)
  }
  const { prefix, liveAt, expiredAt, user } = scope
  const { sort } = attributes
  if (sort) filter('#s = :sort', '#s', sort.name, { ':sort': { S: sort.value } })
  if (prefix !== '') filter('begins_with(#k, :prefix)', '#k', attributes.key, { ':prefix': { S: prefix } })
  if (liveAt !== undefined) filter(LIVE, '#e', attributes.expires, instantValues(liveAt))
  if (expiredAt !== undefined) filter(EXPIRED, '#e', attributes.expires, instantValues(expiredAt))
  if (user !== undefined) filter('#u = :user', '#u', attributes.user, { ':user': { S: user } })
  if (scope.values)
    Object.assign(names, { '#d': attributes.value, '#e': attributes.expires, '#u': attributes.user })
  return {
    TableName: ctx.table,
    ProjectionExpression: scope.values ? '#k, #d, #e, #u' : '#k',
    ExpressionAttributeNames: names,
    ...(filters.length > 0 && {
      FilterExpression: filters.join(' AND '),
      ExpressionAttributeValues: values,
    }),
    ...(scope.consistent && { ConsistentRead: true }),
    ...(scope.segments > 1 && { Segment: scope.segment, TotalSegments: scope.segments }),
    ...(scope.limit !== undefined && { Limit: scope.limit }),
    ...(startKey && { ExclusiveStartKey: startKey }),
    ...capacity(ctx),
  }
}

/** Returns a query for the index entries of one owner, with every attribute that the index holds. */
export function userQuery(ctx: RequestContext, user: string, startKey?: Item): QueryCommandInput {
  const { sort, user: attribute } = ctx.attributes
  return {
    TableName: ctx.table,
    IndexName: USER_INDEX,
    KeyConditionExpression: '#u = :user',
    ...(sort && { FilterExpression: '#s = :sort' }),
    ExpressionAttributeNames: { '#u': attribute, ...(sort && { '#s': sort.name }) },
    ExpressionAttributeValues: { ':user': { S: user }, ...(sort && { ':sort': { S: sort.value } }) },
    ...(startKey && { ExclusiveStartKey: startKey }),
    ...capacity(ctx),
  }
}

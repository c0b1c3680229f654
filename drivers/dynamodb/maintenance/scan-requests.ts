import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../config/attributes.ts'
import type { Item } from '../model/item.ts'
import { EXPIRED, LIVE, type RequestContext, capacity, instantValues } from '../requests/read.ts'

/** What a scan is for. */
export interface ScanScope {
  /** Only keys that begin so. */
  prefix: string
  /** Leave out what has expired at this instant, ms since the epoch. */
  liveAt?: number
  /** Only what had expired at this instant, ms since the epoch. */
  expiredAt?: number
  /** Only what was written with this owner. */
  user?: string
  /** With values, ends and owners; otherwise keys only. */
  values?: boolean
  consistent: boolean
  segment: number
  segments: number
  /** Items to read at most; by default a page of DynamoDB, 1 MB. */
  limit?: number | undefined
}

/** A scan: it reads whole items (there is no other way) but returns what is wanted of them. */
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

import type { BatchExecuteStatementCommandInput, DeleteItemCommandInput } from '@aws-sdk/client-dynamodb'
import { MAX_SECONDS } from '../model/item.ts'
import { EXPIRED, type RequestContext, capacity, instantValues, keyOf } from '../requests/read.ts'

/**
 * Returns up to 25 deletes of expired items, in PartiQL. Each has its own condition and its own result.
 *
 * @param expiredAt - time at which an item must be expired, ms since the epoch
 */
export function deleteStatements(
  ctx: RequestContext,
  keys: readonly string[],
  expiredAt: number,
): BatchExecuteStatementCommandInput {
  const { key, sort, expires } = ctx.attributes
  const end = quote(expires)
  const Statement =
    `DELETE FROM ${quote(ctx.table)} WHERE ${quote(key)} = ? ${sort ? `AND ${quote(sort.name)} = ? ` : ''}` +
    `AND (${end} <= ? OR (${end} > ${MAX_SECONDS} AND ${end} <= ?))`
  const instants = [{ N: String(expiredAt / 1000) }, { N: String(expiredAt) }]
  return {
    Statements: keys.map((each) => ({
      Statement,
      Parameters: [{ S: each }, ...(sort ? [{ S: sort.value }] : []), ...instants],
    })),
    ...capacity(ctx),
  }
}

/**
 * Returns the delete of one expired item. A missing item is no failure, as in PartiQL, so a retry after a lost response has the
 * same result.
 */
export function deleteExpired(ctx: RequestContext, key: string, expiredAt: number): DeleteItemCommandInput {
  return {
    TableName: ctx.table,
    Key: keyOf(ctx.attributes, key),
    ConditionExpression: `attribute_not_exists(#k) OR ${EXPIRED}`,
    ExpressionAttributeNames: { '#k': ctx.attributes.key, '#e': ctx.attributes.expires },
    ExpressionAttributeValues: instantValues(expiredAt),
    ...capacity(ctx),
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

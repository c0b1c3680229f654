import type { BatchExecuteStatementCommandInput, DeleteItemCommandInput } from '@aws-sdk/client-dynamodb'
import { MAX_SECONDS } from '../model/item.ts'
import { EXPIRED, type RequestContext, capacity, instantValues, keyOf } from '../requests/read.ts'

/**
 * Up to 25 deletes of items that have expired, in PartiQL: each has its own condition, and its own outcome.
 *
 * @param expiredAt - ms since the epoch
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
 * Delete one item that has expired. That there is none is no failure, as in PartiQL: so a delete sent again after a lost
 * answer has the same outcome.
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

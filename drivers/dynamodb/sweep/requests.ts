import type { BatchExecuteStatementCommandInput, DeleteItemCommandInput } from '@aws-sdk/client-dynamodb'
import { type RequestContext, capacity, seconds } from '../requests.ts'

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
  const { key, expires } = ctx.attributes
  const Statement = `DELETE FROM ${quote(ctx.table)} WHERE ${quote(key)} = ? AND ${quote(expires)} <= ?`
  return {
    Statements: keys.map((each) => ({ Statement, Parameters: [{ S: each }, seconds(expiredAt)] })),
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
    Key: { [ctx.attributes.key]: { S: key } },
    ConditionExpression: 'attribute_not_exists(#k) OR #e <= :then',
    ExpressionAttributeNames: { '#k': ctx.attributes.key, '#e': ctx.attributes.expires },
    ExpressionAttributeValues: { ':then': seconds(expiredAt) },
    ...capacity(ctx),
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

import type { BatchStatementError } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import { asFailure, isAccessDenied, isConditionFailure } from '../client/sdk-failures.ts'
import { type RequestContext, batchWriteRequest } from '../requests/read.ts'
import { toDriverError } from '../client/to-error.ts'
import { deleteWrite } from '../requests/write.ts'
import { deleteExpired, deleteStatements } from './requests.ts'
import type { PacedClient } from './paced-client.ts'

/** Result of a round of deletes. */
interface Round {
  deleted: number
  /** Keys that DynamoDB left unprocessed. They are sent again. */
  left: readonly string[]
  units: number
}

/**
 * Deletes up to 25 items.
 *
 * @param each - estimated units of a delete
 * @param onDeleted - called with the number of deleted items after each round
 * @returns the units used
 */
export type DeleteBatch = (
  keys: readonly string[],
  each: number,
  onDeleted: (count: number) => void,
) => Promise<number>

/** Single deletes of one batch that are in flight at once. */
const SINGLES = 5

/**
 * Returns the deletes for tables of sessions. Session ids are deleted without a condition, because an expired id is never
 * written again. Other keys are deleted with a condition.
 */
export function sessionDeletes(sender: PacedClient, ctx: RequestContext, expiredAt: number): DeleteBatch {
  const plain = plainDeletes(sender, ctx)
  const conditional = conditionalDeletes(sender, ctx, expiredAt)
  return async (keys, each, onDeleted) => {
    const [reused, ids] = [keys.filter(mayBeReused), keys.filter((key) => !mayBeReused(key))]
    const units = ids.length > 0 ? await plain(ids, each, onDeleted) : 0
    return reused.length > 0 ? units + (await conditional(reused, each, onDeleted)) : units
  }
}

/**
 * Returns whether a key can be written again after it expired. The records of a user can, and their keys have a dot. Session
 * ids have no dot.
 */
function mayBeReused(key: string): boolean {
  return key.slice(key.lastIndexOf(':') + 1).includes('.')
}

/** Returns deletes without a condition, 25 in a request. */
function plainDeletes(sender: PacedClient, ctx: RequestContext): DeleteBatch {
  return inRounds(sender, async (keys, each) => {
    const writes = keys.map((key) => deleteWrite(ctx, key))
    const input = batchWriteRequest(ctx, writes)
    const { output, units } = await sender.send('BatchWriteItem', input, keys.length * each)
    const left = Object.values(output.UnprocessedItems ?? {})
      .flat()
      .flatMap(({ DeleteRequest }) => DeleteRequest?.Key?.[ctx.attributes.key]?.S ?? [])
    return { deleted: keys.length - left.length, left, units }
  })
}

/**
 * Returns deletes with the condition that the item is still expired. It sends 25 PartiQL statements in a request. If the
 * endpoint does not support these, or the credentials do not allow them, it sends single deletes.
 *
 * @param expiredAt - time at which an item must be expired, ms since the epoch
 */
export function conditionalDeletes(sender: PacedClient, ctx: RequestContext, expiredAt: number): DeleteBatch {
  const statements = inRounds(sender, async (keys, each) => {
    const input = deleteStatements(ctx, keys, expiredAt)
    const { output, units } = await sender.send('BatchExecuteStatement', input, keys.length * each)
    const errors = keys.map((_, index) => output.Responses?.[index]?.Error)
    const left = keys.filter((_, index) => mayPass(errors[index], ctx.table))
    return { deleted: errors.filter((error) => error === undefined).length, left, units }
  })
  const singles = inRounds(sender, async (keys, each) => {
    const queue = [...keys]
    const round = { deleted: 0, left: [], units: 0 }
    const work = async (): Promise<void> => {
      for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
        const { deleted, units } = await deleteOne(sender, ctx, key, expiredAt, each)
        round.deleted += deleted
        round.units += units
      }
    }
    await Promise.all(Array.from({ length: SINGLES }, work))
    return round
  })
  // PartiQL statements cannot name a table by its ARN.
  let way = ctx.table.startsWith('arn:') ? singles : statements
  return async (keys, each, onDeleted) => {
    const tried = way
    try {
      return await tried(keys, each, onDeleted)
    } catch (error) {
      if (tried === singles || !isUnsupported(error)) throw error
      way = singles
      return singles(keys, each, onDeleted)
    }
  }
}

async function deleteOne(
  sender: PacedClient,
  ctx: RequestContext,
  key: string,
  expiredAt: number,
  booked: number,
): Promise<{ deleted: number; units: number }> {
  try {
    const { units } = await sender.send('DeleteItem', deleteExpired(ctx, key, expiredAt), booked)
    return { deleted: 1, units }
  } catch (error) {
    if (error instanceof UnsessionError && isConditionFailure(error.cause))
      return { deleted: 0, units: booked }
    throw error
  }
}

/** Repeats a round with the unprocessed keys until none is left. */
function inRounds(
  sender: PacedClient,
  round: (keys: readonly string[], each: number) => Promise<Round>,
): DeleteBatch {
  return async (keys, each, onDeleted) => {
    let pending = keys
    let units = 0
    let since = performance.now()
    for (let pushbacks = 0; ; pushbacks++) {
      const done = await round(pending, each)
      units += done.units
      if (done.deleted > 0) onDeleted(done.deleted)
      if (done.left.length === 0) return units
      if (done.left.length < pending.length) {
        since = performance.now()
        pushbacks = 0
      }
      pending = done.left
      await sender.pushedBack(pushbacks, since, throttledError(sender))
    }
  }
}

/** Returns a throttling error. A batch reports throttling as unprocessed entries, without an error. */
function throttledError({ connection }: PacedClient): UnsessionError {
  const cause = Object.assign(new Error('deletes were left unprocessed'), { name: 'ThrottlingException' })
  return toDriverError(cause, { operation: 'BatchWriteItem', table: connection.options.table })
}

const PASSING = new Set([
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'ThrottlingError',
  'TransactionConflict',
  'InternalServerError',
])

/** Returns whether a failed statement should be sent again. @throws {UnsessionError} if a retry cannot succeed */
function mayPass(error: BatchStatementError | undefined, table: string): boolean {
  const { Code: code, Message: message } = error ?? {}
  if (code === undefined || code === 'ConditionalCheckFailed') return false
  if (PASSING.has(code)) return true
  const cause = Object.assign(new Error(message), { name: NAMES[code] ?? code })
  throw toDriverError(cause, { operation: 'BatchExecuteStatement', table })
}

/** Names that the other operations use for the error codes of a statement. */
const NAMES: Record<string, string> = {
  AccessDenied: 'AccessDeniedException',
  ResourceNotFound: 'ResourceNotFoundException',
  ValidationError: 'ValidationException',
}

function isUnsupported(error: unknown): boolean {
  if (!(error instanceof UnsessionError)) return false
  return isAccessDenied(error.cause) || asFailure(error.cause).name === 'UnknownOperationException'
}

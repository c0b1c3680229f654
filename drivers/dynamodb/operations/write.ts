import { randomUUID } from 'node:crypto'
import type {
  DeleteItemCommandInput,
  PutItemCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { ConflictError, UnsessionError } from '../../utils/errors.ts'
import type { Call } from '../client/call.ts'
import type { Connection } from '../client/connection.ts'
import { isConditionFailure } from '../client/sdk-failures.ts'
import { type Item, expiryInMs, parseItem, valueOf } from '../model/item.ts'
import { getRequest } from '../requests/read.ts'
import { toDriverError } from '../client/to-error.ts'
import {
  type DeleteOptions,
  type WriteOptions,
  deleteRequest,
  putRequest,
  renewRequest,
} from '../requests/write.ts'

/**
 * Write one item, conditionally where `ifVersion` is given.
 *
 * A conditional put whose first answer was lost finds, when the SDK sends it again, its own item in the way. It knows it by
 * the random id it stored; equal content would prove nothing. Where a later version is in the way, somebody may have built
 * on the lost write: then its outcome is unknown, and to try it again could apply it twice.
 *
 * @throws {ConflictError} with the live item that stood in the way
 * @throws {UnsessionError} `UNAVAILABLE` where it cannot be known whether the write was carried out
 */
export async function put(
  connection: Connection,
  key: string,
  value: string | Uint8Array,
  options: WriteOptions,
): Promise<void> {
  const { ifVersion, version } = options
  const now = Date.now()
  if (typeof ifVersion === 'number' && version === ifVersion) {
    const input = renewRequest(connection.options, key, value, options, now)
    return connection.call('UpdateItem', key, async (call) => {
      const outcome = await sendConditional(connection, 'UpdateItem', key, input, call)
      if (!outcome.done) throw conflict(connection, key, outcome.blocker, now)
    })
  }
  const writeId = randomUUID()
  const input = putRequest(connection.options, key, value, options, now, writeId)
  const { attributes, table } = connection.options
  await connection.call('PutItem', key, async (call) => {
    const outcome = await sendConditional(connection, 'PutItem', key, input, call)
    if (outcome.done || outcome.blocker?.[attributes.writeId]?.S === writeId) return
    const error = conflict(connection, key, outcome.blocker, now)
    const mine = version ?? (ifVersion ?? 0) + 1
    if (call.ambiguous && error.current !== null && error.current.version > mine) {
      const message = `it is not known whether a write to table \`${table}\` was carried out; read the item again`
      throw new UnsessionError('UNAVAILABLE', message, { table, key })
    }
    throw error
  })
}

/**
 * Delete one item, conditionally where `ifVersion` is given.
 *
 * A delete sent again after a lost answer finds nothing. The item is gone, which is what was asked for; had somebody else
 * removed it in between, the outcome would be the same.
 *
 * @returns whether a live item was removed; `true` in that one case where it cannot be known
 * @throws {ConflictError} with the live item that stood in the way, or with `null` where there is none
 */
export async function remove(connection: Connection, key: string, options: DeleteOptions): Promise<boolean> {
  const now = Date.now()
  const input = deleteRequest(connection.options, key, options, now)
  return connection.call('DeleteItem', key, async (call) => {
    const outcome = await sendConditional(connection, 'DeleteItem', key, input, call)
    const isLost = call.ambiguous && (outcome.done ? outcome.old : outcome.blocker) === undefined
    if (isLost) return true
    if (outcome.done) {
      const { attributes } = connection.options
      const wasLive = isLive(outcome.old, attributes.expires, now)
      const value = wasLive ? valueOf(outcome.old?.[attributes.value]) : undefined
      if (value !== undefined) options.onRemoved?.(value)
      return wasLive
    }
    throw conflict(connection, key, outcome.blocker, now)
  })
}

/** A write that went through, or the item that stood in its way. */
type WriteResult = { done: true; old: Item | undefined } | { done: false; blocker: Item | undefined }

/** The conditional writes, with what goes in. */
interface Writes {
  PutItem: PutItemCommandInput
  UpdateItem: UpdateItemCommandInput
  DeleteItem: DeleteItemCommandInput
}

async function sendConditional<O extends keyof Writes>(
  connection: Connection,
  operation: O,
  key: string,
  input: Writes[O],
  call: Call,
): Promise<WriteResult> {
  try {
    const { Attributes: old } = await connection.send(operation, input, call)
    return { done: true, old }
  } catch (error) {
    if (!isConditionFailure(error)) throw error
    const { Item: blocker } = error as { Item?: Item }
    if (blocker !== undefined) connection.returnsConflictingItem = true
    if (connection.returnsConflictingItem) return { done: false, blocker }
    // An endpoint without ReturnValuesOnConditionCheckFailure says no more about an item in the way than about none.
    return { done: false, blocker: await readBlocker(connection, key, call) }
  }
}

async function readBlocker(connection: Connection, key: string, call: Call): Promise<Item | undefined> {
  const { ambiguous } = call
  try {
    return (await connection.send('GetItem', getRequest(connection.options, key, true), call)).Item
  } catch (error) {
    throw toDriverError(error, { operation: 'GetItem', table: connection.options.table, key })
  } finally {
    // It is about the write.
    call.ambiguous = ambiguous
  }
}

function conflict(
  connection: Connection,
  key: string,
  blocker: Item | undefined,
  now: number,
): ConflictError {
  const { table } = connection.options
  const item = blocker && parseItem(blocker, connection.options, now)
  const current = item ? { value: item.value, version: item.version, expires: item.expires } : null
  const found = current === null ? 'there is no live item' : `version ${current.version} is stored`
  return new ConflictError(
    `a conditional write found that ${found}; read the item again and decide`,
    current,
    {
      table,
      key,
    },
  )
}

function isLive(item: Item | undefined, expiresAttribute: string, now: number): boolean {
  if (item === undefined) return false
  const expires = item[expiresAttribute]?.N
  return expires === undefined || expiryInMs(Number(expires)) > now
}

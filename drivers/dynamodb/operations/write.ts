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
 * Writes one item, with a condition if `ifVersion` is given.
 *
 * The response to a conditional put can be lost. The SDK then sends the put again, and its condition may fail because the
 * first attempt was carried out. The stored item decides:
 *
 * 1. It has the `write_id` of this call: the first attempt was carried out, and the call succeeds. Equal content would not
 *    prove that, because another request can write the same content.
 * 2. It has a higher version than this call writes, and the outcome of an attempt is unknown: another request may have written
 *    on top of this write. The call fails with `UNAVAILABLE`, because a repetition could apply the change twice.
 * 3. Anything else: another request wrote first. The call fails with `ConflictError`.
 *
 * @throws {ConflictError} with the live item that is stored
 * @throws {UnsessionError} `UNAVAILABLE` if it is unknown whether the write was carried out
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
      const message = `it is unknown whether a write to table \`${table}\` was carried out; read the item again`
      throw new UnsessionError('UNAVAILABLE', message, { table, key })
    }
    throw error
  })
}

/**
 * Deletes one item, with a condition if `ifVersion` is given.
 *
 * The response to a delete can be lost. The SDK then sends the delete again, which finds no item. The call succeeds, because
 * the item is deleted, by the first attempt or by another request.
 *
 * @returns whether a live item was removed; `true` if this is unknown after a lost response
 * @throws {ConflictError} with the live item that is stored, or with `null` if there is none
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

/** Result of a conditional write: the replaced item, or the item that made the condition fail. */
type WriteResult = { done: true; old: Item | undefined } | { done: false; blocker: Item | undefined }

/** Inputs of the conditional writes. */
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
    // An endpoint that ignores ReturnValuesOnConditionCheckFailure returns no item even if there is one, so read it.
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
    // The flag describes the attempts of the write, so the attempts of this read must not set it.
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
    `the condition of a write failed because ${found}; read the item again before the next write`,
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

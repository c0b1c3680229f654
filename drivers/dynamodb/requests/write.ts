import type {
  DeleteItemCommandInput,
  PutItemCommandInput,
  UpdateItemCommandInput,
  WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { UnsessionError, invalidOption } from '../../utils/errors.ts'
import type { Attributes } from '../config/attributes.ts'
import { type Item, MAX_ITEM_BYTES, MAX_SECONDS, itemSize } from '../model/item.ts'
import { EXPIRED, LIVE, type RequestContext, capacity, instantValues, keyOf } from './read.ts'

/** Transaction options of a write. */
export interface WriteOptions {
  /** Time to live in seconds. The expiry is rounded up to a whole second. Default: the driver option `ttl`. */
  ttl?: number
  /**
   * A number: writes only if the item has this version and has not expired. 0 stands for an item without a version.
   * `null`: writes only if there is no live item. Default: writes in any case.
   */
  ifVersion?: number | null
  /** Version to store, 1 or more. Default: `ifVersion + 1`, or 1 without `ifVersion`. */
  version?: number
  /** Creation time, ms since the epoch, stored in whole seconds. `getMeta` returns it as `birthtime`. Default: now. */
  created?: number
  /** Owner of the item, at most 2048 bytes. `listUser` finds the item by it. Default: none. */
  user?: string
}

/** Transaction options of a delete. */
export interface DeleteOptions extends Pick<WriteOptions, 'ifVersion'> {
  /** Called with the value of the live item that was removed. */
  onRemoved?: (value: string | Uint8Array) => void
}

/** The latest instant of a `Date`, ms since the epoch. Source: ECMAScript specification, "Time Values". */
const MAX_INSTANT = 8.64e15

/**
 * Returns the input of a put, with a condition if `ifVersion` is given.
 *
 * @param now - current time, ms since the epoch
 * @param writeId - random id of this write, stored if the put is conditional
 * @throws {UnsessionError} `INVALID_OPTION`, `INVALID_VALUE`, `ITEM_TOO_LARGE`
 */
export function putRequest(
  ctx: RequestContext,
  key: string,
  value: string | Uint8Array,
  options: WriteOptions,
  now: number,
  writeId: string,
): PutItemCommandInput {
  const condition = writeCondition(ctx.attributes, options.ifVersion, now)
  const item = newItem(ctx, key, value, options, now, condition && writeId)
  return { TableName: ctx.table, Item: item, ...condition, ...capacity(ctx) }
}

/**
 * Returns the input of a renewal: a write that keeps the version of the item. It also keeps the `write_id`, so that a retried
 * write that made this version still recognises the item as its own.
 */
export function renewRequest(
  ctx: RequestContext,
  key: string,
  value: string | Uint8Array,
  options: WriteOptions,
  now: number,
): UpdateItemCommandInput {
  const { attributes } = ctx
  const item = newItem(ctx, key, value, options, now)
  for (const name of Object.keys(keyOf(attributes, key))) delete item[name]
  const condition = writeCondition(attributes, options.ifVersion, now)
  const names: Record<string, string> = { ...condition?.ExpressionAttributeNames }
  const values: Item = { ...condition?.ExpressionAttributeValues }
  const set = Object.entries(item).map(([name, held], index) => {
    names[`#a${index}`] = name
    values[`:a${index}`] = held
    return `#a${index} = :a${index}`
  })
  const gone = [attributes.expires, attributes.user].filter((name) => !(name in item))
  const remove = gone.map((name, index) => {
    names[`#r${index}`] = name
    return `#r${index}`
  })
  return {
    TableName: ctx.table,
    Key: keyOf(attributes, key),
    ...condition,
    UpdateExpression: `SET ${set.join(', ')}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ...capacity(ctx),
  }
}

/** Returns the input of a delete, with a condition if `ifVersion` is given. */
export function deleteRequest(
  ctx: RequestContext,
  key: string,
  options: Pick<WriteOptions, 'ifVersion'>,
  now: number,
): DeleteItemCommandInput {
  if (options.ifVersion === null)
    throw invalidOption('ifVersion', 'must be a version, not `null`, if an item is removed')
  return {
    TableName: ctx.table,
    Key: keyOf(ctx.attributes, key),
    ReturnValues: 'ALL_OLD',
    ...writeCondition(ctx.attributes, options.ifVersion, now),
    ...capacity(ctx),
  }
}

/** Returns a put for BatchWriteItem. @throws {UnsessionError} as {@link putRequest}, and for `ifVersion` */
export function putWrite(
  ctx: RequestContext,
  key: string,
  value: string | Uint8Array,
  options: WriteOptions,
  now: number,
): WriteRequest {
  if (options.ifVersion !== undefined) {
    throw invalidOption(
      'ifVersion',
      'works with setItem and removeItem; DynamoDB has no conditional batch writes',
    )
  }
  return { PutRequest: { Item: newItem(ctx, key, value, options, now) } }
}

/** Returns a delete for BatchWriteItem. */
export function deleteWrite(ctx: RequestContext, key: string): WriteRequest {
  return { DeleteRequest: { Key: keyOf(ctx.attributes, key) } }
}

function newItem(
  ctx: RequestContext,
  key: string,
  value: string | Uint8Array,
  options: WriteOptions,
  now: number,
  writeId?: string,
): Item {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new UnsessionError(
      'INVALID_VALUE',
      'a value must be a string or bytes; `storage.setItem` takes objects',
    )
  }
  const { attributes } = ctx
  const { ifVersion, created = now, user } = options
  const version = options.version ?? (typeof ifVersion === 'number' ? ifVersion + 1 : 1)
  if (!Number.isSafeInteger(version) || version < 1)
    throw invalidOption('version', 'must be a whole number, 1 or more')
  if (!isWithin(created, MAX_INSTANT))
    throw invalidOption('created', 'must be in milliseconds since the epoch')
  const ttl = options.ttl ?? ctx.ttl
  if (ttl !== undefined && !isWithin(ttl, MAX_INSTANT))
    throw invalidOption('ttl', 'must be a number of seconds, 0 or more')
  if (user !== undefined && (typeof user !== 'string' || user === '' || Buffer.byteLength(user) > 2048)) {
    throw invalidOption('user', 'must be a non-empty string of at most 2048 bytes')
  }
  // Assignments: a literal with computed names takes ten times as long.
  const item = keyOf(attributes, key)
  item[attributes.value] = typeof value === 'string' ? { S: value } : { B: value }
  item[attributes.created] = wholeSeconds(created)
  item[attributes.updated] = wholeSeconds(now)
  item[attributes.version] = { N: String(version) }
  if (ttl !== undefined) item[attributes.expires] = expiry(now, ttl)
  if (user !== undefined) item[attributes.user] = { S: user }
  if (writeId !== undefined) item[attributes.writeId] = { S: writeId }
  const size = itemSize(item)
  if (size > MAX_ITEM_BYTES) {
    throw new UnsessionError(
      'ITEM_TOO_LARGE',
      `the item has ${size} bytes and DynamoDB's limit is ${MAX_ITEM_BYTES} (400 KB); store less, or compress the value`,
      { table: ctx.table, key },
    )
  }
  return item
}

interface WriteCondition {
  ConditionExpression: string
  ExpressionAttributeNames: Record<string, string>
  ExpressionAttributeValues: Item
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD'
}

function writeCondition(
  attributes: Attributes,
  ifVersion: number | null | undefined,
  now: number,
): WriteCondition | undefined {
  if (ifVersion === undefined) return undefined
  const names: Record<string, string> = { '#e': attributes.expires }
  const values: Item = instantValues(now)
  let expression: string
  if (ifVersion === null) {
    names['#k'] = attributes.key
    expression = `attribute_not_exists(#k) OR ${EXPIRED}`
  } else if (!Number.isSafeInteger(ifVersion) || ifVersion < 0) {
    throw invalidOption('ifVersion', 'must be a version (a whole number) or null')
  } else if (ifVersion === 0) {
    names['#k'] = attributes.key
    names['#v'] = attributes.version
    values[':zero'] = { N: '0' }
    expression = `attribute_exists(#k) AND (attribute_not_exists(#v) OR #v = :zero) AND ${LIVE}`
  } else {
    names['#v'] = attributes.version
    values[':v'] = { N: String(ifVersion) }
    expression = `#v = :v AND ${LIVE}`
  }
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max
}

/** Returns an expiry in whole seconds, rounded up so that no item expires early. With a `ttl` of 0 it expires at once. */
function expiry(now: number, ttl: number): { N: string } {
  const end = now / 1000 + ttl
  // Reads take a number above MAX_SECONDS as milliseconds.
  return { N: String(Math.min(MAX_SECONDS, ttl === 0 ? Math.floor(end) : Math.ceil(end))) }
}

function wholeSeconds(ms: number): { N: string } {
  return { N: String(Math.floor(ms / 1000)) }
}

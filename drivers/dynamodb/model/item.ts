import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import type { Attributes } from '../config/attributes.ts'
import { mapToJson } from './document.ts'

/** An item as DynamoDB sends it. */
export type Item = Record<string, AttributeValue>

/** A live item, understood. Instants are ms since the epoch, at the one-second precision of the table. */
export interface StoredItem {
  /** Text or bytes; JSON text of a map, which other software may store. */
  value: string | Uint8Array
  /** 0 for an item without a version, written by other software. */
  version: number
  expires: number | null
  created?: number
  updated?: number
}

/** The table an item is of. */
export interface ItemContext {
  table: string
  attributes: Attributes
}

/**
 * An expiry above this number is in milliseconds, and below it in seconds: 1e11 seconds is the year 5138, 1e11 ms is 1973.
 * Software such as connect-dynamodb 1 stored milliseconds.
 */
export const MAX_SECONDS = 1e11

/** Returns an expiry in ms since the epoch. @param stored - as the table has it, in seconds or milliseconds */
export function expiryInMs(stored: number): number {
  return stored > MAX_SECONDS ? stored : stored * 1000
}

/**
 * Reads an item.
 *
 * @param now - ms since the epoch
 * @returns `null` when the item has expired: DynamoDB deletes such items up to two days late
 * @throws {UnsessionError} `SCHEMA_MISMATCH` when an attribute is missing or of the wrong type
 */
export function parseItem(item: Item, table: ItemContext, now: number): StoredItem | null {
  const { attributes } = table
  const stored = numberAt(item, attributes.expires, table)
  const expires = stored === undefined ? null : expiryInMs(stored)
  if (expires !== null && expires <= now) return null
  const value = valueOf(item[attributes.value])
  if (value === undefined) throw mismatch(item, attributes.value, 'a string, binary value or map', table)
  const version = numberAt(item, attributes.version, table) ?? 0
  if (!Number.isSafeInteger(version) || version < 0) {
    throw mismatch(item, attributes.version, 'a whole number of 0 or more', table)
  }
  const created = numberAt(item, attributes.created, table)
  const updated = numberAt(item, attributes.updated, table)
  return {
    value,
    version,
    expires,
    ...(created !== undefined && { created: created * 1000 }),
    ...(updated !== undefined && { updated: updated * 1000 }),
  }
}

/** Returns the value in an attribute; `undefined` for an attribute of any other type. */
export function valueOf(held: AttributeValue | undefined): StoredItem['value'] | undefined {
  return held?.S ?? held?.B ?? (held?.M && mapToJson(held.M))
}

/** What `getMeta` says of an item. */
export interface ItemMeta {
  /** Whole seconds left; absent for an item that never expires. */
  ttl?: number
  mtime?: Date
  birthtime?: Date
  /** Bytes of the value. */
  size: number
  version: number
  [key: string]: Date | number | undefined
}

/** Meta data of a live item. @param now - ms since the epoch */
export function itemMeta(item: StoredItem, now: number): ItemMeta {
  return {
    ...(item.expires !== null && { ttl: Math.floor((item.expires - now) / 1000) }),
    ...(isDate(item.updated) && { mtime: new Date(item.updated) }),
    ...(isDate(item.created) && { birthtime: new Date(item.created) }),
    size: Buffer.byteLength(item.value),
    version: item.version,
  }
}

function isDate(ms: number | undefined): ms is number {
  return ms !== undefined && !Number.isNaN(new Date(ms).getTime())
}

/** DynamoDB's limit for an item, names and values together. Source: AWS's service quotas for DynamoDB. */
export const MAX_ITEM_BYTES: number = 400 * 1024

/**
 * Size of an item as DynamoDB counts it: UTF-8 bytes of names and strings, bytes of binaries, and for a number about one
 * byte per two digits and one more. Source: AWS's page on item sizes and formats.
 */
export function itemSize(item: Item): number {
  let size = 0
  for (const [name, value] of Object.entries(item)) {
    size += Buffer.byteLength(name)
    if (value.S !== undefined) size += Buffer.byteLength(value.S)
    else if (value.B !== undefined) size += value.B.byteLength
    else if (value.N !== undefined) size += Math.ceil(value.N.replace(/\D/g, '').length / 2) + 1
  }
  return size
}

function numberAt(item: Item, name: string, table: ItemContext): number | undefined {
  const held = item[name]
  if (held === undefined) return undefined
  if (held.N === undefined) throw mismatch(item, name, 'a number', table)
  return Number(held.N)
}

function mismatch(item: Item, attribute: string, wanted: string, context: ItemContext): UnsessionError {
  const { table, attributes } = context
  const held = item[attribute]
  const key = item[attributes.key]?.S
  const found = held === undefined ? 'it is missing' : `it is of type ${Object.keys(held)[0] ?? 'unknown'}`
  return new UnsessionError(
    'SCHEMA_MISMATCH',
    `attribute \`${attribute}\` of an item must be ${wanted}, but ${found}; ` +
      'set the driver option `attributes` to the names this table uses, or remove the item',
    { table, key },
  )
}

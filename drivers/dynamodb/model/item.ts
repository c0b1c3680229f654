import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import type { Attributes } from '../config/attributes.ts'
import { mapToJson } from './document.ts'

/** An item as DynamoDB returns it. */
export type Item = Record<string, AttributeValue>

/** A parsed live item. Times are ms since the epoch, with the precision of the table, one second. */
export interface StoredItem {
  /** Text or bytes. For a map, which other software may store, JSON text. */
  value: string | Uint8Array
  /** Version. 0 for an item without one, written by other software. */
  version: number
  expires: number | null
  created?: number
  updated?: number
}

/** The table of an item. */
export interface ItemContext {
  table: string
  attributes: Attributes
}

/**
 * Limit between seconds and milliseconds: an expiry above it is in milliseconds. 1e11 seconds is the year 5138, and 1e11 ms
 * is 1973. Software such as connect-dynamodb 1 stored milliseconds.
 */
export const MAX_SECONDS = 1e11

/** Returns an expiry in ms since the epoch. @param stored - number in the table, in seconds or milliseconds */
export function expiryInMs(stored: number): number {
  return stored > MAX_SECONDS ? stored : stored * 1000
}

/**
 * Parses an item.
 *
 * @param now - current time, ms since the epoch
 * @returns `null` if the item has expired; DynamoDB deletes such items up to two days after they expired
 * @throws {UnsessionError} `SCHEMA_MISMATCH` if an attribute is missing or of the wrong type
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

/** Returns the value in an attribute. Returns `undefined` for an attribute of another type. */
export function valueOf(held: AttributeValue | undefined): StoredItem['value'] | undefined {
  return held?.S ?? held?.B ?? (held?.M && mapToJson(held.M))
}

/** Metadata of an item, from `getMeta`. */
export interface ItemMeta {
  /** Whole seconds until the item expires. Not set for an item that never expires. */
  ttl?: number
  /** Time of the last write. */
  mtime?: Date
  /** Creation time. */
  birthtime?: Date
  /** Size of the value in bytes. */
  size: number
  /** Version. 0 for an item that other software wrote. */
  version: number
  [key: string]: Date | number | undefined
}

/** Returns the metadata of a live item. @param now - current time, ms since the epoch */
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

/** Maximum size of an item in bytes, names and values together. Source: DynamoDB developer guide, service quotas. */
export const MAX_ITEM_BYTES: number = 400 * 1024

/**
 * Returns the size of an item in bytes as DynamoDB counts it. Names and strings count their UTF-8 bytes, binary values their
 * bytes. A number counts about one byte for every two digits, plus one. Source: DynamoDB developer guide, "DynamoDB item sizes
 * and formats".
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

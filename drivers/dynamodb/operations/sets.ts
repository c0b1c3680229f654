import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb'
import type { Connection } from '../client/connection.ts'
import type { Item } from '../model/item.ts'
import { capacity, getRequest, keyOf } from '../requests/read.ts'

/** Sets of strings in one item, by the name of their attribute. */
export type StringSets = Record<string, string[]>

/** Value attribute of an item of sets. Reads and scans require that every item has one. */
const VALUE = '{}'

/**
 * Adds strings to sets of an item, and creates the item if there is none. It is one write without a condition and without a
 * read. So simultaneous calls never conflict, and a retry changes nothing more.
 *
 * @param sets - strings to add; none of the sets may be empty
 * @param expiresAt - expiry of the item, ms since the epoch
 * @returns all sets of the item after this write
 */
export async function addToSets(
  connection: Connection,
  key: string,
  sets: StringSets,
  expiresAt: number,
): Promise<StringSets> {
  const { table, attributes } = connection.options
  const names: Record<string, string> = { '#e': attributes.expires, '#v': attributes.value }
  const values: Item = { ':e': { N: String(Math.ceil(expiresAt / 1000)) }, ':v': { S: VALUE } }
  const additions = Object.entries(sets).map(([name, strings], index) => {
    names[`#s${index}`] = name
    values[`:s${index}`] = { SS: strings }
    return `#s${index} :s${index}`
  })
  const input: UpdateItemCommandInput = {
    TableName: table,
    Key: keyOf(attributes, key),
    UpdateExpression: `SET #e = :e, #v = :v ADD ${additions.join(', ')}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValues: 'ALL_NEW',
    ...capacity(connection.options),
  }
  return connection.call('UpdateItem', key, async (call) =>
    setsOf((await connection.send('UpdateItem', input, call)).Attributes),
  )
}

/** Returns the sets of an item, by a strongly consistent read. Returns `{}` if there is no item. */
export async function getSets(connection: Connection, key: string): Promise<StringSets> {
  return connection.call('GetItem', key, async (call) =>
    setsOf((await connection.send('GetItem', getRequest(connection.options, key, true), call)).Item),
  )
}

function setsOf(item: Item | undefined): StringSets {
  const sets = Object.entries(item ?? {}).flatMap(([name, { SS }]) => (SS ? [[name, SS] as const] : []))
  return Object.fromEntries(sets)
}

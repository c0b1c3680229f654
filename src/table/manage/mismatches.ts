import { type Attributes, USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import { UnsessionError } from '../../../drivers/utils/errors.ts'
import {
  type IndexDescription,
  type KeyAttribute,
  type TableState,
  deleteIndexCommand,
} from './table-state.ts'

/** A difference between a table and the configured attributes. */
export interface Mismatch {
  /** The part of the table that differs. */
  what: 'partition key' | 'sort key' | 'time to live' | 'user-index'
  /** Description of the expected part. */
  expected: string
  /** Description of the part that was found. */
  found: string
  /** The steps that remove the difference. */
  fix: string
}

/**
 * Compares a table with the configured attributes.
 *
 * @param userIndex - whether to report a missing index `user-index`
 */
export function findMismatches(state: TableState, attributes: Attributes, userIndex: boolean): Mismatch[] {
  return [
    ...partitionKeyMismatches(state, attributes.key),
    ...sortKeyMismatches(state, attributes.sort?.name),
    ...timeToLiveMismatches(state, attributes.expires),
    ...userIndexMismatches(state, attributes.user, userIndex),
  ]
}

/** Returns the error for a table that cannot be used: every mismatch with its fix. */
export function mismatchError(table: string, mismatches: readonly Mismatch[]): UnsessionError {
  const each = mismatches.map(
    ({ what, expected, found, fix }) => `${what}: expected ${expected}, found ${found}; ${fix}`,
  )
  return new UnsessionError(
    'SCHEMA_MISMATCH',
    `table \`${table}\` does not fit the configured attributes:\n  - ${each.join('\n  - ')}`,
    { table },
  )
}

function partitionKeyMismatches({ partitionKey }: TableState, key: string): Mismatch[] {
  if (partitionKey.name === key && partitionKey.type === 'S') return []
  const fix =
    partitionKey.type === 'S'
      ? `set \`attributes.key\` to \`${partitionKey.name}\`, or use another table`
      : "use another table: a key's type cannot be changed"
  return [{ what: 'partition key', expected: show({ name: key, type: 'S' }), found: show(partitionKey), fix }]
}

/** Returns the mismatches of the sort key. @param sort - name of the configured sort key; `undefined` for none */
function sortKeyMismatches({ sortKey }: TableState, sort: string | undefined): Mismatch[] {
  if (sortKey?.name === sort && (sortKey === undefined || sortKey.type === 'S')) return []
  const expected = sort === undefined ? 'none' : show({ name: sort, type: 'S' })
  if (sortKey === undefined) {
    const fix = 'remove `attributes.sort`, or use another table: a sort key cannot be added'
    return [{ what: 'sort key', expected, found: 'none', fix }]
  }
  const fix =
    sortKey.type === 'S'
      ? `set \`attributes.sort\` to { name: '${sortKey.name}', value: … }, or use another table`
      : "use another table: a sort key's type cannot be changed, and it cannot be removed"
  return [{ what: 'sort key', expected, found: show(sortKey), fix }]
}

function timeToLiveMismatches({ table, timeToLive }: TableState, attribute: string): Mismatch[] {
  const what = 'time to live'
  const expected = `enabled on \`${attribute}\``
  const enable = `npx unsession table ttl --table ${table}`
  switch (timeToLive.status) {
    case 'unsupported':
      return []
    case 'disabled': {
      const fix = `run \`${enable}\`; until then expired items read as missing but stay stored`
      return [{ what, expected, found: 'disabled', fix }]
    }
    case 'disabling': {
      const fix = `DynamoDB allows one change an hour: run \`${enable}\` in an hour`
      return [{ what, expected, found: 'being disabled', fix }]
    }
    default: {
      if (timeToLive.attribute === attribute) return []
      const found = `${timeToLive.status} on \`${timeToLive.attribute}\``
      const disable =
        `aws dynamodb update-time-to-live --table-name ${table} ` +
        `--time-to-live-specification Enabled=false,AttributeName=${timeToLive.attribute}`
      const fix =
        `set \`attributes.expires\` to \`${timeToLive.attribute}\`, or disable it (\`${disable}\`) and run \`${enable}\` an ` +
        'hour later: DynamoDB allows one change an hour'
      return [{ what, expected, found, fix }]
    }
  }
}

/** Returns the mismatches of the index. The projections KEYS_ONLY and ALL both fit; `indexNotes` describes the cost of ALL. */
function userIndexMismatches({ table, indexes }: TableState, user: string, wanted: boolean): Mismatch[] {
  const index = indexes.find((each) => each.name === USER_INDEX)
  const what = 'user-index'
  const expected = `partition key ${show({ name: user, type: 'S' })}, no sort key`
  const create = `npx unsession table create --table ${table}`
  if (index === undefined) {
    const fix = `run \`${create}\`; until then listing or signing out a user reads the whole table`
    return wanted ? [{ what, expected, found: 'no such index', fix }] : []
  }
  if (index.partitionKey.name === user && index.partitionKey.type === 'S' && !index.sortKey) return []
  const fix = `delete the index (\`${deleteIndexCommand(table)}\`), then run \`${create}\``
  return [{ what, expected, found: showKeys(index), fix }]
}

function showKeys({ partitionKey, sortKey }: IndexDescription): string {
  return `partition key ${show(partitionKey)}${sortKey ? `, sort key ${show(sortKey)}` : ''}`
}

function show({ name, type }: KeyAttribute): string {
  return `\`${name}\` (${type})`
}

import { type Attributes, USER_INDEX } from '../../../drivers/dynamodb/attributes.ts'
import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { IndexDescription, KeyAttribute, TableFacts } from './table-facts.ts'

/** One way in which a table is not what the driver needs. */
export interface Mismatch {
  what: 'hash key' | 'sort key' | 'time to live' | 'user-index'
  expected: string
  found: string
  /** What to do about it. */
  fix: string
}

/**
 * Compare a table with the attributes it is to be used with.
 *
 * @param userIndex - whether a missing index by user counts
 */
export function findMismatches(facts: TableFacts, attributes: Attributes, userIndex: boolean): Mismatch[] {
  return [
    ...hashKeyMismatches(facts, attributes.key),
    ...sortKeyMismatches(facts),
    ...timeToLiveMismatches(facts, attributes.expires),
    ...userIndexMismatches(facts, attributes.user, userIndex),
  ]
}

/** The error for a table that cannot be used as it is: every mismatch with its fix. */
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

function hashKeyMismatches({ hashKey }: TableFacts, key: string): Mismatch[] {
  if (hashKey.name === key && hashKey.type === 'S') return []
  const fix =
    hashKey.type === 'S'
      ? `set \`attributes.key\` to \`${hashKey.name}\`, or use another table`
      : "use another table: a key's type cannot be changed"
  return [{ what: 'hash key', expected: show({ name: key, type: 'S' }), found: show(hashKey), fix }]
}

function sortKeyMismatches({ sortKey }: TableFacts): Mismatch[] {
  if (sortKey === undefined) return []
  const fix = 'use another table: a sort key cannot be removed'
  return [{ what: 'sort key', expected: 'none', found: show(sortKey), fix }]
}

function timeToLiveMismatches({ table, timeToLive }: TableFacts, attribute: string): Mismatch[] {
  const expected = `enabled on \`${attribute}\``
  switch (timeToLive.status) {
    case 'unsupported':
      return []
    case 'disabled':
      return [
        {
          what: 'time to live',
          expected,
          found: 'disabled',
          fix: `run \`npx unsession table ttl --table ${table}\`; until then expired items read as missing but stay stored`,
        },
      ]
    case 'disabling':
      return [
        {
          what: 'time to live',
          expected,
          found: 'being disabled',
          fix: `DynamoDB allows one change an hour: run \`npx unsession table ttl --table ${table}\` in an hour`,
        },
      ]
    default:
      if (timeToLive.attribute === attribute) return []
      return [
        {
          what: 'time to live',
          expected,
          found: `${timeToLive.status} on \`${timeToLive.attribute}\``,
          fix:
            `set \`attributes.expires\` to \`${timeToLive.attribute}\`, or disable it (\`aws dynamodb update-time-to-live ` +
            `--table-name ${table} --time-to-live-specification Enabled=false,AttributeName=${timeToLive.attribute}\`) and, ` +
            `as DynamoDB allows one change an hour, run \`npx unsession table ttl --table ${table}\` an hour later`,
        },
      ]
  }
}

function userIndexMismatches({ table, indexes }: TableFacts, user: string, wanted: boolean): Mismatch[] {
  const index = indexes.find((each) => each.name === USER_INDEX)
  const what = 'user-index'
  const expected = `hash key ${show({ name: user, type: 'S' })}, projection ALL`
  if (index === undefined) {
    const fix = `run \`npx unsession table create --table ${table} --user-index\``
    return wanted ? [{ what, expected, found: 'no such index', fix }] : []
  }
  if (
    index.hashKey.name === user &&
    index.hashKey.type === 'S' &&
    !index.sortKey &&
    index.projection === 'ALL'
  )
    return []
  const fix =
    `remove the index (\`aws dynamodb update-table --table-name ${table} --global-secondary-index-updates ` +
    `'[{"Delete":{"IndexName":"${USER_INDEX}"}}]'\`), then run \`npx unsession table create --table ${table} --user-index\``
  return [{ what, expected, found: showIndex(index), fix }]
}

function showIndex({ hashKey, sortKey, projection }: IndexDescription): string {
  const sort = sortKey ? `, sort key ${show(sortKey)}` : ''
  return `hash key ${show(hashKey)}${sort}, projection ${projection}`
}

function show({ name, type }: KeyAttribute): string {
  return `\`${name}\` (${type})`
}

import type { TableDescription as SdkTable } from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../../../drivers/dynamodb/attributes.ts'
import { type TableClient, isBusy, refusalMessage, withTable } from './client.ts'
import { type Feature, type Outcome, addBackups, addProtection, addTags } from './features.ts'
import { busyWith, toFacts } from './table-facts.ts'
import { findMismatches, mismatchError } from './mismatches.ts'
import { type Billing, type CreateTableOptions, resolveTable } from './options.ts'
import { addIndexRequest, createTableRequest } from './requests.ts'
import { ensureTimeToLive } from './time-to-live.ts'

export interface CreateTableResult {
  table: string
  /** Whether this call made the table; `false` when it was there already. */
  created: boolean
  /** `enabling`: DynamoDB is at it, which takes up to an hour. `unsupported`: the endpoint (dynalite) has none. */
  timeToLive: 'enabled' | 'enabling' | 'unsupported'
  /** What a table that was there lacked and has now. */
  added: Feature[]
  /** What was asked for and the endpoint cannot do. */
  unsupported: Feature[]
  /** The same, and whatever else is worth knowing, in sentences for people. */
  notes: string[]
}

/**
 * Create the table for sessions, or complete the one that is there, and wait until it is ready.
 *
 * Safe to repeat, and safe in several processes at once. A table that exists is checked against the configured attributes;
 * what it lacks of time to live, index, backups, protection and tags is added, and nothing is ever taken away.
 *
 * @param options - see {@link CreateTableOptions}
 * @returns what was done, and what the endpoint cannot do
 * @throws {UnsessionError} `SCHEMA_MISMATCH` naming each difference with its fix; `TIMEOUT` after `maxWait`;
 * `INVALID_OPTION`; and as the driver
 * @example
 * ```ts
 * const { created, notes } = await createTable({ table: 'sessions', region: 'eu-west-1', userIndex: true })
 * ```
 */
export async function createTable(options: CreateTableOptions = {}): Promise<CreateTableResult> {
  const settings = resolveTable('createTable', options)
  return withTable(settings, async (client) => {
    const made = await makeTable(client)
    const { timeToLive, changed } = await ensureTimeToLive(client)
    const outcomes: [Feature, Outcome][] = [
      ['timeToLive', timeToLive === 'unsupported' ? 'unsupported' : changed ? 'added' : 'unchanged'],
      ['userIndex', made.index],
      ['pointInTimeRecovery', await addBackups(client)],
      ['tags', await addTags(client, made.described)],
      // Last: DynamoDB Local drops the protection with every other change.
      ['deletionProtection', await addProtection(client)],
    ]
    const having = (outcome: Outcome): Feature[] =>
      outcomes.filter((each) => each[1] === outcome).map(([feature]) => feature)
    const added = made.created ? [] : having('added')
    const unsupported = having('unsupported')
    return {
      table: settings.table,
      created: made.created,
      timeToLive,
      added,
      unsupported,
      notes: [
        ...added.map((feature) => `added ${NAMES[feature]}`),
        ...unsupported.map((feature) => UNSUPPORTED[feature]),
        ...billingNotes(settings.billing, toFacts(settings.table, made.described, undefined).billing),
      ],
    }
  })
}

interface Made {
  created: boolean
  index: Outcome
  described: SdkTable
}

/** Look at the table and do the next thing it lacks, until it is there with its index, and active. */
function makeTable(client: TableClient): Promise<Made> {
  const { settings } = client
  let created = false
  let index: Outcome = 'unchanged'
  return client.poll<Made>(async () => {
    const described = await client.describe()
    if (described === undefined) {
      client.say('creating the table')
      created = (await requestTable(client)) || created
      return { waiting: 'table is being created' }
    }
    const busy = busyWith(described)
    if (described.TableStatus === 'CREATING' || described.TableStatus === 'DELETING')
      return { waiting: busy ?? '' }
    const facts = toFacts(settings.table, described, await client.timeToLive())
    const mismatches = findMismatches(facts, settings.attributes, false).filter(
      ({ what }) => what !== 'time to live' || facts.timeToLive.status !== 'disabled',
    )
    if (mismatches.length > 0) throw mismatchError(settings.table, mismatches)
    if (busy !== undefined) return { waiting: busy }
    const hasIndex = facts.indexes.some(({ name }) => name === USER_INDEX)
    if (hasIndex || !settings.userIndex || index === 'unsupported')
      return { done: { created, index, described } }
    client.say(`adding the index \`${USER_INDEX}\``)
    index = (await requestIndex(client, facts.billing)) ?? index
    return { waiting: `index \`${USER_INDEX}\` is being created` }
  })
}

/** @returns `false` when another process was faster */
async function requestTable(client: TableClient): Promise<boolean> {
  try {
    await client.call('CreateTable', createTableRequest(client.settings))
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

/** @returns `undefined` when it is already being added */
async function requestIndex(client: TableClient, billing: Billing): Promise<Outcome | undefined> {
  try {
    const { TableDescription } = await client.call('UpdateTable', addIndexRequest(client.settings, billing))
    // dynalite adds no index to a table that exists: with provisioned units it says nothing, else it asks for some.
    const accepted = TableDescription?.GlobalSecondaryIndexes?.some(
      ({ IndexName }) => IndexName === USER_INDEX,
    )
    return accepted ? 'added' : 'unsupported'
  } catch (error) {
    if (isBusy(error) || /already exists/i.test(refusalMessage(error))) return undefined
    if (/create\.provisionedThroughput/.test(refusalMessage(error))) return 'unsupported'
    throw error
  }
}

const NAMES: Record<Feature, string> = {
  timeToLive: 'time to live',
  userIndex: `the index \`${USER_INDEX}\``,
  pointInTimeRecovery: 'point-in-time recovery',
  tags: 'tags',
  deletionProtection: 'deletion protection',
}

const UNSUPPORTED: Record<Feature, string> = {
  timeToLive: 'the endpoint has no time to live: expired items read as missing but stay stored',
  userIndex: `the endpoint cannot add the index \`${USER_INDEX}\` to a table that exists: delete the table and create it anew`,
  pointInTimeRecovery: 'the endpoint has no point-in-time recovery',
  tags: 'the endpoint has no tags',
  deletionProtection: 'the endpoint has no deletion protection',
}

function billingNotes(wanted: Billing | undefined, found: Billing): string[] {
  if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(found)) return []
  const is =
    found === 'on-demand' ? 'on demand' : `${found.readUnits} read and ${found.writeUnits} write units`
  return [`the table exists with another billing (${is}), which was left as it is`]
}

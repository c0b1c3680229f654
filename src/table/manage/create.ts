import type { TableDescription as SdkTable } from '@aws-sdk/client-dynamodb'
import { USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import { type PollResult, type TableClient, isBusy, serviceErrorMessage, withTable } from './client.ts'
import { type Feature, type FeatureResult, addBackups, addProtection, addTags } from './features.ts'
import { findMismatches, mismatchError } from './mismatches.ts'
import { type Billing, type CreateTableOptions, resolveTable } from './options.ts'
import { addIndexRequest, createTableRequest } from './requests.ts'
import { busyWith, indexNotes, toTableState } from './table-state.ts'
import { ensureTimeToLive } from './time-to-live.ts'

/** Result of {@link createTable}. */
export interface CreateTableResult {
  /** Name of the table. */
  table: string
  /** Whether this call created the table. `false` if it existed already. */
  created: boolean
  /**
   * State of time to live. `enabling`: DynamoDB is enabling it, which takes up to an hour. `unsupported`: the endpoint, such as
   * dynalite, has none.
   */
  timeToLive: 'enabled' | 'enabling' | 'unsupported'
  /** The features that an existing table lacked and has now. */
  added: Feature[]
  /** The requested features that the endpoint does not support. */
  unsupported: Feature[]
  /** `added`, `unsupported`, a different billing, and the cost of an existing index, as sentences. */
  notes: string[]
}

/**
 * Creates the table for sessions, or adds the missing features to an existing table, and waits until it is ready.
 *
 * It is safe to call again, and from several processes at once. An existing table is compared with the configured
 * attributes. A missing time to live, index, backup setting, protection or tag is added. Nothing is removed.
 *
 * @param options - see {@link CreateTableOptions}; all optional
 * @returns the changes made, and the features that the endpoint does not support
 * @throws {UnsessionError} `SCHEMA_MISMATCH`, naming each difference and its fix; `TIMEOUT` after `maxWait`;
 * `INVALID_OPTION`; and the driver's errors
 * @example
 * ```ts
 * const { created, notes } = await createTable({ table: 'sessions', region: 'eu-west-1' })
 * for (const note of notes) console.log(note)
 * ```
 */
export async function createTable(options: CreateTableOptions = {}): Promise<CreateTableResult> {
  const settings = resolveTable('createTable', options)
  return withTable(settings, async (client) => {
    const ready = await ensureTable(client)
    const { timeToLive, changed } = await ensureTimeToLive(client)
    const results: [Feature, FeatureResult][] = [
      ['timeToLive', timeToLive === 'unsupported' ? 'unsupported' : changed ? 'added' : 'unchanged'],
      ['userIndex', ready.index],
      ['pointInTimeRecovery', await addBackups(client)],
      ['tags', await addTags(client, ready.described)],
      // Last, because DynamoDB Local drops the protection with every other change.
      ['deletionProtection', await addProtection(client)],
    ]
    const featuresWith = (wanted: FeatureResult): Feature[] =>
      results.filter(([, result]) => result === wanted).map(([feature]) => feature)
    const added = ready.created ? [] : featuresWith('added')
    const unsupported = featuresWith('unsupported')
    const state = toTableState(settings.table, ready.described, undefined)
    return {
      table: settings.table,
      created: ready.created,
      timeToLive,
      added,
      unsupported,
      notes: [
        ...added.map((feature) => `added ${NAMES[feature]}`),
        ...unsupported.map((feature) => UNSUPPORTED[feature]),
        ...billingNotes(settings.billing, state.billing),
        ...indexNotes(state),
      ],
    }
  })
}

/** A complete and active table. */
interface ReadyTable {
  created: boolean
  index: FeatureResult
  described: SdkTable
}

/** Creates the table and its index as needed, and waits until both are active. */
function ensureTable(client: TableClient): Promise<ReadyTable> {
  const progress = { created: false, index: 'unchanged' as FeatureResult }
  return client.poll(() => probeTable(client, progress))
}

/** Reads the table's state and takes the next step towards a complete table. Records the step in `progress`. */
async function probeTable(
  client: TableClient,
  progress: Omit<ReadyTable, 'described'>,
): Promise<PollResult<ReadyTable>> {
  const { settings } = client
  const described = await client.describe()
  if (described === undefined) {
    client.report('creating the table')
    progress.created = (await requestTable(client)) || progress.created
    return { waiting: 'table is being created' }
  }
  const busy = busyWith(described)
  if (described.TableStatus === 'CREATING' || described.TableStatus === 'DELETING')
    return { waiting: busy ?? '' }
  const state = toTableState(settings.table, described, await client.timeToLive())
  const mismatches = findMismatches(state, settings.attributes, false).filter(
    ({ what }) => what !== 'time to live' || state.timeToLive.status !== 'disabled',
  )
  if (mismatches.length > 0) throw mismatchError(settings.table, mismatches)
  if (busy !== undefined) return { waiting: busy }
  const hasIndex = state.indexes.some(({ name }) => name === USER_INDEX)
  if (hasIndex || !settings.userIndex || progress.index === 'unsupported')
    return { done: { ...progress, described } }
  client.report(`adding the index \`${USER_INDEX}\``)
  progress.index = (await requestIndex(client, state.billing)) ?? progress.index
  return { waiting: `index \`${USER_INDEX}\` is being created` }
}

/** Creates the table. Returns `false` if another process created it first. */
async function requestTable(client: TableClient): Promise<boolean> {
  try {
    await client.call('CreateTable', createTableRequest(client.settings))
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

/** Adds the index. Returns `undefined` if another process is already adding it. */
async function requestIndex(client: TableClient, billing: Billing): Promise<FeatureResult | undefined> {
  try {
    const { TableDescription } = await client.call('UpdateTable', addIndexRequest(client.settings, billing))
    // dynalite cannot add an index to an existing table. With provisioned units it ignores the request; otherwise it
    // asks for units.
    const accepted = TableDescription?.GlobalSecondaryIndexes?.some(
      ({ IndexName }) => IndexName === USER_INDEX,
    )
    return accepted ? 'added' : 'unsupported'
  } catch (error) {
    if (isBusy(error) || /already exists/i.test(serviceErrorMessage(error))) return undefined
    if (/create\.provisionedThroughput/.test(serviceErrorMessage(error))) return 'unsupported'
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
  userIndex: `the endpoint cannot add the index \`${USER_INDEX}\` to an existing table: delete the table and create it again`,
  pointInTimeRecovery: 'the endpoint has no point-in-time recovery',
  tags: 'the endpoint has no tags',
  deletionProtection: 'the endpoint has no deletion protection',
}

function billingNotes(wanted: Billing | undefined, found: Billing): string[] {
  if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(found)) return []
  const current =
    found === 'on-demand' ? 'on demand' : `${found.readUnits} read and ${found.writeUnits} write units`
  return [`the existing table has a different billing (${current}), which was not changed`]
}

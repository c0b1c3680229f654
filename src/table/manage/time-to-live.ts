import { UnsessionError } from '../../../drivers/utils/errors.ts'
import { type TableClient, ifSupported, serviceErrorName, withTable } from './client.ts'
import { findMismatches, mismatchError } from './mismatches.ts'
import { type WaitOptions, resolveTable } from './options.ts'
import { timeToLiveRequest } from './requests.ts'
import { type TimeToLive, toTableState } from './table-state.ts'

/** Result of {@link enableTimeToLive}. */
export interface EnableTimeToLiveResult {
  /** Name of the table. */
  table: string
  /** The attribute with the expiry of an item. */
  attribute: string
  /** State of time to live. `enabling`: DynamoDB is enabling it, which takes up to an hour. No further step is needed. */
  timeToLive: 'enabled' | 'enabling'
  /** Whether this call enabled it. `false` if it was enabled already. */
  changed: boolean
}

/** Result of {@link ensureTimeToLive}. */
export type TimeToLiveResult = Pick<EnableTimeToLiveResult, 'changed'> & {
  timeToLive: EnableTimeToLiveResult['timeToLive'] | 'unsupported'
}

/**
 * Enables time to live on the attribute `attributes.expires`, so that DynamoDB deletes expired items.
 *
 * It is safe to call again. DynamoDB allows one change an hour, and deletes an item up to two days after it expired.
 *
 * @param options - see {@link WaitOptions}; all optional
 * @returns the attribute and the state of time to live
 * @throws {UnsessionError} `TABLE_NOT_FOUND`; `SCHEMA_MISMATCH` if it is enabled on another attribute or being disabled;
 * `INVALID_REQUEST` if the endpoint has no time to live (dynalite) or rejects a second change within an hour;
 * `INVALID_OPTION`; and the driver's errors
 * @example
 * ```ts
 * const { timeToLive } = await enableTimeToLive({ table: 'sessions', region: 'eu-west-1' })
 * ```
 */
export async function enableTimeToLive(options: WaitOptions = {}): Promise<EnableTimeToLiveResult> {
  const settings = resolveTable('enableTimeToLive', options)
  const { table, attributes } = settings
  return withTable(settings, async (client) => {
    const { timeToLive, changed } = await ensureTimeToLive(client)
    if (timeToLive === 'unsupported') {
      throw new UnsessionError(
        'INVALID_REQUEST',
        'this endpoint has no time to live (UpdateTimeToLive); expired items read as missing but stay stored',
        { table },
      )
    }
    return { table, attribute: attributes.expires, timeToLive, changed }
  })
}

/** Enables time to live, unless it is enabled already. An endpoint without it is a result, not an error. */
export async function ensureTimeToLive(client: TableClient): Promise<TimeToLiveResult> {
  const before = await readStatus(client)
  if (before !== 'disabled') return { timeToLive: before, changed: false }
  client.report('enabling time to live')
  const { settings } = client
  try {
    const response = await ifSupported(client.callWhenFree('UpdateTimeToLive', timeToLiveRequest(settings)))
    if (response === undefined) return { timeToLive: 'unsupported', changed: false }
  } catch (error) {
    if (serviceErrorName(error) !== 'ValidationException') throw error
    // Another process may have enabled it first.
    const now = await readStatus(client)
    if (now === 'disabled') throw tooSoonError(error, settings.table)
    return { timeToLive: now, changed: false }
  }
  // The description is eventually consistent. It may still be "disabled".
  return { timeToLive: (await readStatus(client)) === 'enabled' ? 'enabled' : 'enabling', changed: true }
}

/** Returns the status. @throws {UnsessionError} `SCHEMA_MISMATCH` if time to live cannot be enabled from this status */
async function readStatus(client: TableClient): Promise<Exclude<TimeToLive['status'], 'disabling'>> {
  const { table, attributes } = client.settings
  const state = toTableState(table, {}, await client.timeToLive())
  const { status } = state.timeToLive
  const wrong = findMismatches(state, attributes, false).filter(({ what }) => what === 'time to live')
  if (status === 'disabling' || (status !== 'disabled' && wrong.length > 0)) throw mismatchError(table, wrong)
  return status
}

function tooSoonError(cause: unknown, table: string): UnsessionError {
  return new UnsessionError(
    'INVALID_REQUEST',
    `DynamoDB refused to change the time to live of table \`${table}\`; it allows one change an hour: try again later`,
    { table, cause },
  )
}

import { UnsessionError } from '../../../drivers/utils/errors.ts'
import { type TableClient, ifSupported, refusal, withTable } from './client.ts'
import { type TableFacts, type TimeToLive, toFacts } from './table-facts.ts'
import { findMismatches, mismatchError } from './mismatches.ts'
import { type WaitOptions, resolveTable } from './options.ts'
import { timeToLiveRequest } from './requests.ts'

export interface EnableTimeToLiveResult {
  table: string
  attribute: string
  /** `enabling`: DynamoDB is at it, which takes up to an hour; nothing is left to do. */
  timeToLive: 'enabled' | 'enabling'
  /** Whether this call enabled it; `false` when it was enabled already. */
  changed: boolean
}

/** What came of asking for time to live. */
export type TimeToLiveOutcome = Pick<EnableTimeToLiveResult, 'changed'> & {
  timeToLive: EnableTimeToLiveResult['timeToLive'] | 'unsupported'
}

/**
 * Have DynamoDB delete expired items by itself: time to live on the attribute `attributes.expires`.
 *
 * Safe to repeat. DynamoDB allows one change of it an hour.
 *
 * @param options - see {@link WaitOptions}
 * @throws {UnsessionError} `TABLE_NOT_FOUND`; `SCHEMA_MISMATCH` when it is on another attribute or being disabled;
 * `INVALID_REQUEST` when the endpoint has no time to live (dynalite) or refuses a second change within an hour; and as the driver
 * @example
 * ```ts
 * await enableTimeToLive({ table: 'sessions', region: 'eu-west-1' })
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

/** Enable time to live unless it is; an endpoint without it is an outcome, not an error. */
export async function ensureTimeToLive(client: TableClient): Promise<TimeToLiveOutcome> {
  const before = await look(client)
  if (before !== 'disabled') return { timeToLive: before, changed: false }
  client.say('enabling time to live')
  const { settings } = client
  try {
    const answer = await ifSupported(client.whenFree('UpdateTimeToLive', timeToLiveRequest(settings)))
    if (answer === undefined) return { timeToLive: 'unsupported', changed: false }
  } catch (error) {
    if (refusal(error) !== 'ValidationException') throw error
    // Another process may have been faster.
    const now = await look(client)
    if (now === 'disabled') throw tooSoonError(error, settings.table)
    return { timeToLive: now, changed: false }
  }
  // A description that still says "disabled" is only late.
  return { timeToLive: (await look(client)) === 'enabled' ? 'enabled' : 'enabling', changed: true }
}

/** The state of it, when it is one from which there is a way. */
async function look(client: TableClient): Promise<Exclude<TimeToLive['status'], 'disabling'>> {
  const { table, attributes } = client.settings
  const facts: TableFacts = toFacts(table, {}, await client.timeToLive())
  const { status } = facts.timeToLive
  const wrong = findMismatches(facts, attributes, false).filter(({ what }) => what === 'time to live')
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

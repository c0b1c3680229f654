import { Connection } from '../../../drivers/dynamodb/connection.ts'
import { DRIVER_OPTIONS, type DynamoDBOptions, resolveOptions } from '../../../drivers/dynamodb/options.ts'
import { SWEEP_OPTIONS, resolveSweep } from '../../../drivers/dynamodb/sweep/options.ts'
import { type SweepOptions, type SweepResult, sweepTable } from '../../../drivers/dynamodb/sweep/sweep.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'

/** The driver's options, which say where the table is and below which `base`, and those of the sweep. All are optional. */
export interface ClearExpiredOptions extends DynamoDBOptions, SweepOptions {}

/**
 * Delete the items that have expired. Without it DynamoDB's time to live deletes them up to two days late, and other
 * endpoints never.
 *
 * The table is scanned in segments, of which a page each is in memory at a time. What the sessions of this package need is
 * the default; tables whose keys are written again after they expired want `conditional: true`. Where this machine's clock
 * is ahead of the endpoint's, the endpoint's counts.
 *
 * Rights: Scan, BatchWriteItem and DeleteItem. PartiQLDelete and DescribeTable are used where they are allowed.
 *
 * @param options - see {@link ClearExpiredOptions}
 * @returns what was done, runs before an interruption included
 * @throws {UnsessionError} `INVALID_OPTION`; `THROTTLED` after 30 seconds in which nothing got through; and as the driver
 * @throws the reason of `signal`, once what is in flight has been answered
 * @example
 * ```ts
 * const { deleted } = await clearExpired({ table: 'sessions', maxCapacity: 100 })
 *
 * const resume = {}
 * await clearExpired({ table: 'sessions', resume, signal: AbortSignal.timeout(60_000) }).catch(() => save(resume))
 * ```
 */
export async function clearExpired(options: ClearExpiredOptions = {}): Promise<SweepResult> {
  const { driver, sweep } = split(options)
  resolveSweep(sweep)
  const connection = new Connection(resolveOptions(driver))
  try {
    return await sweepTable(connection, connection.options.base, sweep, { checkClock: true })
  } finally {
    await connection.dispose()
  }
}

function split(options: ClearExpiredOptions): { driver: DynamoDBOptions; sweep: SweepOptions } {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'must be an object')
  const unknown = Object.keys(options).find((name) => !(name in DRIVER_OPTIONS) && !(name in SWEEP_OPTIONS))
  if (unknown !== undefined) {
    const known = [...Object.keys(SWEEP_OPTIONS), ...Object.keys(DRIVER_OPTIONS)].join(', ')
    throw invalidOption(unknown, `is unknown; clearExpired takes ${known}`)
  }
  const pick = (names: object): object =>
    Object.fromEntries(Object.entries(options).filter(([name]) => name in names))
  return { driver: pick(DRIVER_OPTIONS), sweep: pick(SWEEP_OPTIONS) }
}

import { Connection } from '../../../drivers/dynamodb/client/connection.ts'
import {
  DRIVER_OPTIONS,
  type DynamoDBOptions,
  resolveOptions,
} from '../../../drivers/dynamodb/config/options.ts'
import {
  CLEAR_EXPIRED_OPTIONS,
  resolveClearExpired,
} from '../../../drivers/dynamodb/clear-expired/options.ts'
import {
  type DynamoDBClearExpiredOptions,
  type DynamoDBClearExpiredResult,
  clearExpiredItems,
} from '../../../drivers/dynamodb/clear-expired/clear-expired.ts'
import { checkNames } from '../../../drivers/utils/validate.ts'
import { checkIsObject } from '../manage/options.ts'

/** The driver's options, which name the table and its `base`, and the options of the deletion. All are optional. */
export interface ClearExpiredTableOptions extends DynamoDBOptions, DynamoDBClearExpiredOptions {}

/**
 * Deletes the expired items of a table.
 *
 * DynamoDB's time to live deletes them too, up to two days after they expired. Endpoints without time to live never do.
 *
 * The table is scanned in segments, with one page of each in memory. The defaults fit sessions, because session ids are never
 * used again. A table whose keys are written again after they expired needs `conditional: true`. If this machine's clock is
 * ahead of the endpoint's clock, the endpoint's clock is used.
 *
 * Required IAM actions: Scan, BatchWriteItem and DeleteItem. PartiQLDelete and DescribeTable are used if they are allowed.
 *
 * @param options - see {@link ClearExpiredTableOptions}
 * @returns the numbers of items scanned, expired and deleted, including the runs that `resume` continues
 * @throws {UnsessionError} `INVALID_OPTION`; `THROTTLED` if DynamoDB throttles every request for 30 seconds; and the driver's
 * errors
 * @throws the reason of `signal`, after the requests in flight have been answered
 * @example
 * ```ts
 * const { deleted } = await clearExpired({ table: 'sessions', maxCapacity: 100 })
 *
 * const resume = {}
 * await clearExpired({ table: 'sessions', resume, signal: AbortSignal.timeout(60_000) }).catch(() => save(resume))
 * ```
 */
export async function clearExpired(
  options: ClearExpiredTableOptions = {},
): Promise<DynamoDBClearExpiredResult> {
  checkIsObject(options)
  checkNames(options, { ...CLEAR_EXPIRED_OPTIONS, ...DRIVER_OPTIONS })
  const own = pick(options, CLEAR_EXPIRED_OPTIONS)
  resolveClearExpired(own)
  const connection = new Connection(resolveOptions(pick(options, DRIVER_OPTIONS)))
  try {
    return await clearExpiredItems(connection, connection.options.base, own, { checkClock: true })
  } finally {
    await connection.dispose()
  }
}

function pick(options: object, names: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in names))
}

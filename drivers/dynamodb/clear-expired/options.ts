import { invalidOption } from '../../utils/errors.ts'
import type { ClearExpiredOptions, ClearExpiredProgress } from '../../utils/clear-expired.ts'
import type { ClearExpiredState } from './state.ts'

/** Options of the DynamoDB driver's `clearExpired`. All are optional. */
export interface DynamoDBClearExpiredOptions extends Omit<ClearExpiredOptions, 'onProgress' | 'resume'> {
  /** See {@link ClearExpiredOptions.resume}. */
  resume?: Partial<ClearExpiredState>
  /** See {@link ClearExpiredOptions.onProgress}. */
  onProgress?: (progress: DynamoDBClearExpiredProgress) => void
}

/** Progress of `clearExpired`. */
export interface DynamoDBClearExpiredProgress extends ClearExpiredProgress {
  /** Capacity units used, read and write units together. */
  units: number
  /** Duration in ms, with the runs that `resume` continues. */
  duration: number
  /** Items read per second, over the last 10 seconds. */
  rate: number
}

/** Names of the options. The compiler checks that none is missing. */
export const CLEAR_EXPIRED_OPTIONS: Record<keyof DynamoDBClearExpiredOptions, true> = {
  grace: true,
  maxCapacity: true,
  segments: true,
  conditional: true,
  dryRun: true,
  resume: true,
  onProgress: true,
  signal: true,
}

/** Options with all defaults filled in. */
export interface ResolvedClearExpired extends DynamoDBClearExpiredOptions {
  grace: number
  maxCapacity: number
  conditional: boolean
  dryRun: boolean
  resume: Partial<ClearExpiredState>
}

/** Default of `grace`, seconds. It is longer than any read lag and clock skew. */
const DEFAULT_GRACE = 60

/** Checks the options and fills in defaults. @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix */
export function resolveClearExpired(options: DynamoDBClearExpiredOptions): ResolvedClearExpired {
  const { grace = DEFAULT_GRACE, maxCapacity = Infinity, segments } = options
  const { conditional = false, dryRun = false, resume = {}, onProgress, signal } = options
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(CLEAR_EXPIRED_OPTIONS, name))
  check(
    unknown === undefined,
    unknown ?? '',
    `is unknown; known options: ${Object.keys(CLEAR_EXPIRED_OPTIONS).join(', ')}`,
  )
  check(isNumber(grace, 0), 'grace', 'must be a number of seconds, 0 or more')
  check(isNumber(maxCapacity, 1), 'maxCapacity', 'must be a number of units per second, 1 or more')
  check(
    segments === undefined || (Number.isInteger(segments) && segments >= 1 && segments <= 1000),
    'segments',
    'must be a whole number from 1 to 1000',
  )
  check(typeof conditional === 'boolean', 'conditional', 'must be true or false')
  check(typeof dryRun === 'boolean', 'dryRun', 'must be true or false')
  check(
    typeof resume === 'object' && resume !== null,
    'resume',
    'must be an object; pass an empty one to a new run',
  )
  check(onProgress === undefined || typeof onProgress === 'function', 'onProgress', 'must be a function')
  check(signal === undefined || signal instanceof AbortSignal, 'signal', 'must be an AbortSignal')
  return { ...options, grace, maxCapacity, conditional, dryRun, resume }
}

function check(holds: boolean, option: string, must: string): asserts holds {
  if (!holds) throw invalidOption(option, must)
}

function isNumber(value: unknown, min: number): boolean {
  return typeof value === 'number' && value >= min
}

import { UnsessionError, invalidOption } from '../../utils/errors.ts'
import type { SweepResult, SweepState } from './state.ts'

/** Options of a sweep of expired items. All are optional. */
export interface SweepOptions {
  /**
   * Seconds an item must have been expired for. Default 60: above any read lag and clock skew. Whoever renews an item does
   * so before its end, so that by then every renewal has arrived and is seen.
   */
  grace?: number
  /**
   * Capacity units a second that the sweep may use, read and write units counted together; 1 or more. A single item that
   * costs more is deleted all the same, and paid for by waiting. Default: no limit. With or without it the sweep slows down
   * while DynamoDB throttles.
   */
  maxCapacity?: number
  /** Segments the table is scanned in side by side, 1 to 1000; so many requests are out at most. Default 4. */
  segments?: number
  /**
   * Delete every item only if it is still expired when the delete arrives. For tables whose keys are written again after
   * they have expired. Default `false`: ids of sessions never are; keys with a dot, which no id has, are always deleted so.
   * Slower where DynamoDB takes no batches of conditional deletes.
   */
  conditional?: boolean
  /** Count what would be deleted, and delete nothing. Default `false`. */
  dryRun?: boolean
  /**
   * Where the sweep stands, kept up to date in this very object: an empty one to begin with, and after an interruption the
   * same again, or what JSON made of it, to go on. Keep it as safe as the table: it has keys in it.
   */
  resume?: Partial<SweepState>
  /** Told after each request that changed something. */
  onProgress?: (progress: SweepProgress) => void
  /**
   * Ends the sweep as soon as what is in flight has been answered; it rejects with the signal's reason. What was deleted
   * stays deleted, and `resume` says where to go on.
   */
  signal?: AbortSignal
}

/** How far a sweep is. */
export interface SweepProgress extends SweepResult {
  /** Items looked at in a second, lately. */
  rate: number
  /** Items in the table, where DescribeTable is allowed: DynamoDB counts them every six hours. */
  items?: number
  /** Milliseconds that the rest will take about, where that can be told. */
  timeLeft?: number
}

/** Every option's name; the compiler sees to it that none is missing. */
export const SWEEP_OPTIONS: Record<keyof SweepOptions, true> = {
  grace: true,
  maxCapacity: true,
  segments: true,
  conditional: true,
  dryRun: true,
  resume: true,
  onProgress: true,
  signal: true,
}

/** Options with every default filled in. */
export interface ResolvedSweep extends SweepOptions {
  grace: number
  maxCapacity: number
  conditional: boolean
  dryRun: boolean
  resume: Partial<SweepState>
}

const DEFAULT_GRACE = 60

/** @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix */
export function resolveSweep(options: SweepOptions): ResolvedSweep {
  const { grace = DEFAULT_GRACE, maxCapacity = Infinity, segments } = options
  const { conditional = false, dryRun = false, resume = {}, onProgress, signal } = options
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(SWEEP_OPTIONS, name))
  check(
    unknown === undefined,
    unknown ?? '',
    `is unknown; a sweep takes ${Object.keys(SWEEP_OPTIONS).join(', ')}`,
  )
  check(isNumber(grace, 0), 'grace', 'must be a number of seconds, 0 or more')
  check(isNumber(maxCapacity, 1), 'maxCapacity', 'must be a number of units a second, 1 or more')
  check(
    segments === undefined || (Number.isInteger(segments) && segments >= 1 && segments <= 1000),
    'segments',
    'must be a whole number from 1 to 1000',
  )
  check(typeof conditional === 'boolean', 'conditional', 'must be true or false')
  check(typeof dryRun === 'boolean', 'dryRun', 'must be true or false')
  check(typeof resume === 'object' && resume !== null, 'resume', 'must be an object, empty to begin with')
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

/** Whether an error says that the table has too little capacity, or cannot be reached, just now. */
export function isPassing(error: unknown): error is UnsessionError {
  return error instanceof UnsessionError && ['THROTTLED', 'UNAVAILABLE', 'TIMEOUT'].includes(error.code)
}

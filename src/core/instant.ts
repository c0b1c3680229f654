import { invalidOption } from '../../drivers/utils/errors.ts'

/** An instant: a date, or ms since the epoch. */
export type Instant = Date | number

/** Returns whole ms since the epoch; `NaN` if the value is not a valid date or a number. */
export function toMilliseconds(value: unknown): number {
  return value instanceof Date || typeof value === 'number' ? Math.floor(Number(value)) : Number.NaN
}

/** Smallest number that is accepted as ms since the epoch: in 1973. A smaller number is most likely in seconds. */
const MIN_MILLISECONDS = 1e11

/** Returns ms since the epoch for a date, ISO text, or ms as a number or text; `NaN` for other values. */
export function toInstant(value: unknown): number {
  if (typeof value !== 'string') return sinceMinimum(toMilliseconds(value))
  if (/^\d+$/.test(value)) return sinceMinimum(Number(value))
  return /^\d{4}-\d{2}-\d{2}/.test(value) ? sinceMinimum(Date.parse(value)) : Number.NaN
}

function sinceMinimum(ms: number): number {
  return ms >= MIN_MILLISECONDS ? ms : Number.NaN
}

/**
 * Returns a clock that gives whole ms. Some clocks have fractions, such as `performance.timeOrigin + performance.now()`. Stored
 * instants have none.
 *
 * @throws {UnsessionError} `INVALID_OPTION` from the returned clock, if `now` returns anything but ms
 */
export function wholeMilliseconds(now: () => number): () => number {
  return () => {
    const time = Math.floor(now())
    if (Number.isSafeInteger(time)) return time
    throw invalidOption('now', 'must return ms since the epoch')
  }
}

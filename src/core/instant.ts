import { invalidOption } from '../../drivers/utils/errors.ts'

/** An instant: a date, or ms since the epoch. */
export type Instant = Date | number

/** Returns whole ms since the epoch; `NaN` for anything but a valid date or a number. */
export function toMilliseconds(value: unknown): number {
  return value instanceof Date || typeof value === 'number' ? Math.floor(Number(value)) : Number.NaN
}

/** The least ms that are taken for an instant, in 1973. Smaller numbers are seconds, most likely. */
const MIN_MILLISECONDS = 1e11

/** Returns ms since the epoch for a date, ISO text, or ms as a number or text; `NaN` for anything else. */
export function toInstant(value: unknown): number {
  if (typeof value !== 'string') return sinceMinimum(toMilliseconds(value))
  if (/^\d+$/.test(value)) return sinceMinimum(Number(value))
  return /^\d{4}-\d{2}-\d{2}/.test(value) ? sinceMinimum(Date.parse(value)) : Number.NaN
}

function sinceMinimum(ms: number): number {
  return ms >= MIN_MILLISECONDS ? ms : Number.NaN
}

/**
 * Returns a clock that gives whole ms. `performance.timeOrigin + performance.now()`, for instance, has fractions, and stored
 * instants have none.
 *
 * @throws {UnsessionError} `INVALID_OPTION` from the clock, when `now` returns anything but ms
 */
export function wholeMilliseconds(now: () => number): () => number {
  return () => {
    const time = Math.floor(now())
    if (Number.isSafeInteger(time)) return time
    throw invalidOption('now', 'must return ms since the epoch')
  }
}

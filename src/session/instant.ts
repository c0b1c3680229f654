import { invalidOption } from '../../drivers/utils/errors.ts'

/** An instant: a date, or ms since the epoch. */
export type Instant = Date | number

/** Returns whole ms since the epoch; `NaN` for anything but a valid date or a number. */
export function toMilliseconds(value: unknown): number {
  return value instanceof Date || typeof value === 'number' ? Math.floor(Number(value)) : Number.NaN
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

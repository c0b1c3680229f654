import type { SweepResult, SweepState } from '../../../drivers/dynamodb/sweep/sweep.ts'
import { type ClearExpiredOptions, clearExpired } from './clear-expired.ts'

/** What is used of the context that Lambda calls a handler with. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number
}

/** What an invocation did; counts are of the whole sweep, earlier invocations included. */
export interface ClearExpiredOutcome extends SweepResult {
  /** Whether the whole table is done. */
  done: boolean
  /** Where to go on, when it is not: hand it on as `resume` of the next event. It has keys in it. */
  resume?: Partial<SweepState>
}

/** A Lambda function that sweeps a table. */
export type ClearExpiredHandler = (event: unknown, context: LambdaContext) => Promise<ClearExpiredOutcome>

/** Time kept back to have what is in flight answered, ms. */
const MARGIN = 5000

/**
 * Make a Lambda handler that deletes the items that have expired, and stops five seconds before its time is up.
 *
 * The next invocation goes on: from `resume` of its event, so that a state machine can loop until `done`; else, on a
 * schedule, from where this very container stopped; else from the beginning, which costs reads but deletes nothing twice.
 *
 * @param options - as of {@link clearExpired}, without `resume` and `signal`
 * @throws {UnsessionError} as {@link clearExpired}; the next invocation goes on all the same
 * @example
 * ```ts
 * export const handler = clearExpiredHandler({ table: 'sessions', maxCapacity: 50 })
 * ```
 */
export function clearExpiredHandler(
  options: Omit<ClearExpiredOptions, 'resume' | 'signal'> = {},
): ClearExpiredHandler {
  let kept: Partial<SweepState> = {}
  return async (event, context) => {
    const resume = resumeOf(event) ?? kept
    const outOfTime = new AbortController()
    const timer = setTimeout(() => outOfTime.abort(), context.getRemainingTimeInMillis() - MARGIN)
    try {
      const result = await clearExpired({ ...options, resume, signal: outOfTime.signal })
      if (resume === kept) kept = {}
      return { done: true, ...result }
    } catch (error) {
      if (error !== outOfTime.signal.reason) throw error
      const { scanned = 0, expired = 0, deleted = 0, units = 0, duration = 0 } = resume
      return { done: false, scanned, expired, deleted, units, duration, resume }
    } finally {
      clearTimeout(timer)
    }
  }
}

function resumeOf(event: unknown): Partial<SweepState> | undefined {
  if (typeof event !== 'object' || event === null || !('resume' in event)) return undefined
  return event.resume as Partial<SweepState>
}

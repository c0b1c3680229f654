import type {
  DynamoDBClearExpiredResult,
  ClearExpiredState,
} from '../../../drivers/dynamodb/clear-expired/clear-expired.ts'
import { type ClearExpiredTableOptions, clearExpired } from './clear-expired.ts'

/** The part of a Lambda function's context that the handler uses. */
export interface LambdaContext {
  /** Returns the milliseconds left before Lambda stops the invocation. */
  getRemainingTimeInMillis(): number
}

/** Result of one invocation. The numbers include the earlier invocations that it continues. */
export interface ClearExpiredOutcome extends DynamoDBClearExpiredResult {
  /** Whether the whole table has been scanned. */
  done: boolean
  /** The state to continue from, if `done` is `false`: pass it as `resume` of the next event. It contains keys. */
  resume?: Partial<ClearExpiredState>
}

/**
 * A Lambda handler that deletes the expired items of a table. Its event may have a property `resume`, from the outcome of an
 * earlier invocation.
 */
export type ClearExpiredHandler = (event: unknown, context: LambdaContext) => Promise<ClearExpiredOutcome>

/** Time reserved for the requests in flight, in ms. */
const MARGIN = 5000

/**
 * Returns a Lambda handler that deletes the expired items of a table, and stops five seconds before its timeout.
 *
 * The next invocation continues:
 *
 * 1. from `resume` of its event, so that a state machine can repeat it until `done`;
 * 2. otherwise from the point where the same container stopped, for example on a schedule;
 * 3. otherwise from the beginning, which costs reads but deletes nothing twice.
 *
 * @param options - the options of {@link clearExpired} without `resume` and `signal`
 * @returns the handler. It throws the errors of {@link clearExpired}; the next invocation continues after an error as well
 * @example
 * ```ts
 * export const handler = clearExpiredHandler({ table: 'sessions', maxCapacity: 50 })
 * ```
 */
export function clearExpiredHandler(
  options: Omit<ClearExpiredTableOptions, 'resume' | 'signal'> = {},
): ClearExpiredHandler {
  let kept: Partial<ClearExpiredState> = {}
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

function resumeOf(event: unknown): Partial<ClearExpiredState> | undefined {
  if (typeof event !== 'object' || event === null || !('resume' in event)) return undefined
  return event.resume as Partial<ClearExpiredState>
}

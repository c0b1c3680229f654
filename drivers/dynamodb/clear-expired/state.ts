import type { ClearExpiredResult } from '../../utils/clear-expired.ts'
import { invalidOption } from '../../utils/errors.ts'

/** What the deletion did, with the runs that `resume` continues. */
export interface DynamoDBClearExpiredResult extends ClearExpiredResult {
  units: number
  duration: number
}

/** What a sweep goes through. One that goes on must go through the same. */
export interface ClearExpiredTarget {
  table: string
  region: string
  endpoint: string
  base: string
  keyAttribute: string
  expiresAttribute: string
  dryRun: boolean
}

/** How far a segment is. */
export interface SegmentState {
  /** Key of the last item of the last page that is done; absent before the first. */
  after?: string
  /** Its sort key, in a table that has one. */
  afterSort?: string
  done?: true
}

/**
 * Where a sweep stands: plain data, for a file or a message. An item is counted when it is deleted, every other one when its
 * page is done; so an interrupted page that is read again counts nothing twice and leaves nothing out.
 */
export interface ClearExpiredState extends DynamoDBClearExpiredResult {
  target: ClearExpiredTarget
  segments: SegmentState[]
}

const COUNTS = ['scanned', 'expired', 'deleted', 'units', 'duration'] as const
const DEFAULT_SEGMENTS = 4

/** Whether a sweep has been begun. */
export function isBegun(state: Partial<ClearExpiredState>): boolean {
  return Object.keys(state).length > 0
}

/**
 * Fill in an empty state, or check one that is to be gone on from.
 *
 * @returns the very object that was given
 * @throws {UnsessionError} `INVALID_OPTION` for a state of another sweep, or for none at all
 */
export function beginState(
  state: Partial<ClearExpiredState>,
  target: ClearExpiredTarget,
  segments: number | undefined,
): ClearExpiredState {
  if (!isBegun(state)) {
    const places = Array.from({ length: segments ?? DEFAULT_SEGMENTS }, (): SegmentState => ({}))
    const counts = { scanned: 0, expired: 0, deleted: 0, units: 0, duration: 0 }
    return Object.assign(state, { target, segments: places, ...counts })
  }
  if (!isState(state)) throw invalidOption('resume', 'must be the state of a sweep, or an empty object')
  const other = (Object.keys(target) as (keyof ClearExpiredTarget)[]).find(
    (name) => state.target[name] !== target[name],
  )
  if (other !== undefined) {
    const [was, is] = [state.target[other], target[other]].map((value) => JSON.stringify(value))
    throw invalidOption(
      'resume',
      `belongs to another sweep: its ${other} is ${was}, and here it is ${is}; begin anew without it`,
    )
  }
  if (segments !== undefined && segments !== state.segments.length) {
    throw invalidOption(
      'segments',
      `cannot change: the sweep to go on with has ${state.segments.length}; leave the option out`,
    )
  }
  return state
}

/** Whether something is the state of a sweep, of whichever table. */
export function isState(
  state: Partial<Record<keyof ClearExpiredState, unknown>>,
): state is ClearExpiredState {
  const { target, segments } = state
  return (
    typeof target === 'object' &&
    target !== null &&
    Array.isArray(segments) &&
    segments.length > 0 &&
    segments.every(isSegment) &&
    COUNTS.every((name) => isCount(state[name]))
  )
}

function isSegment(segment: unknown): segment is SegmentState {
  if (typeof segment !== 'object' || segment === null) return false
  const { after, done } = segment as { after?: unknown; done?: unknown }
  const isPlace = after === undefined || (typeof after === 'string' && after !== '')
  return isPlace && (done === undefined || done === true)
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

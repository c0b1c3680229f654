import type { ClearExpiredResult } from '../../utils/clear-expired.ts'
import { invalidOption } from '../../utils/errors.ts'

/** Result of `clearExpired`. The counts include the runs that `resume` continues. */
export interface DynamoDBClearExpiredResult extends ClearExpiredResult {
  /** Capacity units used, read and write units together. */
  units: number
  /** Duration in ms. */
  duration: number
}

/** The items that a run covers. A resumed run must cover the same items. */
export interface ClearExpiredTarget {
  table: string
  region: string
  endpoint: string
  base: string
  keyAttribute: string
  expiresAttribute: string
  dryRun: boolean
}

/** Position in a segment. */
export interface SegmentState {
  /** Key of the last item of the last finished page. Not set before the first. */
  after?: string
  /** Sort key of that item, in a table that has one. */
  afterSort?: string
  /** Set when the whole segment is finished. */
  done?: true
}

/**
 * State of a run: plain data, for a file or a message. A deleted item is counted when it is deleted. Other items are counted when
 * their page is finished. So if an interrupted page is read again, each item is counted exactly once.
 */
export interface ClearExpiredState extends DynamoDBClearExpiredResult {
  /** The table, and the options that must be the same in the next run. */
  target: ClearExpiredTarget
  /** Progress of each segment. */
  segments: SegmentState[]
}

const COUNTS = ['scanned', 'expired', 'deleted', 'units', 'duration'] as const
const DEFAULT_SEGMENTS = 4

/** Returns whether a state belongs to a run that has started. */
export function isBegun(state: Partial<ClearExpiredState>): boolean {
  return Object.keys(state).length > 0
}

/**
 * Fills in an empty state, or checks the state of a run to resume.
 *
 * @returns the same object
 * @throws {UnsessionError} `INVALID_OPTION` if the state belongs to another table or run, or is no state
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
  if (!isState(state))
    throw invalidOption('resume', 'must be the state of an earlier run, or an empty object')
  const other = (Object.keys(target) as (keyof ClearExpiredTarget)[]).find(
    (name) => state.target[name] !== target[name],
  )
  if (other !== undefined) {
    const [was, is] = [state.target[other], target[other]].map((value) => JSON.stringify(value))
    throw invalidOption(
      'resume',
      `belongs to another run: its ${other} is ${was}, and now it is ${is}; start a new run without it`,
    )
  }
  if (segments !== undefined && segments !== state.segments.length) {
    throw invalidOption(
      'segments',
      `cannot change: the run to resume has ${state.segments.length}; leave the option out`,
    )
  }
  return state
}

/** Returns whether an object is the state of a run of any table. */
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

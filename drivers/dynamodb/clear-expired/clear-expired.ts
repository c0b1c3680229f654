import { setMaxListeners } from 'node:events'
import { UnsessionError } from '../../utils/errors.ts'
import type { Connection } from '../client/connection.ts'
import { truncatedResponse } from '../client/sdk-failures.ts'
import type { RequestContext } from '../requests/read.ts'
import { scanRequest } from '../maintenance/scan-requests.ts'
import { keyMismatch, toDriverError } from '../client/to-error.ts'
import { CostEstimator } from './cost-estimator.ts'
import { type DeleteBatch, conditionalDeletes, sessionDeletes } from './delete-batch.ts'
import { RateMeter } from './rate-meter.ts'
import {
  type DynamoDBClearExpiredOptions,
  type DynamoDBClearExpiredProgress,
  resolveClearExpired,
} from './options.ts'
import type { DynamoDBClearExpiredResult } from './state.ts'
import { CapacityLimiter } from './capacity-limiter.ts'
import { PacedClient } from './paced-client.ts'
import {
  type SegmentState,
  type ClearExpiredState,
  type ClearExpiredTarget,
  beginState,
  isBegun,
} from './state.ts'
import { probeTable } from './probe-table.ts'

/** Upper bound of the lag of an eventually consistent read, ms. The usual lag is below 1 s. */
const STRONG_MS = 60_000

export type { DynamoDBClearExpiredOptions, DynamoDBClearExpiredProgress } from './options.ts'
export type { DynamoDBClearExpiredResult } from './state.ts'
export type { SegmentState, ClearExpiredState, ClearExpiredTarget } from './state.ts'

/** Options about the clock. */
export interface ClockOptions {
  /** Uses the endpoint's clock if it is behind the clock of this machine. Default `false`. */
  checkClock?: boolean
}

/**
 * Deletes the items that have been expired for longer than the grace period. Each segment is scanned page by page, and the
 * expired items of a page are deleted before the next page is read.
 *
 * The deletes of session ids have no condition by default. That is safe, because an expired session id is never written again,
 * and the grace period is longer than any read lag and clock skew.
 *
 * @param prefix - deletes only keys with this prefix
 * @throws {UnsessionError} `INVALID_OPTION`; `THROTTLED` after 30 seconds in which no request succeeded; and the driver's errors
 */
export async function clearExpiredItems(
  connection: Connection,
  prefix: string,
  options: DynamoDBClearExpiredOptions,
  { checkClock = false }: ClockOptions = {},
): Promise<DynamoDBClearExpiredResult> {
  const settings = resolveClearExpired(options)
  const { grace, resume, signal, onProgress, dryRun } = settings
  signal?.throwIfAborted()
  const isResumed = isBegun(resume)
  const target = await targetOf(connection, prefix, dryRun)
  const state = beginState(resume, target, settings.segments)
  const { items, clock = Infinity } = checkClock || onProgress ? await probeTable(connection) : {}
  const now = checkClock ? Math.min(Date.now(), clock) : Date.now()

  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const abort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()

  const began = performance.now()
  const workedBefore = state.duration
  const meter = new RateMeter(began, state.scanned)
  const tell = (): void => {
    const at = performance.now()
    state.duration = workedBefore + at - began
    onProgress?.(progressOf(state, meter.rate(at, state.scanned), items))
  }
  const sender = new PacedClient(
    connection,
    new CapacityLimiter(settings.maxCapacity),
    stop.signal,
    (units) => {
      state.units += units
    },
  )
  const ctx: RequestContext = { ...connection.options, onCapacity: true }
  const expiredAt = now - grace * 1000
  const deletes = settings.conditional ? conditionalDeletes : sessionDeletes
  const run: ClearExpiredRun = {
    ctx,
    sender,
    state,
    prefix,
    expiredAt,
    tell,
    costs: new CostEstimator(),
    strongUntil: isResumed ? began + STRONG_MS : 0,
    deletes: dryRun ? undefined : deletes(sender, ctx, expiredAt),
  }
  await Promise.all(
    state.segments.map((place, segment) =>
      clearSegment(run, place, segment).catch((error: unknown) => stop.abort(error)),
    ),
  )
  signal?.removeEventListener('abort', abort)
  tell()
  stop.signal.throwIfAborted()
  return resultOf(state)
}

/** One run of the deletion. */
interface ClearExpiredRun {
  ctx: RequestContext
  sender: PacedClient
  costs: CostEstimator
  state: ClearExpiredState
  prefix: string
  expiredAt: number
  /**
   * Reads are strongly consistent until then, on the clock of `performance.now()`. Otherwise a resumed run could find, and
   * count again, items that the interrupted run has just deleted.
   */
  strongUntil: number
  /** Not set in a dry run. */
  deletes: DeleteBatch | undefined
  tell: () => void
}

async function clearSegment(run: ClearExpiredRun, place: SegmentState, segment: number): Promise<void> {
  const { state, sender, costs, deletes, tell } = run
  while (!place.done) {
    const { keys, scanned, last, lastSort } = await readPage(run, place, segment)
    let deleted = 0
    for (let at = 0; at < keys.length && deletes !== undefined;) {
      const { size, each } = costs.deletes(sender.pacer.slice)
      const batch = keys.slice(at, (at += size))
      const units = await deletes(batch, each, (count) => {
        deleted += count
        state.scanned += count
        state.expired += count
        state.deleted += count
        tell()
      })
      costs.sawDeletes(batch.length, units)
    }
    state.scanned += scanned - deleted
    state.expired += keys.length - deleted
    if (last === undefined) place.done = true
    else place.after = last
    if (lastSort !== undefined) place.afterSort = lastSort
    tell()
  }
}

/** One page of a scan. */
interface Page {
  /** Keys of the expired items. */
  keys: string[]
  /** Number of items that were read. */
  scanned: number
  /** Key of the last item that was read. Not set on the last page. */
  last: string | undefined
  /** Sort key of that item, in a table that has one. */
  lastSort: string | undefined
}

async function readPage(run: ClearExpiredRun, place: SegmentState, segment: number): Promise<Page> {
  const { ctx, sender, costs, state, prefix, expiredAt } = run
  const { table, attributes } = ctx
  const { limit, units: booked } = costs.page(sender.pacer.slice)
  const consistent = performance.now() < run.strongUntil
  const scope = { prefix, expiredAt, consistent, segment, segments: state.segments.length, limit }
  const { key, sort } = attributes
  const startKey =
    place.after === undefined
      ? undefined
      : { [key]: { S: place.after }, ...(sort && { [sort.name]: { S: place.afterSort ?? sort.value } }) }
  const { output, units } = await sender.send('Scan', scanRequest(ctx, scope, startKey), booked)
  if (output.Items === undefined) throw toDriverError(truncatedResponse(), { operation: 'Scan', table })
  const keys = output.Items.flatMap((item) => item[attributes.key]?.S ?? [])
  const scanned = output.ScannedCount ?? keys.length
  costs.sawPage(scanned, keys.length, consistent ? units / 2 : units)
  const { LastEvaluatedKey: lastKey } = output
  const last = lastKey?.[attributes.key]?.S
  // The last item may belong to other software, so its sort key can differ from the configured one.
  const lastSort = sort && lastKey?.[sort.name]?.S
  if (lastKey !== undefined && (last === undefined || Object.keys(lastKey).length > (sort ? 2 : 1))) {
    throw new UnsessionError('SCHEMA_MISMATCH', keyMismatch(table), { table })
  }
  return { keys, scanned, last, lastSort }
}

async function targetOf(connection: Connection, base: string, dryRun: boolean): Promise<ClearExpiredTarget> {
  const { table, endpoint = '', attributes } = connection.options
  // If the region is missing, the first request fails with a better message.
  const region = await (await connection.open()).region()
  const { key: keyAttribute, expires: expiresAttribute } = attributes
  return { table, region, endpoint, base, keyAttribute, expiresAttribute, dryRun }
}

function progressOf(
  state: ClearExpiredState,
  rate: number,
  items: number | undefined,
): DynamoDBClearExpiredProgress {
  const isKnown = items !== undefined && items > 0
  const left = isKnown && items >= state.scanned && rate > 0 ? (items - state.scanned) / rate : undefined
  return {
    ...resultOf(state),
    rate,
    ...(isKnown && { items }),
    ...(left !== undefined && { timeLeft: left * 1000 }),
  }
}

function resultOf({
  scanned,
  expired,
  deleted,
  units,
  duration,
}: DynamoDBClearExpiredResult): DynamoDBClearExpiredResult {
  return { scanned, expired, deleted, units, duration }
}

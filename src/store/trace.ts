import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { type CallCosts, currentCall } from '../../drivers/utils/trace-context.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import type { SessionRecord, ClearExpiredResult } from '../core/types.ts'

/** A call with a tracing channel. The name of the channel is `unsession.` and the operation, for instance `unsession.load`. */
export type TracedOperation = keyof TracedResults

interface TracedResults {
  create: SessionRecord
  load: SessionRecord | null
  save: SessionRecord
  touch: SessionRecord | null
  destroy: boolean
  rotate: SessionRecord
  destroyAll: number
  clearExpired: ClearExpiredResult
}

/** The event of a tracing channel. It is one object from `start` to `asyncEnd`, and it is complete at `asyncEnd`. */
export interface TraceEvent extends CallCosts {
  /** The traced call. */
  operation: TracedOperation
  /** Hash of the session id, as in errors and hooks. Absent for a call that concerns no single session. */
  keyHash?: string
  /** Duration of the call, in ms. Set at the end, also after a failure. */
  duration?: number
  /** Version of the session that was read or written. */
  version?: number
  /** Whether there was a live session. */
  found?: boolean
  /** Number of sessions that `destroyAll` destroyed, or of items that `clearExpired` deleted. */
  deleted?: number
  /** The error of the call. It contains no session id and no data. */
  error?: unknown
}

const channels: Record<TracedOperation, TracingChannel<unknown, TraceEvent>> = {
  create: tracingChannel('unsession.create'),
  load: tracingChannel('unsession.load'),
  save: tracingChannel('unsession.save'),
  touch: tracingChannel('unsession.touch'),
  destroy: tracingChannel('unsession.destroy'),
  rotate: tracingChannel('unsession.rotate'),
  destroyAll: tracingChannel('unsession.destroyAll'),
  clearExpired: tracingChannel('unsession.clearExpired'),
}

/** The event properties that are set at the end of a call, by operation. */
const DESCRIBE: { [Name in TracedOperation]: (result: TracedResults[Name]) => Partial<TraceEvent> } = {
  create: describeRecord,
  load: describeRecord,
  save: describeRecord,
  touch: describeRecord,
  rotate: describeRecord,
  destroy: (wasLive) => ({ found: wasLive }),
  destroyAll: (deleted) => ({ deleted }),
  clearExpired: ({ deleted }) => ({ deleted }),
}

function describeRecord(record: SessionRecord | null): Partial<TraceEvent> {
  return record ? { found: true, version: record.version } : { found: false }
}

/** Returns whether the calls of an operation have subscribers. */
export function isTraced(operation: TracedOperation): boolean {
  return channels[operation].hasSubscribers
}

/**
 * Runs a call and publishes it on the channel of its operation. Without subscribers, it only runs the call.
 *
 * @param id - session id, whose hash is added to the event; `undefined` for a call that concerns no single session
 */
export function trace<Name extends TracedOperation, R extends TracedResults[Name]>(
  operation: Name,
  id: string | undefined,
  call: () => Promise<R>,
): Promise<R> {
  return isTraced(operation) ? publish(operation, id, call) : call()
}

async function publish<Name extends TracedOperation, R extends TracedResults[Name]>(
  operation: Name,
  id: string | undefined,
  call: () => Promise<R>,
): Promise<R> {
  const event: TraceEvent = { operation, requests: 0, readUnits: 0, writeUnits: 0 }
  if (id !== undefined) event.keyHash = hashKey(id)
  const outerCall = currentCall.getStore()
  const startedAt = performance.now()
  // Node adds the result of the traced function to the event. A record would show the id and the data there.
  const resultOf = await channels[operation].tracePromise(async () => {
    try {
      const result = await currentCall.run(event, call)
      Object.assign(event, DESCRIBE[operation](result))
      return () => result
    } finally {
      event.duration = performance.now() - startedAt
      if (outerCall) addCosts(outerCall, event)
    }
  }, event)
  return resultOf()
}

/** Adds the costs of a call to those of the call that made it. */
function addCosts(sum: CallCosts, { cache, requests, readUnits, writeUnits }: CallCosts): void {
  sum.requests += requests
  sum.readUnits += readUnits
  sum.writeUnits += writeUnits
  if (cache && sum.cache !== 'miss') sum.cache = cache
}

import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { type CallCosts, currentCall } from '../../drivers/utils/trace-context.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import type { SessionRecord, ClearExpiredResult } from '../core/types.ts'

/** The calls that have a channel, `unsession.load` and so on. */
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

/** What the subscribers of a channel are told; the same object from `start` to `asyncEnd`, ever more complete. */
export interface TraceEvent extends CallCosts {
  operation: TracedOperation
  /** Hash of the session's id, the one in errors and hooks; of what has no single session there is none. */
  keyHash?: string
  /** ms; known at the end, of a failure too. */
  duration?: number
  /** Version of the session that was read or written. */
  version?: number
  /** Whether there was a live session. */
  found?: boolean
  /** How many sessions were ended. */
  ended?: number
  /** What was thrown: it names neither id nor data. */
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

/** What the end of a call is told, by operation. */
const DESCRIBE: { [Name in TracedOperation]: (result: TracedResults[Name]) => Partial<TraceEvent> } = {
  create: describeRecord,
  load: describeRecord,
  save: describeRecord,
  touch: describeRecord,
  rotate: describeRecord,
  destroy: (wasLive) => ({ found: wasLive }),
  destroyAll: (ended) => ({ ended }),
  clearExpired: ({ deleted }) => ({ ended: deleted }),
}

function describeRecord(record: SessionRecord | null): Partial<TraceEvent> {
  return record ? { found: true, version: record.version } : { found: false }
}

/** Returns whether the calls of an operation have subscribers. */
export function isTraced(operation: TracedOperation): boolean {
  return channels[operation].hasSubscribers
}

/**
 * Runs a call and publishes it on the channel of its operation. Without subscribers, the call goes straight through.
 *
 * @param id - the session's id, of which subscribers get the hash; `undefined` for a call of no single session
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
  // Node adds the result of the traced function to the event. A record there would show the id and the data.
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

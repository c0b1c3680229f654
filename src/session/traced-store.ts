import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { type CallCosts, currentCall } from '../../drivers/utils/tracing.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import { StoreLayer } from './layer.ts'
import type {
  LoadOptions,
  RotateOptions,
  SessionData,
  SessionDraft,
  SessionRecord,
  SweepOptions,
  SweepResult,
} from './types.ts'

/** The calls that have a channel, `unsession.load` and so on. */
export type TracedOperation =
  | 'create'
  | 'load'
  | 'save'
  | 'touch'
  | 'destroy'
  | 'rotate'
  | 'destroyAll'
  | 'sweep'

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

const OPERATIONS = ['create', 'load', 'save', 'touch', 'destroy', 'rotate', 'destroyAll', 'sweep'] as const

const channels = Object.fromEntries(
  OPERATIONS.map((operation) => [operation, tracingChannel<unknown, TraceEvent>(`unsession.${operation}`)]),
) as Record<TracedOperation, TracingChannel<unknown, TraceEvent>>

/**
 * A session store that publishes its calls on the tracing channels of `node:diagnostics_channel`. Without subscribers a call
 * goes straight through.
 */
export class TracedStore extends StoreLayer {
  override load<T extends SessionData>(id: string, options?: LoadOptions): Promise<SessionRecord<T> | null> {
    const load = (): Promise<SessionRecord<T> | null> => this.inner.load<T>(id, options)
    return channels.load.hasSubscribers ? trace('load', id, load, found) : load()
  }

  override create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return trace('create', draft.id, () => this.inner.create(draft), found)
  }

  override save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return trace('save', record.id, () => this.inner.save(record), found)
  }

  override touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return trace('touch', record.id, () => this.inner.touch(record), found)
  }

  override destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    const destroy = (): Promise<boolean> => this.inner.destroy(id, options)
    return trace('destroy', id, destroy, (wasLive) => ({ found: wasLive }))
  }

  override rotate<T extends SessionData>(
    record: SessionRecord<T>,
    newId: string,
    options?: RotateOptions,
  ): Promise<SessionRecord<T>> {
    return trace('rotate', record.id, () => this.inner.rotate(record, newId, options), found)
  }

  override destroyAll(options: { user: string; except?: string }): Promise<number> {
    const destroyAll = (): Promise<number> => this.inner.destroyAll(options)
    return trace('destroyAll', undefined, destroyAll, (ended) => ({ ended }))
  }

  override clearExpired(options?: SweepOptions): Promise<SweepResult> {
    const sweep = (): Promise<SweepResult> => this.inner.clearExpired(options)
    return trace('sweep', undefined, sweep, ({ deleted }) => ({ ended: deleted }))
  }
}

function found(record: SessionRecord | null): Partial<TraceEvent> {
  return record ? { found: true, version: record.version } : { found: false }
}

async function trace<R>(
  operation: TracedOperation,
  id: string | undefined,
  call: () => Promise<R>,
  describe: (result: R) => Partial<TraceEvent>,
): Promise<R> {
  const channelOf = channels[operation]
  if (!channelOf.hasSubscribers) return call()
  const event: TraceEvent = { operation, requests: 0, readUnits: 0, writeUnits: 0 }
  if (id !== undefined) event.keyHash = hashKey(id)
  const around = currentCall.getStore()
  const begun = performance.now()
  // Node adds what the function resolves to to the event: a record would take the id and the data there.
  const resultOf = await channelOf.tracePromise(async () => {
    try {
      const result = await currentCall.run(event, call)
      Object.assign(event, describe(result))
      return () => result
    } finally {
      event.duration = performance.now() - begun
      if (around) addCosts(around, event)
    }
  }, event)
  return resultOf()
}

/** A call inside a call is part of what the outer one costs. */
function addCosts(sum: CallCosts, { cache, requests, readUnits, writeUnits }: CallCosts): void {
  sum.requests += requests
  sum.readUnits += readUnits
  sum.writeUnits += writeUnits
  if (cache && sum.cache !== 'miss') sum.cache = cache
}

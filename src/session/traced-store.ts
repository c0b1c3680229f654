import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { type CallCosts, currentCall } from '../../drivers/utils/tracing.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import type {
  SessionData,
  SessionDraft,
  SessionRecord,
  SessionStore,
  SessionSummary,
  StoreConfig,
  StoreStats,
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
export class TracedStore implements SessionStore {
  readonly config: StoreConfig
  readonly #inner: SessionStore

  constructor(inner: SessionStore) {
    this.#inner = inner
    this.config = inner.config
  }

  load<T extends SessionData>(
    id: string,
    options?: { minVersion?: number },
  ): Promise<SessionRecord<T> | null> {
    const load = (): Promise<SessionRecord<T> | null> => this.#inner.load<T>(id, options)
    return channels.load.hasSubscribers ? trace('load', id, load, found) : load()
  }

  create<T extends SessionData>(draft: SessionDraft<T>): Promise<SessionRecord<T>> {
    return trace('create', draft.id, () => this.#inner.create(draft), found)
  }

  save<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T>> {
    return trace('save', record.id, () => this.#inner.save(record), found)
  }

  touch<T extends SessionData>(record: SessionRecord<T>): Promise<SessionRecord<T> | null> {
    return trace('touch', record.id, () => this.#inner.touch(record), found)
  }

  destroy(id: string, options?: { ifVersion?: number }): Promise<boolean> {
    return trace(
      'destroy',
      id,
      () => this.#inner.destroy(id, options),
      (wasLive) => ({ found: wasLive }),
    )
  }

  rotate<T extends SessionData>(record: SessionRecord<T>, newId: string): Promise<SessionRecord<T>> {
    return trace('rotate', record.id, () => this.#inner.rotate(record, newId), found)
  }

  list(options?: { user?: string; limit?: number; expired?: boolean }): AsyncIterable<SessionSummary> {
    return this.#inner.list(options)
  }

  destroyAll(options: { user: string; except?: string }): Promise<number> {
    return trace(
      'destroyAll',
      undefined,
      () => this.#inner.destroyAll(options),
      (ended) => ({ ended }),
    )
  }

  clearExpired(options?: SweepOptions): Promise<SweepResult> {
    return trace(
      'sweep',
      undefined,
      () => this.#inner.clearExpired(options),
      ({ deleted }) => ({ ended: deleted }),
    )
  }

  stats(): StoreStats {
    return this.#inner.stats()
  }

  dispose(): Promise<void> {
    return this.#inner.dispose()
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
  const begun = performance.now()
  const results: R[] = []
  // Node adds what the function resolves to to the event. A record would take the id and the data there.
  await channelOf.tracePromise(async () => {
    try {
      const result = await currentCall.run(event, call)
      Object.assign(event, describe(result))
      results.push(result)
    } finally {
      event.duration = performance.now() - begun
    }
  }, event)
  return results[0] as R
}

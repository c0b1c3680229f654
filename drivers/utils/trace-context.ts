import { AsyncLocalStorage } from 'node:async_hooks'

/** Costs of a traced call of a store. The driver adds to them while the call runs. */
export interface CallCosts {
  /** Whether the cache had the session. Not set if there is no cache. */
  cache?: 'hit' | 'miss'
  /** Requests sent to the database. */
  requests: number
  /** Read capacity units. The units of gathered reads are counted in the call that opened the batch. */
  readUnits: number
  /** Write capacity units. */
  writeUnits: number
}

/**
 * The traced call that the code runs in, if tracing has a subscriber. It is global, because a bundler may copy this package: a
 * driver and a store of two copies must use the same object.
 */
export const currentCall: AsyncLocalStorage<CallCosts> = shared(
  'unsession.call',
  () => new AsyncLocalStorage(),
)

function shared<T>(name: string, make: () => T): T {
  const known = globalThis as { [key: symbol]: T | undefined }
  return (known[Symbol.for(name)] ??= make())
}

import { AsyncLocalStorage } from 'node:async_hooks'

/** What a traced call of a store has cost below it, so far. */
export interface CallCosts {
  /** Whether the cache had the answer; absent where there is no cache. */
  cache?: 'hit' | 'miss'
  /** Requests sent to the database. */
  requests: number
  /** Capacity units they consumed. A read gathered with others is counted with the call that opened the batch. */
  readUnits: number
  writeUnits: number
}

/**
 * The traced call that the code runs in, as far as somebody listens. Global by name: a driver and a store of two copies of
 * this package, as bundlers may make them, mean the same one.
 */
export const currentCall: AsyncLocalStorage<CallCosts> = shared(
  'unsession.call',
  () => new AsyncLocalStorage(),
)

function shared<T>(name: string, make: () => T): T {
  const known = globalThis as { [key: symbol]: T | undefined }
  return (known[Symbol.for(name)] ??= make())
}

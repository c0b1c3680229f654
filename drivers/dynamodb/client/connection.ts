import { toArray } from '../../utils/validate.ts'
import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import { currentCall } from '../../utils/trace-context.ts'
import { Call, type CallContext, RecentThrottling } from './call.ts'
import { isExpiredToken } from './sdk-failures.ts'
import type { ConsumedUnits, ResolvedOptions } from '../config/options.ts'
import { isRead, toDriverError } from './to-error.ts'
import type { Input, Operation, Output, SdkTransport, Transport } from './transport.ts'
import { isInWorkers } from './workers.ts'
import { WriteLimit } from './write-limit.ts'

export type { Input, Operation, Output } from './transport.ts'

/** Consumed capacity in a response. Batch operations return one entry for each table. */
type Consumed = ConsumedCapacity | ConsumedCapacity[] | undefined

/** Opens the transport that the options ask for. */
export type OpenTransport = (options: ResolvedOptions) => Promise<Transport>

/**
 * Connection to DynamoDB. It opens its transport at the first call. It gives each call a deadline and
 * converts its errors. `dispose` ends all calls.
 */
export class Connection {
  readonly options: ResolvedOptions
  /** Whether this endpoint returns the conflicting item when a condition fails. */
  returnsConflictingItem = false
  #openTransport: OpenTransport
  #opening: Promise<Transport> | undefined
  #opened: Transport | undefined
  /** The SDK's client for the app, where the connection itself uses another transport. */
  #sdk: Promise<SdkTransport> | undefined
  #calls = new Set<Call>()
  #context: CallContext = { throttling: new RecentThrottling(), hasSucceeded: false, answers: 0 }
  #writes: WriteLimit
  #disposed = false

  constructor(options: ResolvedOptions, openTransport: OpenTransport = (given) => openSdk(given)) {
    this.options = options
    this.#openTransport = openTransport
    // A write that waits would hang in Workers when the request of the write before it is aborted.
    this.#writes = new WriteLimit(isInWorkers() ? Infinity : options.writes.maxInFlight)
  }

  /** Name of the transport. `undefined` before it is open. */
  get transport(): Transport['name'] | undefined {
    return this.#opened?.name
  }

  /** Returns the SDK's client: the option `client`, the client in use, or, with another transport, a client for the caller alone. */
  async client(): Promise<DynamoDBClient> {
    const { client } = await this.open()
    if (client !== undefined) return client
    this.#sdk ??= openSdk(this.options).catch((error: unknown) => {
      this.#sdk = undefined
      throw this.#openingError(error)
    })
    return (await this.#sdk).client
  }

  /**
   * Opens the transport. Later calls return the same one. After a failure, the next call tries again.
   * The deadlines of calls do not include this time.
   *
   * @throws {UnsessionError} `DEPENDENCY_MISSING`, `INVALID_OPTION`, `DISPOSED`
   */
  async open(): Promise<Transport> {
    if (this.#disposed) throw disposedError(this.options.table)
    this.#opening ??= this.#openTransport(this.options).catch((error: unknown) => {
      this.#opening = undefined
      throw this.#openingError(error)
    })
    this.#opened = await this.#opening
    this.#context.credentials = this.#opened.credentials
    return this.#opened
  }

  /**
   * Runs one call within `timeout.request`. Every failure is a typed error.
   *
   * @param key - key of the item; errors contain only its hash
   * @param work - sends the requests of the call; the deadline covers all of it
   * @param signal - ends the call, which then rejects with the signal's reason
   * @throws {UnsessionError} see {@link toDriverError}
   */
  async call<T>(
    operation: Operation,
    key: string | undefined,
    work: (call: Call) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (this.#opened === undefined || this.#disposed) await this.open()
    const context = { operation, table: this.options.table, key }
    const call = this.begin()
    const abort = (): void => call.end(signal?.reason)
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) abort()
    try {
      const turn = isRead(operation) ? undefined : this.#writes.enter(call)
      const started = turn === undefined ? work(call) : turn.then(() => work(call))
      return await call.within(this.options.timeout.request, context, started)
    } catch (error) {
      signal?.throwIfAborted()
      throw toDriverError(error, context, call)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#writes.leave(call)
      this.finish(call)
    }
  }

  /** Sends one request with its own deadline. */
  request<O extends Operation>(operation: O, input: Input<O>, signal?: AbortSignal): Promise<Output<O>> {
    return this.call(operation, undefined, (call) => this.send(operation, input, call), signal)
  }

  /** Sends one request of a call. Throws the SDK's errors as they are. */
  async send<O extends Operation>(operation: O, input: Input<O>, call: Call): Promise<Output<O>> {
    const opened = this.#opened ?? (await this.open())
    if (call.aborted || this.#disposed) throw disposedError(this.options.table)
    const trace = currentCall.getStore()
    if (trace) trace.requests++
    const { current } = opened.credentials ?? {}
    let output: Output<O>
    try {
      output = await opened.send(operation, input, call)
    } catch (error) {
      if (!isExpiredToken(error) || call.aborted) throw error
      // Another call may have renewed the credentials in the meantime.
      if (current === undefined || current === opened.credentials?.current) await opened.renewCredentials()
      output = await opened.send(operation, input, call)
    }
    this.#context.hasSucceeded = true
    if ('ConsumedCapacity' in output) this.#report(operation, output.ConsumedCapacity as Consumed)
    return output
  }

  /** Returns a call without a deadline. The caller must pass it to {@link finish}. */
  begin(): Call {
    const call = new Call(this.#context)
    this.#calls.add(call)
    return call
  }

  /** Removes a call from the calls that {@link dispose} ends. */
  finish(call: Call): void {
    this.#calls.delete(call)
  }

  /** Ends all calls in flight and closes the transport. A client from the option `client` is left open. Can be called twice. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const call of this.#calls) call.end(disposedError(this.options.table))
    this.#calls.clear()
    for (const opening of [this.#opening, this.#sdk]) (await opening?.catch(() => undefined))?.close()
  }

  #openingError(error: unknown): UnsessionError {
    return toDriverError(error, { operation: 'the first call', table: this.options.table })
  }

  #report(operation: Operation, consumed: Consumed): void {
    const kind = isRead(operation) ? 'read' : 'write'
    const trace = currentCall.getStore()
    for (const each of toArray(consumed)) {
      if (each?.CapacityUnits === undefined) continue
      if (trace) trace[`${kind}Units`] += each.CapacityUnits
      if (this.options.onCapacity === undefined) continue
      const { table } = this.options
      const units: ConsumedUnits = { operation, table, units: each.CapacityUnits, kind }
      // The callback may be asynchronous. Its failure must not fail the call.
      const told = (async () => this.options.onCapacity?.(units))()
      told.catch((error: unknown) => console.warn('[unsession] the option `onCapacity` threw:', error))
    }
  }
}

/** Opens the transport of the SDK; its code is loaded on demand. @param purpose - what it is needed for, for the error without it */
export async function openSdk(options: ResolvedOptions, purpose?: string): Promise<SdkTransport> {
  const { openSdkTransport } = await import('./sdk-transport.ts')
  return openSdkTransport(options, purpose)
}

/** Returns the error of every call after `dispose()`. */
export function disposedError(table: string): UnsessionError {
  return new UnsessionError('DISPOSED', 'the driver has been disposed; create a new driver', { table })
}

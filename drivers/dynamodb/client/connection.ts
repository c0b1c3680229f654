import { toArray } from '../../utils/validate.ts'
import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import { currentCall } from '../../utils/trace-context.ts'
import { Call, type CallContext, RecentThrottling } from './call.ts'
import {
  isAnswer,
  isExpiredToken,
  isWriteInProgress,
  truncatedResponse,
  unansweredAttempt,
} from './sdk-failures.ts'
import { type OpenedClient, type Sdk, closeIdleConnections, openClient } from './open-client.ts'
import type { ConsumedUnits, ResolvedOptions } from '../config/options.ts'
import { isRead, toDriverError } from './to-error.ts'
import { WriteLimit } from './write-limit.ts'

type OperationOf<Export> = Export extends `${infer Name}Command` ? Name : never
type CommandOf<O extends Operation> = InstanceType<Sdk[`${O}Command`]>

/** An operation of DynamoDB: `GetItem`, `CreateTable` … The SDK also exports a base class, `$Command`, which is excluded. */
export type Operation = Exclude<OperationOf<keyof Sdk>, '$'>

/** Input of an operation. */
export type Input<O extends Operation> = CommandOf<O>['input']

/** Output of an operation. */
export type Output<O extends Operation> = Awaited<
  ReturnType<ReturnType<CommandOf<O>['resolveMiddleware']>>
>['output']

/** Consumed capacity in a response. Batch operations return one entry for each table. */
type Consumed = ConsumedCapacity | ConsumedCapacity[] | undefined

/**
 * Time limit of the first attempt, ms. Each further attempt has twice the time of the one before. The last attempt has the
 * remaining time of the call's deadline. The limits are needed because a keep-alive connection can be dead without an error.
 *
 * DynamoDB answers requests for one item within about 10 ms. Scans and batches take longer. They have a higher limit, and
 * are aborted only if the endpoint answers no other request either.
 */
const ATTEMPT_MS = { item: 1000, many: 2000 }
const ITEM_OPERATIONS = new Set<Operation>(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'])

/**
 * Connection to DynamoDB. It loads the SDK and creates the client at the first call. It gives each call a deadline and
 * converts its errors. `dispose` ends all calls.
 */
export class Connection {
  readonly options: ResolvedOptions
  /** Whether this endpoint returns the conflicting item when a condition fails. */
  returnsConflictingItem = false
  #opening: Promise<OpenedClient> | undefined
  #opened: OpenedClient | undefined
  #calls = new Set<Call>()
  #context: CallContext = { throttling: new RecentThrottling(), hasSucceeded: false, answeredAt: -Infinity }
  #writes: WriteLimit
  #disposed = false

  constructor(options: ResolvedOptions) {
    this.options = options
    this.#writes = new WriteLimit(options.writes.maxInFlight)
  }

  /** Returns the client in use: the option `client`, or the client that the first call creates. */
  async client(): Promise<DynamoDBClient> {
    return (await this.open()).client
  }

  /**
   * Loads the SDK and creates the client. Later calls return the same client. After a failure, the next call tries again.
   * The deadlines of calls do not include this time.
   *
   * @throws {UnsessionError} `DEPENDENCY_MISSING`, `DISPOSED`
   */
  async open(): Promise<OpenedClient> {
    if (this.#disposed) throw disposedError(this.options.table)
    this.#opening ??= openClient(this.options).catch((error: unknown) => {
      this.#opening = undefined
      throw toDriverError(error, { operation: 'the first call', table: this.options.table })
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
      const started = isRead(operation) ? work(call) : this.#writes.enter(call).then(() => work(call))
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
      output = await sendCommand(opened, operation, input, call)
    } catch (error) {
      if (!isExpiredToken(error) || call.aborted) throw error
      // Another call may have renewed the credentials in the meantime.
      if (current === undefined || current === opened.credentials?.current) {
        await opened.client.config.credentials({ forceRefresh: true })
      }
      output = await sendCommand(opened, operation, input, call)
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

  /** Ends all calls in flight and destroys the client. A client from the option `client` is left open. Can be called twice. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const call of this.#calls) call.end(disposedError(this.options.table))
    this.#calls.clear()
    if (this.options.client !== undefined || this.#opening === undefined) return
    const opened = await this.#opening.catch(() => undefined)
    opened?.client.destroy()
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

async function sendCommand<O extends Operation>(
  { sdk, client, maxAttempts, takesPlainSignal }: OpenedClient,
  operation: O,
  input: Input<O>,
  call: Call,
): Promise<Output<O>> {
  const command = commandOf(sdk, operation, input)
  const isOfItem = ITEM_OPERATIONS.has(operation)
  let attempts = 0
  // The middleware is inside the SDK's retries, so it runs once for each attempt.
  command.middlewareStack.add(
    (next) => async (args) => {
      call.attempts++
      attempts++
      const ms = (isOfItem ? ATTEMPT_MS.item : ATTEMPT_MS.many) * 2 ** (attempts - 1)
      const giveUp = (): Error => {
        // The other idle connections use the same network path and are likely dead too.
        closeIdleConnections(client)
        return unansweredAttempt(ms)
      }
      try {
        const sent = next(args)
        const attempt = await (attempts < maxAttempts ? call.limitAttempt(sent, ms, !isOfItem, giveUp) : sent)
        if (!isAnswer(attempt.response)) throw truncatedResponse()
        call.noteAnswer()
        return attempt
      } catch (thrown) {
        const error = thrown instanceof SyntaxError ? truncatedResponse() : thrown
        call.note(error)
        // The SDK does not retry these errors by default.
        if (isWriteInProgress(error)) Object.assign(error as object, { $retryable: {} })
        throw error
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'unsessionAttempts' },
  )
  call.asked = true
  const abortSignal = takesPlainSignal ? call : call.signal
  return (await client.send(command, { abortSignal })) as Output<O>
}

function commandOf(sdk: Sdk, operation: Operation, input: unknown): InstanceType<Sdk['GetItemCommand']> {
  // The commands differ in their types only; `send` restores the right ones.
  const Command = sdk[`${operation}Command`] as unknown as new (
    input: unknown,
  ) => InstanceType<Sdk['GetItemCommand']>
  return new Command(input)
}

/** Returns the error of every call after `dispose()`. */
export function disposedError(table: string): UnsessionError {
  return new UnsessionError('DISPOSED', 'the driver has been disposed; create a new driver', { table })
}

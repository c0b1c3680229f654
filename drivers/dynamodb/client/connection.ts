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

/** An operation of DynamoDB: `GetItem`, `CreateTable` …; the SDK's own base class is none. */
export type Operation = Exclude<OperationOf<keyof Sdk>, '$'>

/** What goes into an operation. */
export type Input<O extends Operation> = CommandOf<O>['input']

/** What comes out of it. */
export type Output<O extends Operation> = Awaited<
  ReturnType<ReturnType<CommandOf<O>['resolveMiddleware']>>
>['output']

/** What an answer says it has consumed, by table where it is about several. */
type Consumed = ConsumedCapacity | ConsumedCapacity[] | undefined

/**
 * How long an attempt may go without an answer while the SDK would try again, ms; each further attempt has twice the time.
 * A keep-alive connection can be dead without a sign. The last attempt has what is left of the call's deadline.
 *
 * DynamoDB answers requests about one item within some 10 ms. Scans and batches take longer, so these are broken off later,
 * and only when the endpoint answers nothing else either.
 */
const ATTEMPT_MS = { item: 1000, many: 2000 }
const ITEM_OPERATIONS = new Set<Operation>(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'])

/**
 * The way to DynamoDB: loads the SDK and makes the client at the first call, gives each call a deadline and a typed error,
 * and can end everything at once.
 */
export class Connection {
  readonly options: ResolvedOptions
  /** Whether this endpoint returns, with a failed condition, the conflicting item. */
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

  /** The client in use: the caller's own, or the one made at the first call. */
  async client(): Promise<DynamoDBClient> {
    return (await this.open()).client
  }

  /**
   * Loads the SDK and makes the client, once; again after a failure. No call's deadline covers it.
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
   * Runs one call under the request deadline. Every failure is a typed error.
   *
   * @param key - key of the call, named in errors by its hash
   * @param work - sends through the call it is given; the deadline covers all it does
   * @param signal - ends the call, which then fails with the signal's reason
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

  /** Sends one request under a deadline of its own. */
  request<O extends Operation>(operation: O, input: Input<O>, signal?: AbortSignal): Promise<Output<O>> {
    return this.call(operation, undefined, (call) => this.send(operation, input, call), signal)
  }

  /** Sends one request of a call. Errors are those of the SDK. */
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
      // Another call may have renewed them meanwhile.
      if (current === undefined || current === opened.credentials?.current) {
        await opened.client.config.credentials({ forceRefresh: true })
      }
      output = await sendCommand(opened, operation, input, call)
    }
    this.#context.hasSucceeded = true
    if ('ConsumedCapacity' in output) this.#report(operation, output.ConsumedCapacity as Consumed)
    return output
  }

  /** A call without a deadline of its own; `finish` it. */
  begin(): Call {
    const call = new Call(this.#context)
    this.#calls.add(call)
    return call
  }

  finish(call: Call): void {
    this.#calls.delete(call)
  }

  /** Ends everything in flight and destroys the client, unless it is the caller's. Safe to call twice. */
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
      // It may be asynchronous, and its failure is not the call's.
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
  // Inside the SDK's retries, so that every attempt is seen.
  command.middlewareStack.add(
    (next) => async (args) => {
      call.attempts++
      attempts++
      const ms = (isOfItem ? ATTEMPT_MS.item : ATTEMPT_MS.many) * 2 ** (attempts - 1)
      const giveUp = (): Error => {
        // The other idle connections went through the same network.
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
        // The SDK does not repeat these by itself.
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

/** What every call gets after `dispose()`. */
export function disposedError(table: string): UnsessionError {
  return new UnsessionError('DISPOSED', 'the driver has been disposed; create a new one to go on', { table })
}

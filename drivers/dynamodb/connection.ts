import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../utils/errors.ts'
import { currentCall } from '../utils/tracing.ts'
import { Call, Pushback } from './call.ts'
import { isAnswer, tornAnswer } from './failure.ts'
import type { ConsumedUnits, ResolvedOptions } from './options.ts'
import { isRead, toDriverError } from './sdk-errors.ts'

type Sdk = typeof import('@aws-sdk/client-dynamodb')
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

interface Opened {
  sdk: Sdk
  client: DynamoDBClient
}

/**
 * The way to DynamoDB: loads the SDK and makes the client at the first call, gives each call a deadline and a typed error,
 * and can end everything at once.
 */
export class Connection {
  readonly options: ResolvedOptions
  #opened: Promise<Opened> | undefined
  #calls = new Set<Call>()
  #pushback = new Pushback()
  #disposed = false

  constructor(options: ResolvedOptions) {
    this.options = options
  }

  /** The client in use: the caller's own, or the one made at the first call. */
  async client(): Promise<DynamoDBClient> {
    return (await this.#open()).client
  }

  /**
   * Run one call under the request deadline; whatever fails comes out typed.
   *
   * @param key - key the call is for, named in errors by its hash
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
    const context = { operation, table: this.options.table, key }
    const call = this.begin()
    const abort = (): void => call.end(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      return await call.within(this.options.timeout.request, context, work(call))
    } catch (error) {
      signal?.throwIfAborted()
      throw toDriverError(error, context, call)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.finish(call)
    }
  }

  /** Send one request under a deadline of its own. */
  request<O extends Operation>(operation: O, input: Input<O>, signal?: AbortSignal): Promise<Output<O>> {
    return this.call(operation, undefined, (call) => this.send(operation, input, call), signal)
  }

  /** Send one request of a call. Errors come out as the SDK threw them. */
  async send<O extends Operation>(operation: O, input: Input<O>, call: Call): Promise<Output<O>> {
    const { sdk, client } = await this.#open()
    if (call.aborted) throw disposedError(this.options.table)
    const command = commandOf(sdk, operation, input)
    // Inside the SDK's retries, so that every attempt is seen.
    command.middlewareStack.add(
      (next) => async (args) => {
        call.attempts++
        try {
          const attempt = await next(args)
          if (!isAnswer(attempt.response)) throw tornAnswer()
          return attempt
        } catch (thrown) {
          const error = thrown instanceof SyntaxError ? tornAnswer() : thrown
          call.note(error)
          throw error
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'unsessionAttempts' },
    )
    call.asked = true
    const trace = currentCall.getStore()
    if (trace) trace.requests++
    const output = (await client.send(command, { abortSignal: call })) as Output<O>
    if ('ConsumedCapacity' in output) this.#report(operation, output.ConsumedCapacity as Consumed)
    return output
  }

  /** A call without a deadline of its own; `finish` it. */
  begin(): Call {
    const call = new Call(this.#pushback)
    this.#calls.add(call)
    return call
  }

  finish(call: Call): void {
    this.#calls.delete(call)
  }

  /** Whether this endpoint says, with a failed condition, which item stood in the way. */
  showsBlocker = false

  /** End everything under way and let go of the client, unless it is the caller's. Safe to call twice. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    for (const call of this.#calls) call.end(disposedError(this.options.table))
    this.#calls.clear()
    if (this.options.client !== undefined || this.#opened === undefined) return
    const opened = await this.#opened.catch(() => undefined)
    opened?.client.destroy()
  }

  #open(): Promise<Opened> {
    if (this.#disposed) return Promise.reject(disposedError(this.options.table))
    this.#opened ??= open(this.options).catch((error: unknown) => {
      // Not kept: the next call may find the credentials or the package that this one missed.
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  #report(operation: Operation, consumed: Consumed): void {
    const kind = isRead(operation) ? 'read' : 'write'
    const trace = currentCall.getStore()
    for (const each of [consumed].flat()) {
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

async function open(options: ResolvedOptions): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-dynamodb')
  if (options.client !== undefined) return { sdk, client: options.client as DynamoDBClient }
  const { clientConfig, region, endpoint, timeout } = options
  const credentials = options.credentials ?? clientConfig?.credentials
  const handler = clientConfig?.requestHandler
  const client = new sdk.DynamoDBClient({
    ...clientConfig,
    requestHandler:
      handler === undefined || !('handle' in handler)
        ? { connectionTimeout: timeout.connect, ...handler }
        : handler,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    // The SDK writes notes of its own into the object it is given.
    ...(credentials !== undefined && {
      credentials: typeof credentials === 'function' ? credentials : { ...credentials },
    }),
  })
  return { sdk, client }
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

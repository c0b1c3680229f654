import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  BatchWriteItemCommandInput,
  BatchWriteItemCommandOutput,
  ConsumedCapacity,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  DynamoDBClient,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../utils/errors.ts'
import { Call } from './call.ts'
import type { ConsumedUnits, ResolvedOptions } from './options.ts'
import { isAnswer, toDriverError, tornAnswer } from './sdk-errors.ts'

/** The operations the driver uses, with what goes in and what comes out. */
interface Operations {
  GetItem: { input: GetItemCommandInput; output: GetItemCommandOutput }
  BatchGetItem: { input: BatchGetItemCommandInput; output: BatchGetItemCommandOutput }
  PutItem: { input: PutItemCommandInput; output: PutItemCommandOutput }
  UpdateItem: { input: UpdateItemCommandInput; output: UpdateItemCommandOutput }
  DeleteItem: { input: DeleteItemCommandInput; output: DeleteItemCommandOutput }
  BatchWriteItem: { input: BatchWriteItemCommandInput; output: BatchWriteItemCommandOutput }
  Query: { input: QueryCommandInput; output: QueryCommandOutput }
  Scan: { input: ScanCommandInput; output: ScanCommandOutput }
}
export type Operation = keyof Operations

type Sdk = typeof import('@aws-sdk/client-dynamodb')
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
   */
  async call<T>(operation: Operation, key: string | undefined, work: (call: Call) => Promise<T>): Promise<T> {
    const context = { operation, table: this.options.table, key }
    const call = this.begin()
    try {
      return await call.within(this.options.timeout.request, context, work(call))
    } catch (error) {
      throw toDriverError(error, context, call)
    } finally {
      this.finish(call)
    }
  }

  /** Send one request under a deadline of its own. */
  request<O extends Operation>(
    operation: O,
    input: Operations[O]['input'],
  ): Promise<Operations[O]['output']> {
    return this.call(operation, undefined, (call) => this.send(operation, input, call))
  }

  /** Send one request of a call. Errors come out as the SDK threw them. */
  async send<O extends Operation>(
    operation: O,
    input: Operations[O]['input'],
    call: Call,
  ): Promise<Operations[O]['output']> {
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
    const output = (await client.send(command, { abortSignal: call })) as Operations[O]['output']
    if (this.options.onCapacity) this.#report(operation, output.ConsumedCapacity)
    return output
  }

  /** A call without a deadline of its own; `finish` it. */
  begin(): Call {
    const call = new Call()
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

  #report(operation: Operation, consumed: ConsumedCapacity | ConsumedCapacity[] | undefined): void {
    for (const each of Array.isArray(consumed) ? consumed : [consumed]) {
      if (each?.CapacityUnits === undefined) continue
      const units: ConsumedUnits = {
        operation,
        table: this.options.table,
        units: each.CapacityUnits,
        kind: /Get|Scan|Query/.test(operation) ? 'read' : 'write',
      }
      // It may be asynchronous, and its failure is not the call's.
      const told = (async () => this.options.onCapacity?.(units))()
      told.catch((error: unknown) => console.warn('[unsession] the option `onCapacity` threw:', error))
    }
  }
}

async function open(options: ResolvedOptions): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-dynamodb')
  if (options.client !== undefined) return { sdk, client: options.client as DynamoDBClient }
  const { clientConfig, region, endpoint, credentials, timeout } = options
  const handler = clientConfig?.requestHandler
  const client = new sdk.DynamoDBClient({
    ...clientConfig,
    requestHandler:
      handler === undefined || !('handle' in handler)
        ? { connectionTimeout: timeout.connect, ...handler }
        : handler,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
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

import type { TableDescription as SdkTable, TimeToLiveDescription } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Connection,
  type Input,
  type Operation,
  type Output,
} from '../../../drivers/dynamodb/client/connection.ts'
import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { ResolvedTable } from './options.ts'

/** Result of one probe of the table: the final result, or a description of the state to wait for. */
export type PollResult<T> = { done: T } | { waiting: string }

/** Pause after the first probe, ms. It doubles with each probe. */
const FIRST_PAUSE_MS = 25
/** Longest pause between two probes, ms. */
const LONGEST_PAUSE_MS = 2000

/** Runs `work` with a client for the table. Destroys the client afterwards, unless it came from the option `client`. */
export async function withTable<T>(
  settings: ResolvedTable,
  work: (client: TableClient) => Promise<T>,
): Promise<T> {
  const connection = new Connection(settings)
  try {
    return await work(new TableClient(settings, connection))
  } finally {
    await connection.dispose()
  }
}

/** Sends requests about one table, each with a deadline and typed errors, and waits for the table with a limit. */
export class TableClient {
  readonly settings: ResolvedTable
  #connection: Connection
  #waitEnds: number
  #lastMessage = ''

  constructor(settings: ResolvedTable, connection: Connection) {
    this.settings = settings
    this.#connection = connection
    this.#waitEnds = performance.now() + settings.maxWait
  }

  /** Sends one request. */
  call<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    return this.#connection.request(operation, input, this.settings.signal)
  }

  /** Returns DynamoDB's description of the table, or `undefined` if there is no such table. */
  async describe(): Promise<SdkTable | undefined> {
    try {
      return await this.describeExisting()
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Returns DynamoDB's description of the table. @throws {UnsessionError} `TABLE_NOT_FOUND` */
  async describeExisting(): Promise<SdkTable> {
    const { Table } = await this.call('DescribeTable', { TableName: this.settings.table })
    return Table ?? {}
  }

  /** Returns the table's time to live, or `undefined` if the endpoint does not support it. */
  async timeToLive(): Promise<TimeToLiveDescription | undefined> {
    const answer = await ifSupported(this.call('DescribeTimeToLive', { TableName: this.settings.table }))
    return answer && (answer.TimeToLiveDescription ?? {})
  }

  /**
   * Calls `probe` with growing pauses until it returns a result.
   *
   * @throws {UnsessionError} `TIMEOUT` after the option `maxWait`
   */
  async poll<T>(probe: () => Promise<PollResult<T>>): Promise<T> {
    const { table, maxWait, signal } = this.settings
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const result = await probe()
      if ('done' in result) return result.done
      this.report(result.waiting)
      const left = this.#waitEnds - performance.now()
      if (left <= 0) {
        throw new UnsessionError(
          'TIMEOUT',
          `table \`${table}\` was not ready within ${maxWait} ms (${result.waiting}); ` +
            'run this again to continue waiting, or raise `maxWait`',
          { table },
        )
      }
      await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {})
      signal?.throwIfAborted()
    }
  }

  /** Sends one request, and sends it again while DynamoDB is busy with another change of the table. */
  callWhenFree<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    return this.poll<Output<O>>(async () => {
      try {
        return { done: await this.call(operation, input) }
      } catch (error) {
        if (isBusy(error)) return { waiting: 'DynamoDB is busy with another change of the table' }
        throw error
      }
    })
  }

  /** Passes a message to the option `onProgress`, unless it repeats the last one. */
  report(message: string): void {
    if (message === this.#lastMessage) return
    this.#lastMessage = message
    this.settings.onProgress?.(message)
  }
}

/** Returns DynamoDB's own name of an error, such as `ResourceInUseException`. */
export function serviceErrorName(error: unknown): string | undefined {
  return error instanceof UnsessionError && error.cause instanceof Error ? error.cause.name : undefined
}

/** Returns DynamoDB's own message of an error. */
export function serviceErrorMessage(error: unknown): string {
  return error instanceof UnsessionError && error.cause instanceof Error ? error.cause.message : ''
}

/** Returns whether the error means that there is no such table. */
export function isMissing(error: unknown): boolean {
  return error instanceof UnsessionError && error.code === 'TABLE_NOT_FOUND'
}

/** Returns whether the error means that DynamoDB is still creating or changing the table. */
export function isBusy(error: unknown): boolean {
  const name = serviceErrorName(error)
  return name === 'ResourceInUseException' || name === 'ContinuousBackupsUnavailableException'
}

/** Returns the response, or `undefined` if the endpoint does not support the operation. */
export async function ifSupported<T>(response: Promise<T>): Promise<T | undefined> {
  try {
    return await response
  } catch (error) {
    if (serviceErrorName(error) === 'UnknownOperationException') return undefined
    throw error
  }
}

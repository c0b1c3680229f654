import type { TableDescription as SdkTable, TimeToLiveDescription } from '@aws-sdk/client-dynamodb'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, type Input, type Operation, type Output } from '../../../drivers/dynamodb/connection.ts'
import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { ResolvedTable } from './options.ts'

/** What one look at the table gave: the end of the wait, or what to wait for. */
export type Look<T> = { done: T } | { waiting: string }

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 2000

/** Run `work` with a client for the table; a client made here is destroyed at the end, a given one never. */
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

/** Calls about one table, each with a deadline and typed errors, and bounded waiting. */
export class TableClient {
  readonly settings: ResolvedTable
  #connection: Connection
  #waitEnds: number
  #said = ''

  constructor(settings: ResolvedTable, connection: Connection) {
    this.settings = settings
    this.#connection = connection
    this.#waitEnds = performance.now() + settings.maxWait
  }

  /** Make one call. */
  call<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    return this.#connection.request(operation, input, this.settings.signal)
  }

  /** The table as DynamoDB describes it, or `undefined` when there is none. */
  async describe(): Promise<SdkTable | undefined> {
    try {
      return await this.describeExisting()
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** As {@link describe}; a missing table is an error. */
  async describeExisting(): Promise<SdkTable> {
    const { Table } = await this.call('DescribeTable', { TableName: this.settings.table })
    return Table ?? {}
  }

  /** The table's time to live, or `undefined` when the endpoint knows none. */
  async timeToLive(): Promise<TimeToLiveDescription | undefined> {
    const answer = await ifSupported(this.call('DescribeTimeToLive', { TableName: this.settings.table }))
    return answer && (answer.TimeToLiveDescription ?? {})
  }

  /** Look again and again, less and less often, until done or until `maxWait` is over. */
  async poll<T>(look: () => Promise<Look<T>>): Promise<T> {
    const { table, maxWait, signal } = this.settings
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const seen = await look()
      if ('done' in seen) return seen.done
      this.say(seen.waiting)
      const left = this.#waitEnds - performance.now()
      if (left <= 0) {
        throw new UnsessionError(
          'TIMEOUT',
          `table \`${table}\` was not ready within ${maxWait} ms (${seen.waiting}); ` +
            'run this again to go on waiting, or raise `maxWait`',
          { table },
        )
      }
      await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {})
      signal?.throwIfAborted()
    }
  }

  /** As {@link call}, tried again while DynamoDB is busy with another change of the table. */
  whenFree<O extends Operation>(operation: O, input: Input<O>): Promise<Output<O>> {
    return this.poll<Output<O>>(async () => {
      try {
        return { done: await this.call(operation, input) }
      } catch (error) {
        if (isBusy(error)) return { waiting: 'DynamoDB is busy with another change of the table' }
        throw error
      }
    })
  }

  /** Report progress, once for the same thing. */
  say(message: string): void {
    if (message === this.#said) return
    this.#said = message
    this.settings.onProgress?.(message)
  }
}

/** The service's own name for why it refused, as `ResourceInUseException`. */
export function refusal(error: unknown): string | undefined {
  return error instanceof UnsessionError && error.cause instanceof Error ? error.cause.name : undefined
}

/** The service's own words for why it refused. */
export function refusalMessage(error: unknown): string {
  return error instanceof UnsessionError && error.cause instanceof Error ? error.cause.message : ''
}

/** There is no such table. */
export function isMissing(error: unknown): boolean {
  return error instanceof UnsessionError && error.code === 'TABLE_NOT_FOUND'
}

/** Another change of the table, or its creation, is still under way. */
export function isBusy(error: unknown): boolean {
  const name = refusal(error)
  return name === 'ResourceInUseException' || name === 'ContinuousBackupsUnavailableException'
}

/** The answer, or `undefined` from an endpoint that does not know the operation. */
export async function ifSupported<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (refusal(error) === 'UnknownOperationException') return undefined
    throw error
  }
}

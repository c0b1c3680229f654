import { UnsessionError } from '../../utils/errors.ts'
import type { Connection } from '../client/connection.ts'

/** Facts about the table and the endpoint. Each is missing if it could not be read. */
export interface TableProbe {
  /** Number of items. DynamoDB updates it about every six hours. */
  items?: number
  /** The endpoint's clock in whole seconds, ms since the epoch. */
  clock?: number
}

/** Errors that are ignored, because the deletion also works without these facts. */
const OPTIONAL = new Set(['ACCESS_DENIED', 'INVALID_REQUEST', 'THROTTLED'])

/**
 * Reads both facts with one DescribeTable. The clock is the `date` header, which a response has even if the credentials do not
 * allow DescribeTable.
 */
export async function probeTable(connection: Connection): Promise<TableProbe> {
  const { table } = connection.options
  const facts: TableProbe = {}
  try {
    await connection.call('DescribeTable', undefined, async (call) => {
      const { DescribeTableCommand } = await import('@aws-sdk/client-dynamodb')
      const command = new DescribeTableCommand({ TableName: table })
      command.middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args)
          const time = Date.parse(dateOf(answer.response))
          if (!Number.isNaN(time)) facts.clock = time
          return answer
        },
        // Runs before the SDK throws the error of an error response.
        { step: 'deserialize', priority: 'low', name: 'unsessionClock' },
      )
      const client = await connection.client()
      call.asked = true
      const { Table } = await client.send(command, { abortSignal: call })
      if (Table?.ItemCount !== undefined) facts.items = Table.ItemCount
    })
  } catch (error) {
    if (!(error instanceof UnsessionError) || !OPTIONAL.has(error.code)) throw error
  }
  return facts
}

function dateOf(response: unknown): string {
  const { headers } = (response ?? {}) as { headers?: Record<string, string> }
  return headers?.['date'] ?? ''
}

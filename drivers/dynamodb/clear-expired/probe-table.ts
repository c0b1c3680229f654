import { UnsessionError } from '../../utils/errors.ts'
import type { Connection } from '../client/connection.ts'

/** What is to be known of the table and the endpoint, as far as the credentials allow. */
export interface TableProbe {
  /** Items, as DynamoDB counted them in the last six hours. */
  items?: number
  /** The endpoint's clock, ms since the epoch; it has whole seconds. */
  clock?: number
}

/** What is no reason to give up: a sweep needs neither. */
const OPTIONAL = new Set(['ACCESS_DENIED', 'INVALID_REQUEST', 'THROTTLED'])

/** Ask for both at once; the right to describe the table is not needed to be told the time. */
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
        // Next to the network, before an error answer is thrown.
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

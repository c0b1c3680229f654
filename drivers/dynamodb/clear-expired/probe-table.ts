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
      try {
        const { Table } = await connection.send('DescribeTable', { TableName: table }, call)
        if (Table?.ItemCount !== undefined) facts.items = Table.ItemCount
      } finally {
        const time = Date.parse(call.date ?? '')
        if (!Number.isNaN(time)) facts.clock = time
      }
    })
  } catch (error) {
    if (!(error instanceof UnsessionError) || !OPTIONAL.has(error.code)) throw error
  }
  return facts
}

import { BatchWriteItemCommand, type WriteRequest } from '@aws-sdk/client-dynamodb'
import type { Item, TestTable } from '../../support/engines/tables.ts'

/** An item as the driver writes it, whose end is `seconds` from now. */
export function itemEnding(key: string, seconds: number, bytes = 100): Item {
  return {
    session_key: { S: key },
    data: { S: 'x'.repeat(bytes) },
    expire_date: { N: String(Math.floor(Date.now() / 1000) + seconds) },
    version: { N: '1' },
  }
}

/** Put items into a table, quickly. */
export async function plant({ client, table }: TestTable, items: Item[]): Promise<void> {
  const writes = items.map((item): WriteRequest => ({ PutRequest: { Item: item } }))
  const batches = Array.from({ length: Math.ceil(writes.length / 25) }, (_, at) =>
    writes.slice(at * 25, at * 25 + 25),
  )
  for (const batch of batches) {
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: batch } }))
  }
}

/** Keys, numbered. */
export function keys(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

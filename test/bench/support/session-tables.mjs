import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** Create a table for our sessions and one for those of connect-dynamodb. */
export async function createTables(endpoint) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
  for (const [TableName, AttributeName] of [
    ['sessions', 'session_key'],
    ['express-sessions', 'id'],
  ]) {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName, KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName, AttributeType: 'S' }],
      }),
    )
  }
  client.destroy()
}

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'

/** Creates tables. @param tables - the partition key of each, by name of the table */
export async function createTables(endpoint, tables) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
  for (const [TableName, AttributeName] of Object.entries(tables)) {
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

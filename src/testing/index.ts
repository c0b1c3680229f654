export type { LocalDynamoDB, LocalDynamoDBOptions } from './dynamodb.ts'
export { startDynamoDB } from './dynamodb.ts'

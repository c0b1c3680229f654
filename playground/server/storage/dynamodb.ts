import dynamodb, { type DynamoDBDriver, type DynamoDBOptions } from 'unsession/drivers/dynamodb'
import { countCall } from '../utils/activity'

/** The driver of the app's sessions: DynamoDB's, with its calls counted for the charts. */
export default function countedDynamoDB(options: DynamoDBOptions): DynamoDBDriver {
  return dynamodb({ ...options, onCapacity: ({ units }) => countCall(units) })
}

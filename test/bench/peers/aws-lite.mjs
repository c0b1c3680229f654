// The client of aws-lite, for scripts outside this folder.
import awsLite from '@aws-lite/client'
import dynamodb from '@aws-lite/dynamodb'

/** Returns the operations of DynamoDB. @param options - `endpoint`, `region` and `credentials` */
export async function openAwsLite({ endpoint, region, credentials }) {
  const { accessKeyId, secretAccessKey } = credentials
  const client = await awsLite({ accessKeyId, secretAccessKey, region, endpoint, plugins: [dynamodb] })
  return client.DynamoDB
}

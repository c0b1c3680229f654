import type { TableDescription as SdkTable } from '@aws-sdk/client-dynamodb'
import { type TableClient, ifSupported, refusalMessage } from './client.ts'
import { deletionProtectionRequest, pointInTimeRecoveryRequest, tagRequest } from './requests.ts'

/** What a table may have beside its key. */
export type Feature = 'timeToLive' | 'userIndex' | 'pointInTimeRecovery' | 'deletionProtection' | 'tags'

/** What came of asking for a feature; `unchanged` when it was there or not asked for. */
export type Outcome = 'unchanged' | 'added' | 'unsupported'

/** Turn point-in-time recovery on, if asked for. */
export async function addBackups(client: TableClient): Promise<Outcome> {
  const { table, pointInTimeRecovery } = client.settings
  if (!pointInTimeRecovery) return 'unchanged'
  const found = await ifSupported(client.call('DescribeContinuousBackups', { TableName: table }))
  if (found === undefined) return 'unsupported'
  const recovery = found.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
  if (recovery?.PointInTimeRecoveryStatus === 'ENABLED') return 'unchanged'
  client.say('enabling point-in-time recovery')
  const answer = await ifSupported(
    client.whenFree('UpdateContinuousBackups', pointInTimeRecoveryRequest(table)),
  )
  return answer === undefined ? 'unsupported' : 'added'
}

/** Add the tags asked for that the table lacks. */
export async function addTags(client: TableClient, { TableArn }: SdkTable): Promise<Outcome> {
  const { tags } = client.settings
  if (Object.keys(tags).length === 0) return 'unchanged'
  if (TableArn === undefined) return 'unsupported'
  const found = await ifSupported(client.call('ListTagsOfResource', { ResourceArn: TableArn }))
  if (found === undefined) return 'unsupported'
  const request = tagRequest(TableArn, tags, found.Tags ?? [])
  if (request === null) return 'unchanged'
  client.say('adding tags')
  const answer = await ifSupported(client.whenFree('TagResource', request))
  return answer === undefined ? 'unsupported' : 'added'
}

/** Turn deletion protection on, if asked for. */
export async function addProtection(client: TableClient): Promise<Outcome> {
  const { table, deletionProtection } = client.settings
  if (!deletionProtection || (await client.describe())?.DeletionProtectionEnabled) return 'unchanged'
  client.say('turning deletion protection on')
  try {
    await client.whenFree('UpdateTable', deletionProtectionRequest(table))
    return 'added'
  } catch (error) {
    // What an endpoint says that knows nothing of protection, and so sees a change of nothing.
    if (/^at least one of/i.test(refusalMessage(error))) return 'unsupported'
    throw error
  }
}

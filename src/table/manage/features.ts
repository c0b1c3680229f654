import type { TableDescription as SdkTable } from '@aws-sdk/client-dynamodb'
import { type TableClient, ifSupported, serviceErrorMessage } from './client.ts'
import { deletionProtectionRequest, pointInTimeRecoveryRequest, tagRequest } from './requests.ts'

/** A part of a table in addition to its key. */
export type Feature = 'timeToLive' | 'userIndex' | 'pointInTimeRecovery' | 'deletionProtection' | 'tags'

/** Result of adding a feature. `unchanged` if it existed already or was not requested. */
export type FeatureResult = 'unchanged' | 'added' | 'unsupported'

/** Enables point-in-time recovery, if requested. */
export async function addBackups(client: TableClient): Promise<FeatureResult> {
  const { table, pointInTimeRecovery } = client.settings
  if (!pointInTimeRecovery) return 'unchanged'
  const found = await ifSupported(client.call('DescribeContinuousBackups', { TableName: table }))
  if (found === undefined) return 'unsupported'
  const recovery = found.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
  if (recovery?.PointInTimeRecoveryStatus === 'ENABLED') return 'unchanged'
  client.report('enabling point-in-time recovery')
  const response = await ifSupported(
    client.callWhenFree('UpdateContinuousBackups', pointInTimeRecoveryRequest(table)),
  )
  return response === undefined ? 'unsupported' : 'added'
}

/** Adds the requested tags that the table lacks. */
export async function addTags(client: TableClient, { TableArn }: SdkTable): Promise<FeatureResult> {
  const { tags } = client.settings
  if (Object.keys(tags).length === 0) return 'unchanged'
  if (TableArn === undefined) return 'unsupported'
  const found = await ifSupported(client.call('ListTagsOfResource', { ResourceArn: TableArn }))
  if (found === undefined) return 'unsupported'
  const request = tagRequest(TableArn, tags, found.Tags ?? [])
  if (request === null) return 'unchanged'
  client.report('adding tags')
  const response = await ifSupported(client.callWhenFree('TagResource', request))
  return response === undefined ? 'unsupported' : 'added'
}

/** Enables deletion protection, if requested. */
export async function addProtection(client: TableClient): Promise<FeatureResult> {
  const { table, deletionProtection } = client.settings
  if (!deletionProtection || (await client.describe())?.DeletionProtectionEnabled) return 'unchanged'
  client.report('enabling deletion protection')
  try {
    await client.callWhenFree('UpdateTable', deletionProtectionRequest(table))
    return 'added'
  } catch (error) {
    // An endpoint without deletion protection ignores that field, and then rejects the request because it changes nothing.
    if (/^at least one of/i.test(serviceErrorMessage(error))) return 'unsupported'
    throw error
  }
}

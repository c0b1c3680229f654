import { createTableRequest, pointInTimeRecoveryRequest, timeToLiveRequest } from '../manage/requests.ts'
import { type TemplateSettings, keyArn } from './settings.ts'
import { toYaml } from './yaml.ts'

const RESOURCE = 'SessionsTable'

/** Properties of `AWS::DynamoDB::Table`: those of the API's requests, all in one. */
export function tableProperties(settings: TemplateSettings): Record<string, unknown> {
  const { encryption, pointInTimeRecovery } = settings
  const arn = keyArn(settings)
  return {
    ...createTableRequest(settings),
    TimeToLiveSpecification: timeToLiveRequest(settings).TimeToLiveSpecification,
    ...(pointInTimeRecovery && {
      PointInTimeRecoverySpecification: pointInTimeRecoveryRequest(settings.table)
        .PointInTimeRecoverySpecification,
    }),
    ...(encryption !== 'aws-owned' && {
      SSESpecification: {
        SSEEnabled: true,
        SSEType: 'KMS',
        ...(arn !== undefined && { KMSMasterKeyId: arn }),
      },
    }),
  }
}

/** A template of CloudFormation, as YAML or JSON. */
export function cloudFormation(settings: TemplateSettings, syntax: 'yaml' | 'json'): string {
  const keep = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'The table of sessions',
    Resources: {
      [RESOURCE]: {
        Type: 'AWS::DynamoDB::Table',
        // Deleting the stack would fail halfway at a protected table.
        ...(settings.deletionProtection && keep),
        Properties: tableProperties(settings),
      },
    },
    Outputs: {
      TableName: { Value: { Ref: RESOURCE } },
      TableArn: { Value: { 'Fn::GetAtt': [RESOURCE, 'Arn'] } },
    },
  }
  return syntax === 'json' ? `${JSON.stringify(template, null, 2)}\n` : toYaml(template)
}

import { createTableRequest, pointInTimeRecoveryRequest, timeToLiveRequest } from '../manage/requests.ts'
import { type TemplateSettings, keyArn } from './settings.ts'
import { toYaml } from './yaml.ts'

const RESOURCE = 'SessionsTable'

/** Returns the properties of `AWS::DynamoDB::Table`. They have the names of the API's requests. */
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

/** Returns a CloudFormation template in YAML or JSON. */
export function cloudFormation(settings: TemplateSettings, syntax: 'yaml' | 'json'): string {
  const keep = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
  const template = {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'The table that stores the sessions',
    Resources: {
      [RESOURCE]: {
        Type: 'AWS::DynamoDB::Table',
        // Without these, deleting the stack fails at the protected table.
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

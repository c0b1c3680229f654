import { USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import { type TemplateSettings, keyArn } from './settings.ts'

/** Returns a stack of the AWS CDK v2, in TypeScript. */
export function cdk(settings: TemplateSettings): string {
  const { table, attributes, billing, userIndex, encryption, pointInTimeRecovery, tags } = settings
  const { deletionProtection } = settings
  const arn = keyArn(settings)
  const tagged = Object.entries(tags)
  const isProvisioned = billing !== undefined && billing !== 'on-demand'
  const units = isProvisioned
    ? [`readCapacity: ${billing.readUnits},`, `writeCapacity: ${billing.writeUnits},`]
    : []
  const core = [
    deletionProtection && 'RemovalPolicy',
    'Stack',
    'type StackProps',
    tagged.length > 0 && 'Tags',
  ]
  const dynamodb = [
    'AttributeType',
    'BillingMode',
    userIndex && 'ProjectionType',
    'Table',
    encryption !== 'aws-owned' && 'TableEncryption',
  ]
  const key = (kind: 'partitionKey' | 'sortKey', name: string): string =>
    `${kind}: { name: ${quote(name)}, type: AttributeType.STRING },`
  const lines = [
    `import { ${core.filter(Boolean).join(', ')} } from 'aws-cdk-lib'`,
    `import { ${dynamodb.filter(Boolean).join(', ')} } from 'aws-cdk-lib/aws-dynamodb'`,
    arn !== undefined && `import { Key } from 'aws-cdk-lib/aws-kms'`,
    `import type { Construct } from 'constructs'`,
    '',
    '/** The table that stores the sessions. */',
    'export class SessionsStack extends Stack {',
    '  readonly table: Table',
    '',
    '  constructor(scope: Construct, id: string, props?: StackProps) {',
    '    super(scope, id, props)',
    `    this.table = new Table(this, 'Sessions', {`,
    `      tableName: ${quote(table)},`,
    `      ${key('partitionKey', attributes.key)}`,
    attributes.sort !== undefined && `      ${key('sortKey', attributes.sort.name)}`,
    `      billingMode: BillingMode.${isProvisioned ? 'PROVISIONED' : 'PAY_PER_REQUEST'},`,
    ...units.map((line) => `      ${line}`),
    `      timeToLiveAttribute: ${quote(attributes.expires)},`,
    pointInTimeRecovery && '      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },',
    ...(deletionProtection
      ? ['      deletionProtection: true,', '      removalPolicy: RemovalPolicy.RETAIN,']
      : []),
    encryption === 'aws-managed' && '      encryption: TableEncryption.AWS_MANAGED,',
    ...(arn === undefined
      ? []
      : [
          '      encryption: TableEncryption.CUSTOMER_MANAGED,',
          `      encryptionKey: Key.fromKeyArn(this, 'SessionsKey', ${quote(arn)}),`,
        ]),
    '    })',
    ...(userIndex
      ? [
          '    this.table.addGlobalSecondaryIndex({',
          `      indexName: ${quote(USER_INDEX)},`,
          `      ${key('partitionKey', attributes.user)}`,
          '      projectionType: ProjectionType.KEYS_ONLY,',
          ...units.map((line) => `      ${line}`),
          '    })',
        ]
      : []),
    ...tagged.map(([name, value]) => `    Tags.of(this.table).add(${quote(name)}, ${quote(value)})`),
    '  }',
    '}',
  ]
  return `${lines.filter((line) => typeof line === 'string').join('\n')}\n`
}

/** Returns a string literal of TypeScript. */
function quote(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

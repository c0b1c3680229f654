import { randomBytes } from 'node:crypto'
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import ts from 'typescript'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import {
  type TableTemplateOptions,
  createTable,
  deleteTable,
  describeTable,
  tableTemplate,
} from '../../../src/table/index.ts'
import { toYaml } from '../../../src/table/iac/yaml.ts'
import { describeEngines } from '../../support/suites.ts'

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0123-abc'
const FULL: TableTemplateOptions = {
  table: 'visits',
  attributes: { key: 'id', expires: 'ends', user: 'owner', sort: { name: 'sk', value: 'SESSION' } },
  billing: { readUnits: 20, writeUnits: 10 },
  pointInTimeRecovery: true,
  deletionProtection: true,
  encryption: KEY,
  tags: { team: 'we\'re ${x} "here"', env: 'yes' },
}
const CASES: [name: string, options: TableTemplateOptions][] = [
  ['the default', {}],
  ['as little as possible', { userIndex: false }],
  ['everything', FULL],
  ['a key of AWS', { encryption: 'aws-managed' }],
  ['an index, on demand', { billing: 'on-demand' }],
]

interface CloudFormation {
  Resources: { SessionsTable: { DeletionPolicy?: string; Properties: Record<string, unknown> } }
}
const properties = (options: TableTemplateOptions): Record<string, unknown> =>
  (JSON.parse(tableTemplate({ ...options, format: 'cloudformation-json' })) as CloudFormation).Resources
    .SessionsTable.Properties

describe('tableTemplate', () => {
  it.each(CASES)('has the same content in YAML and JSON: %s', (_, options) => {
    const yaml = tableTemplate({ ...options, format: 'cloudformation' })
    expect(parse(yaml)).toEqual(JSON.parse(tableTemplate({ ...options, format: 'cloudformation-json' })))
    expect(yaml.split('\n').every((line) => line === line.trimEnd())).toBe(true)
  })

  it('writes any text so that a YAML parser returns it unchanged', () => {
    // Templates have no empty lists.
    const data = fc.jsonValue().filter((value) => !/\[\]|\{\}/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(data, (value) => {
        const json = JSON.stringify({ value })
        expect(JSON.stringify(parse(toYaml(JSON.parse(json) as object)))).toBe(json)
      }),
    )
  })

  it('contains the requested features for CloudFormation', () => {
    expect(properties(FULL)).toMatchObject({
      TableName: 'visits',
      BillingMode: 'PROVISIONED',
      DeletionProtectionEnabled: true,
      TimeToLiveSpecification: { AttributeName: 'ends', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: KEY },
    })
    expect(properties({ userIndex: false })).toEqual({
      TableName: 'sessions',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
      TimeToLiveSpecification: { AttributeName: 'expire_date', Enabled: true },
    })
    expect(properties({ encryption: 'aws-managed' })).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    })
  })

  it.each(CASES)('is valid TypeScript for the CDK: %s', (_, options) => {
    const text = tableTemplate({ ...options, format: 'cdk' })
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true })
    expect(diagnostics).toEqual([])
    expect(unusedNames(text)).toEqual([])
    expect(text.includes("indexName: 'user-index'")).toBe(options.userIndex !== false)
    expect(text.includes(KEY)).toBe(options.encryption === KEY)
    expect(text.includes("sortKey: { name: 'sk'")).toBe(options.attributes?.sort !== undefined)
  })

  it.each(CASES)('is well formed for Terraform: %s', (_, options) => {
    const { resource, output } = readHcl(tableTemplate({ ...options, format: 'terraform' }))
    expect(output).toEqual({ value: 'aws_dynamodb_table.sessions.arn' })
    const { table = 'sessions', attributes = {}, userIndex = true, encryption = 'aws-owned', tags } = options
    const { key = 'session_key', expires = 'expire_date', user = 'user', sort } = attributes
    const units =
      typeof options.billing === 'object'
        ? { read_capacity: options.billing.readUnits, write_capacity: options.billing.writeUnits }
        : {}
    expect(resource).toEqual({
      name: table,
      billing_mode: 'read_capacity' in units ? 'PROVISIONED' : 'PAY_PER_REQUEST',
      hash_key: key,
      ...(sort && { range_key: sort.name }),
      ...units,
      attribute: [key, ...(sort ? [sort.name] : []), ...(userIndex ? [user] : [])].map((name) => ({
        name,
        type: 'S',
      })),
      ttl: [{ attribute_name: expires, enabled: true }],
      ...(userIndex && {
        global_secondary_index: [
          { name: 'user-index', hash_key: user, projection_type: 'KEYS_ONLY', ...units },
        ],
      }),
      ...(options.pointInTimeRecovery && { point_in_time_recovery: [{ enabled: true }] }),
      ...(options.deletionProtection && { deletion_protection_enabled: true }),
      ...(encryption !== 'aws-owned' && {
        server_side_encryption: [{ enabled: true, ...(encryption === KEY && { kms_key_arn: KEY }) }],
      }),
      ...(tags && { tags }),
    })
  })

  it.each([
    [{ format: 'pulumi' }, 'option `format` must be one of'],
    [{ encryption: 'mine' }, 'option `encryption` must be'],
    [{ table: 'arn:aws:dynamodb:eu-west-1:123456789012:table/x' }, 'option `table` must be'],
    [{ billing: { readUnits: 0, writeUnits: 1 } }, 'option `billing.readUnits` must be'],
    [{ colour: 'red' }, 'option `colour` is unknown'],
  ])('refuses %j', (options, message) => {
    expect(() => tableTemplate(options as never)).toThrow(message)
  })
})

describeEngines('a table from the CloudFormation template', (engine) => {
  const { endpoint, region, credentials } = engine

  it.each([
    ['on demand', {}],
    ['provisioned, with the index', { ...FULL, deletionProtection: false, encryption: 'aws-owned' }],
  ])('equals the table that createTable makes: %s', async (_, template: TableTemplateOptions) => {
    const client = new DynamoDBClient({ endpoint, region, credentials })
    const [stacked, made] = [0, 1].map(() => `test-${randomBytes(8).toString('hex')}`)
    const {
      TimeToLiveSpecification: _ttl,
      PointInTimeRecoverySpecification: _recovery,
      ...input
    } = properties({
      ...template,
      table: stacked,
    })
    await client.send(new CreateTableCommand(input as never))
    client.destroy()
    const { encryption: _e, format: _f, ...options } = template
    const create = { ...options, endpoint, region, credentials }
    const { added } = await createTable({ ...create, table: stacked })
    await createTable({ ...create, table: made })
    // Of what createTable wants, the template's request lacked only what CloudFormation sets by other requests.
    expect(
      added.filter((feature) => !['timeToLive', 'pointInTimeRecovery', 'tags'].includes(feature)),
    ).toEqual([])
    const describe = async (table: string | undefined) => {
      const where = { table, attributes: options.attributes, endpoint, region, credentials }
      const { table: _t, arn: _a, ...facts } = await describeTable(where)
      await deleteTable(where)
      return JSON.parse(JSON.stringify(facts).replaceAll(String(table), 'it')) as unknown
    }
    expect(await describe(stacked)).toEqual(await describe(made))
  })
})

/** Imported names that nothing uses. */
function unusedNames(text: string): string[] {
  const names = [...text.matchAll(/^import (?:type )?\{ (.+) \}/gm)].flatMap(([, list = '']) =>
    list.split(', ').map((name) => name.replace('type ', '')),
  )
  return names.filter((name) => text.split(new RegExp(`\\b${name}\\b`)).length < 3)
}

type Hcl = Record<string, unknown>

/** Parses the part of HCL that templates use: blocks, maps and literals. A repeatable block is an array. */
function readHcl(text: string): { resource: Hcl; output: Hcl } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const literal = (value: string): unknown =>
    /^["\d]|^true$/.test(value) ? JSON.parse(value.replaceAll(/([$%])\1\{/g, '$1{')) : value
  const body = (): Hcl => {
    const held: Hcl = {}
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
      const [, block] = /^ *(\w+) \{$/.exec(line) ?? []
      const [, name = '', value = ''] = /^ *"?(\w+)"? *= (.+)$/.exec(line) ?? []
      if (line.trim() === '}') return held
      if (block !== undefined) held[block] = [...((held[block] as Hcl[] | undefined) ?? []), body()]
      else if (value === '{') held[name] = body()
      else if (value !== '') held[name] = literal(value)
      else throw new Error(`not understood: ${line}`)
    }
    throw new Error('a brace is not closed')
  }
  expect(lines.shift()).toBe('resource "aws_dynamodb_table" "sessions" {')
  const resource = body()
  expect(lines.shift()).toBe('output "sessions_table_arn" {')
  const output = body()
  expect(lines).toEqual([])
  return { resource, output }
}

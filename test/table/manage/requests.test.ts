import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../../drivers/dynamodb/config/attributes.ts'
import type { Billing } from '../../../src/table/manage/options.ts'
import {
  type TableSettings,
  addIndexRequest,
  createTableRequest,
  deletionProtectionRequest,
  pointInTimeRecoveryRequest,
  tagRequest,
  timeToLiveRequest,
} from '../../../src/table/manage/requests.ts'

const plain: TableSettings = {
  table: 'sessions',
  attributes: DEFAULT_ATTRIBUTES,
  billing: undefined,
  userIndex: false,
  deletionProtection: false,
  tags: {},
}
const provisioned = { readUnits: 5, writeUnits: 2 }
const throughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 2 }

describe('createTableRequest', () => {
  it('requests a string partition key, on demand, and nothing else', () => {
    expect(createTableRequest(plain)).toEqual({
      TableName: 'sessions',
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    })
  })

  it('requests every feature', () => {
    const request = createTableRequest({
      ...plain,
      attributes: { ...DEFAULT_ATTRIBUTES, key: 'id', user: 'owner', sort: { name: 'sk', value: 'SESSION' } },
      billing: provisioned,
      userIndex: true,
      deletionProtection: true,
      tags: { team: 'web' },
    })
    expect(request).toEqual({
      TableName: 'sessions',
      KeySchema: [
        { AttributeName: 'id', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'owner', AttributeType: 'S' },
      ],
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: throughput,
      GlobalSecondaryIndexes: [
        {
          IndexName: 'user-index',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
          ProvisionedThroughput: throughput,
        },
      ],
      DeletionProtectionEnabled: true,
      Tags: [{ Key: 'team', Value: 'web' }],
    })
  })

  it('defines exactly the key attributes, and sets units only if the table is provisioned', () => {
    const name = fc.string({ minLength: 1, maxLength: 20 })
    const units = fc.integer({ min: 1, max: 40_000 })
    const billing = fc.option(
      fc.oneof(
        fc.constant<Billing>('on-demand'),
        fc.record<Billing & object>({ readUnits: units, writeUnits: units }),
      ),
      { nil: undefined },
    )
    fc.assert(
      fc.property(name, name, billing, fc.boolean(), (key, user, billing, userIndex) => {
        fc.pre(key !== user)
        const attributes = { ...DEFAULT_ATTRIBUTES, key, user }
        const request = createTableRequest({ ...plain, attributes, billing, userIndex })
        const indexes = request.GlobalSecondaryIndexes ?? []
        const keys = [request, ...indexes].flatMap(({ KeySchema = [] }) => KeySchema)
        expect(new Set(request.AttributeDefinitions?.map((each) => each.AttributeName))).toEqual(
          new Set(keys.map((each) => each.AttributeName)),
        )
        for (const { ProvisionedThroughput } of [request, ...indexes]) {
          expect(ProvisionedThroughput !== undefined).toBe(request.BillingMode === 'PROVISIONED')
        }
      }),
    )
  })
})

describe('the other requests', () => {
  it('add the index, with units only if the table has some', () => {
    const request = addIndexRequest(plain, provisioned)
    expect(request).toMatchObject({
      TableName: 'sessions',
      AttributeDefinitions: [{ AttributeName: 'session_key' }, { AttributeName: 'user' }],
      GlobalSecondaryIndexUpdates: [
        { Create: { IndexName: 'user-index', ProvisionedThroughput: throughput } },
      ],
    })
    const [update] = addIndexRequest(plain, 'on-demand').GlobalSecondaryIndexUpdates ?? []
    expect(update?.Create).not.toHaveProperty('ProvisionedThroughput')
  })

  it('enable time to live, backups and protection', () => {
    expect(timeToLiveRequest(plain)).toEqual({
      TableName: 'sessions',
      TimeToLiveSpecification: { Enabled: true, AttributeName: 'expire_date' },
    })
    expect(pointInTimeRecoveryRequest('sessions')).toEqual({
      TableName: 'sessions',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    })
    expect(deletionProtectionRequest('sessions')).toEqual({
      TableName: 'sessions',
      DeletionProtectionEnabled: true,
    })
  })

  it('add the tags that are missing or different', () => {
    const found = [
      { Key: 'same', Value: '1' },
      { Key: 'other', Value: '2' },
      { Key: 'theirs', Value: '3' },
    ]
    expect(tagRequest('arn', { same: '1', other: 'x', fresh: '4' }, found)).toEqual({
      ResourceArn: 'arn',
      Tags: [
        { Key: 'other', Value: 'x' },
        { Key: 'fresh', Value: '4' },
      ],
    })
    expect(tagRequest('arn', { same: '1' }, found)).toBeNull()
  })
})

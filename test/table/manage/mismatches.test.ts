import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../../drivers/dynamodb/attributes.ts'
import { type TableFacts, busyWith, toFacts } from '../../../src/table/manage/table-facts.ts'
import { findMismatches, mismatchError } from '../../../src/table/manage/mismatches.ts'

const fitting: TableFacts = {
  table: 'sessions',
  status: 'ACTIVE',
  hashKey: { name: 'session_key', type: 'S' },
  billing: 'on-demand',
  itemCount: 0,
  sizeBytes: 0,
  deletionProtection: false,
  indexes: [
    { name: 'user-index', status: 'ACTIVE', hashKey: { name: 'user', type: 'S' }, projection: 'ALL' },
  ],
  timeToLive: { status: 'enabled', attribute: 'expire_date' },
}
const [index] = fitting.indexes as [TableFacts['indexes'][number]]

describe('findMismatches', () => {
  const find = (facts: Partial<TableFacts>, userIndex = true) =>
    findMismatches({ ...fitting, ...facts }, DEFAULT_ATTRIBUTES, userIndex)

  it('finds none where there are none', () => {
    expect(find({})).toEqual([])
    expect(find({ timeToLive: { status: 'enabling', attribute: 'expire_date' } })).toEqual([])
    expect(find({ timeToLive: { status: 'unsupported' } })).toEqual([])
    expect(find({ indexes: [] }, false)).toEqual([])
  })

  it.each<[string, Partial<TableFacts>, string, string]>([
    ['hash key', { hashKey: { name: 'id', type: 'S' } }, '`id` (S)', 'set `attributes.key` to `id`'],
    ['hash key', { hashKey: { name: 'session_key', type: 'N' } }, '`session_key` (N)', 'use another table'],
    ['sort key', { sortKey: { name: 'at', type: 'N' } }, '`at` (N)', 'use another table'],
    ['time to live', { timeToLive: { status: 'disabled' } }, 'disabled', 'unsession table ttl'],
    ['time to live', { timeToLive: { status: 'disabling' } }, 'being disabled', 'one change an hour'],
    [
      'time to live',
      { timeToLive: { status: 'enabled', attribute: 'ttl' } },
      'enabled on `ttl`',
      'set `attributes.expires` to `ttl`',
    ],
    ['user-index', { indexes: [] }, 'no such index', 'table create --table sessions --user-index'],
    [
      'user-index',
      { indexes: [{ ...index, hashKey: { name: 'owner', type: 'S' } }] },
      'hash key `owner` (S), projection ALL',
      'remove the index',
    ],
    [
      'user-index',
      { indexes: [{ ...index, projection: 'KEYS_ONLY', sortKey: { name: 'at', type: 'N' } }] },
      'hash key `user` (S), sort key `at` (N), projection KEYS_ONLY',
      'remove the index',
    ],
  ])('names the %s: %j', (what, facts, found, fix) => {
    expect(find(facts)).toEqual([
      { what, found, expected: expect.any(String), fix: expect.stringContaining(fix) },
    ])
  })

  it('names a wrong index also where none is asked for', () => {
    expect(find({ indexes: [{ ...index, projection: 'KEYS_ONLY' }] }, false)).toHaveLength(1)
  })

  it('makes an error that names each with its fix', () => {
    const mismatches = find({ hashKey: { name: 'id', type: 'S' }, sortKey: { name: 'at', type: 'N' } })
    const error = mismatchError('sessions', mismatches)
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', table: 'sessions' })
    for (const { what, expected, found, fix } of mismatches) {
      expect(error.message).toContain(`${what}: expected ${expected}, found ${found}; ${fix}`)
    }
  })
})

describe('toFacts', () => {
  it('reads keys, types, indexes of both kinds, billing and time to live', () => {
    const facts = toFacts(
      'sessions',
      {
        TableName: 'sessions',
        TableStatus: 'UPDATING',
        TableArn: 'arn',
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'at', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'at', AttributeType: 'N' },
          { AttributeName: 'user', AttributeType: 'B' },
        ],
        ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 2 },
        ItemCount: 7,
        TableSizeBytes: 700,
        DeletionProtectionEnabled: true,
        GlobalSecondaryIndexes: [
          {
            IndexName: 'user-index',
            IndexStatus: 'CREATING',
            KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
        LocalSecondaryIndexes: [
          {
            IndexName: 'local',
            KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
      { TimeToLiveStatus: 'DISABLING', AttributeName: 'ttl' },
    )
    expect(facts).toEqual({
      table: 'sessions',
      arn: 'arn',
      status: 'UPDATING',
      hashKey: { name: 'id', type: 'S' },
      sortKey: { name: 'at', type: 'N' },
      billing: { readUnits: 5, writeUnits: 2 },
      itemCount: 7,
      sizeBytes: 700,
      deletionProtection: true,
      indexes: [
        { name: 'user-index', status: 'CREATING', hashKey: { name: 'user', type: 'B' }, projection: 'ALL' },
        { name: 'local', status: 'UPDATING', hashKey: { name: 'id', type: 'S' }, projection: 'KEYS_ONLY' },
      ],
      timeToLive: { status: 'disabling', attribute: 'ttl' },
    })
  })

  it('tells an endpoint without time to live from a table without it', () => {
    expect(toFacts('t', {}, undefined).timeToLive).toEqual({ status: 'unsupported' })
    expect(toFacts('t', {}, {}).timeToLive).toEqual({ status: 'disabled' })
  })
})

describe('busyWith', () => {
  it('names what is not active yet', () => {
    const user = { IndexName: 'user-index', IndexStatus: 'CREATING' } as const
    expect(busyWith({ TableStatus: 'ACTIVE' })).toBeUndefined()
    expect(busyWith({ TableStatus: 'CREATING' })).toBe('table is CREATING')
    expect(busyWith({ TableStatus: 'ACTIVE', GlobalSecondaryIndexes: [user] })).toBe(
      'index `user-index` is CREATING',
    )
  })
})

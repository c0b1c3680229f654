import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../../drivers/dynamodb/config/attributes.ts'
import { type TableState, busyWith, indexNotes, toTableState } from '../../../src/table/manage/table-state.ts'
import { findMismatches, mismatchError } from '../../../src/table/manage/mismatches.ts'

const fitting: TableState = {
  table: 'sessions',
  status: 'ACTIVE',
  partitionKey: { name: 'session_key', type: 'S' },
  billing: 'on-demand',
  itemCount: 0,
  sizeBytes: 0,
  deletionProtection: false,
  indexes: [
    {
      name: 'user-index',
      status: 'ACTIVE',
      partitionKey: { name: 'user', type: 'S' },
      projection: 'KEYS_ONLY',
    },
  ],
  timeToLive: { status: 'enabled', attribute: 'expire_date' },
}
const [index] = fitting.indexes as [TableState['indexes'][number]]

describe('findMismatches', () => {
  const find = (state: Partial<TableState>, userIndex = true) =>
    findMismatches({ ...fitting, ...state }, DEFAULT_ATTRIBUTES, userIndex)

  it('returns nothing for a table that fits', () => {
    expect(find({})).toEqual([])
    expect(find({ timeToLive: { status: 'enabling', attribute: 'expire_date' } })).toEqual([])
    expect(find({ timeToLive: { status: 'unsupported' } })).toEqual([])
    expect(find({ indexes: [] }, false)).toEqual([])
  })

  it.each<[string, Partial<TableState>, string, string]>([
    [
      'partition key',
      { partitionKey: { name: 'id', type: 'S' } },
      '`id` (S)',
      'set `attributes.key` to `id`',
    ],
    [
      'partition key',
      { partitionKey: { name: 'session_key', type: 'N' } },
      '`session_key` (N)',
      'use another table',
    ],
    ['sort key', { sortKey: { name: 'at', type: 'N' } }, '`at` (N)', 'use another table'],
    [
      'sort key',
      { sortKey: { name: 'sk', type: 'S' } },
      '`sk` (S)',
      "set `attributes.sort` to { name: 'sk',",
    ],
    ['time to live', { timeToLive: { status: 'disabled' } }, 'disabled', 'unsession table ttl'],
    ['time to live', { timeToLive: { status: 'disabling' } }, 'being disabled', 'one change an hour'],
    [
      'time to live',
      { timeToLive: { status: 'enabled', attribute: 'ttl' } },
      'enabled on `ttl`',
      'set `attributes.expires` to `ttl`',
    ],
    ['user-index', { indexes: [] }, 'no such index', 'table create --table sessions`'],
    [
      'user-index',
      { indexes: [{ ...index, partitionKey: { name: 'owner', type: 'S' } }] },
      'partition key `owner` (S)',
      'delete the index',
    ],
    [
      'user-index',
      { indexes: [{ ...index, sortKey: { name: 'at', type: 'N' } }] },
      'partition key `user` (S), sort key `at` (N)',
      'delete the index',
    ],
  ])('names the %s: %j', (what, facts, found, fix) => {
    expect(find(facts)).toEqual([
      { what, found, expected: expect.any(String), fix: expect.stringContaining(fix) },
    ])
  })

  it('reports a wrong index even if no index is required', () => {
    const partitionKey = { name: 'owner', type: 'S' }
    expect(find({ indexes: [{ ...index, partitionKey }] }, false)).toHaveLength(1)
  })

  it('accepts an index of whole items, and says what it costs', () => {
    const state = { ...fitting, indexes: [{ ...index, projection: 'ALL' }] }
    expect(find(state)).toEqual([])
    expect(indexNotes(state)).toEqual([expect.stringMatching(/projection ALL: each save .* paid for twice/)])
    expect(indexNotes(fitting)).toEqual([])
  })

  it('compares the sort key with the configured one', () => {
    const attributes = { ...DEFAULT_ATTRIBUTES, sort: { name: 'sk', value: 'SESSION' } }
    const found = (sortKey?: TableState['sortKey']): string[] =>
      findMismatches({ ...fitting, ...(sortKey && { sortKey }) }, attributes, true).map(
        (mismatch) => `${mismatch.what}: ${mismatch.expected}, found ${mismatch.found}`,
      )
    expect(found({ name: 'sk', type: 'S' })).toEqual([])
    expect(found({ name: 'at', type: 'S' })).toEqual(['sort key: `sk` (S), found `at` (S)'])
    expect(found({ name: 'sk', type: 'N' })).toEqual(['sort key: `sk` (S), found `sk` (N)'])
    expect(found()).toEqual(['sort key: `sk` (S), found none'])
  })

  it('returns an error that names each mismatch with its fix', () => {
    const mismatches = find({ partitionKey: { name: 'id', type: 'S' }, sortKey: { name: 'at', type: 'N' } })
    const error = mismatchError('sessions', mismatches)
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', table: 'sessions' })
    for (const { what, expected, found, fix } of mismatches) {
      expect(error.message).toContain(`${what}: expected ${expected}, found ${found}; ${fix}`)
    }
  })
})

describe('toTableState', () => {
  it('converts keys, types, both kinds of indexes, billing and time to live', () => {
    const facts = toTableState(
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
      partitionKey: { name: 'id', type: 'S' },
      sortKey: { name: 'at', type: 'N' },
      billing: { readUnits: 5, writeUnits: 2 },
      itemCount: 7,
      sizeBytes: 700,
      deletionProtection: true,
      indexes: [
        {
          name: 'user-index',
          status: 'CREATING',
          partitionKey: { name: 'user', type: 'B' },
          projection: 'ALL',
        },
        {
          name: 'local',
          status: 'UPDATING',
          partitionKey: { name: 'id', type: 'S' },
          projection: 'KEYS_ONLY',
        },
      ],
      timeToLive: { status: 'disabling', attribute: 'ttl' },
    })
  })

  it('distinguishes an endpoint without time to live from a table without it', () => {
    expect(toTableState('t', {}, undefined).timeToLive).toEqual({ status: 'unsupported' })
    expect(toTableState('t', {}, {}).timeToLive).toEqual({ status: 'disabled' })
  })
})

describe('busyWith', () => {
  it('names the table or index that is not active yet', () => {
    const user = { IndexName: 'user-index', IndexStatus: 'CREATING' } as const
    expect(busyWith({ TableStatus: 'ACTIVE' })).toBeUndefined()
    expect(busyWith({ TableStatus: 'CREATING' })).toBe('table is CREATING')
    expect(busyWith({ TableStatus: 'ACTIVE', GlobalSecondaryIndexes: [user] })).toBe(
      'index `user-index` is CREATING',
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../drivers/dynamodb/config/attributes.ts'
import { itemMeta, itemSize, parseItem } from '../../drivers/dynamodb/model/item.ts'
import { isWithinDepth, toStoredKey, toStoredPrefix } from '../../drivers/dynamodb/model/keys.ts'
import { batchGetRequest, getRequest } from '../../drivers/dynamodb/requests/read.ts'
import { scanRequest, userQuery } from '../../drivers/dynamodb/maintenance/scan-requests.ts'
import {
  type WriteOptions,
  deleteRequest,
  putRequest,
  putWrite,
} from '../../drivers/dynamodb/requests/write.ts'

const ctx = { table: 'sessions', attributes: DEFAULT_ATTRIBUTES }
const NOW = 1_900_000_000_123

describe('requests', () => {
  it('get', () => {
    expect(getRequest(ctx, 'k', false)).toEqual({ TableName: 'sessions', Key: { session_key: { S: 'k' } } })
    expect(getRequest({ ...ctx, onCapacity: () => {} }, 'k', true)).toEqual({
      TableName: 'sessions',
      Key: { session_key: { S: 'k' } },
      ConsistentRead: true,
      ReturnConsumedCapacity: 'TOTAL',
    })
  })

  it('batch get', () => {
    expect(batchGetRequest(ctx, ['a', 'b'], true)).toEqual({
      RequestItems: {
        sessions: { Keys: [{ session_key: { S: 'a' } }, { session_key: { S: 'b' } }], ConsistentRead: true },
      },
    })
  })

  it('plain put: no condition, no mark', () => {
    expect(putRequest(ctx, 'k', 'x', { ttl: 1.5, user: 'ada' }, NOW, 'mark')).toEqual({
      TableName: 'sessions',
      Item: {
        session_key: { S: 'k' },
        data: { S: 'x' },
        created: { N: '1900000000' },
        updated: { N: '1900000000' },
        version: { N: '1' },
        expire_date: { N: '1900000002' },
        user: { S: 'ada' },
      },
    })
  })

  it('put at a version', () => {
    const { Item, ...rest } = putRequest(ctx, 'k', 'x', { ifVersion: 3 }, NOW, 'mark')
    expect(Item).toMatchObject({ version: { N: '4' }, write_id: { S: 'mark' } })
    expect(rest).toEqual({
      TableName: 'sessions',
      ConditionExpression: '#v = :v AND (attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))',
      ExpressionAttributeNames: { '#v': 'version', '#e': 'expire_date' },
      ExpressionAttributeValues: {
        ':v': { N: '3' },
        ':now': { N: '1900000000.123' },
        ':ms': { N: '1900000000123' },
        ':max': { N: '100000000000' },
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
  })

  it('put where nothing is', () => {
    expect(putRequest(ctx, 'k', 'x', { ifVersion: null }, NOW, 'mark')).toMatchObject({
      ConditionExpression: 'attribute_not_exists(#k) OR (#e <= :now OR (#e > :max AND #e <= :ms))',
      ExpressionAttributeNames: { '#k': 'session_key', '#e': 'expire_date' },
    })
  })

  it('delete at a version', () => {
    expect(deleteRequest(ctx, 'k', {}, NOW)).toEqual({
      TableName: 'sessions',
      Key: { session_key: { S: 'k' } },
      ReturnValues: 'ALL_OLD',
    })
    expect(deleteRequest(ctx, 'k', { ifVersion: 2 }, NOW)).toMatchObject({
      ConditionExpression: '#v = :v AND (attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))',
    })
  })

  it('scan of keys', () => {
    const scope = { prefix: '', consistent: false, segment: 0, segments: 1 }
    expect(scanRequest(ctx, scope)).toEqual({
      TableName: 'sessions',
      ProjectionExpression: '#k',
      ExpressionAttributeNames: { '#k': 'session_key' },
    })
    expect(
      scanRequest(
        ctx,
        { prefix: 'a:', liveAt: NOW, consistent: true, segment: 1, segments: 4 },
        { session_key: { S: 'x' } },
      ),
    ).toEqual({
      TableName: 'sessions',
      ProjectionExpression: '#k',
      FilterExpression:
        'begins_with(#k, :prefix) AND (attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))',
      ExpressionAttributeNames: { '#k': 'session_key', '#e': 'expire_date' },
      ExpressionAttributeValues: {
        ':prefix': { S: 'a:' },
        ':now': { N: '1900000000.123' },
        ':ms': { N: '1900000000123' },
        ':max': { N: '100000000000' },
      },
      ConsistentRead: true,
      Segment: 1,
      TotalSegments: 4,
      ExclusiveStartKey: { session_key: { S: 'x' } },
    })
  })
})

describe('requests by owner', () => {
  it('query of the index', () => {
    expect(userQuery(ctx, 'ada')).toEqual({
      TableName: 'sessions',
      IndexName: 'user-index',
      KeyConditionExpression: '#u = :user',
      ExpressionAttributeNames: { '#u': 'user' },
      ExpressionAttributeValues: { ':user': { S: 'ada' } },
    })
  })

  it('scan where there is no index', () => {
    const scope = { prefix: '', user: 'ada', values: true, consistent: false, segment: 0, segments: 1 }
    expect(scanRequest(ctx, scope)).toEqual({
      TableName: 'sessions',
      ProjectionExpression: '#k, #d, #e, #u',
      FilterExpression: '#u = :user',
      ExpressionAttributeNames: { '#k': 'session_key', '#u': 'user', '#d': 'data', '#e': 'expire_date' },
      ExpressionAttributeValues: { ':user': { S: 'ada' } },
    })
  })
})

const value = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array())
const write: fc.Arbitrary<WriteOptions> = fc.record(
  {
    ttl: fc.integer({ min: 0, max: 1e12 }).map((ms) => ms / 1000),
    version: fc.integer({ min: 1 }),
    created: fc.integer({ min: 0, max: 8.64e15 }),
    user: fc.string({ minLength: 1, maxLength: 100 }),
  },
  { requiredKeys: [] },
)
const instant = fc.integer({ min: 0, max: 8e15 })

describe('mapping', () => {
  it('returns written items until they expire', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), value, write, instant, (key, written, options, now) => {
        // Later ends are stored as the year 5138.
        fc.pre(options.ttl === undefined || now + options.ttl * 1000 < 1e14)
        const item = putWrite(ctx, key, written, options, now).PutRequest?.Item ?? {}
        const read = parseItem(item, ctx, now)
        if (options.ttl === 0) {
          expect(read).toBeNull()
          return
        }
        expect(read?.value).toEqual(written)
        expect(read?.version).toBe(options.version ?? 1)
        expect(read?.created).toBe(Math.floor((options.created ?? now) / 1000) * 1000)
        const end = options.ttl === undefined ? null : now + options.ttl * 1000
        if (end === null) expect(read?.expires).toBeNull()
        else {
          // Rounded up to the second, and never further.
          expect(read?.expires).toBeGreaterThanOrEqual(end - 1)
          expect(read?.expires).toBeLessThanOrEqual(end + 1001)
          expect(parseItem(item, ctx, (read?.expires ?? 0) - 1)).not.toBeNull()
          expect(parseItem(item, ctx, read?.expires ?? 0)).toBeNull()
        }
        const meta = read && itemMeta(read, now)
        expect(meta?.size).toBe(Buffer.byteLength(written))
        if (end !== null) expect(meta?.ttl).toBeGreaterThanOrEqual(Math.floor((options.ttl ?? 0) - 0.001))
      }),
      { numRuns: 1000 },
    )
  })

  it('counts every byte of an item that grows', () => {
    fc.assert(
      fc.property(value, (held) => {
        const base = itemSize({ data: { S: '' } })
        const item = typeof held === 'string' ? { data: { S: held } } : { data: { B: held } }
        expect(itemSize(item) - base).toBe(Buffer.byteLength(held))
      }),
    )
  })

  it('never treats a malformed item as missing', () => {
    const attribute = fc.oneof(
      fc.constant(undefined),
      fc.constant({ S: 'text' }),
      fc.constant({ BOOL: true }),
      fc.constant({ NULL: true }),
      fc.constant({ M: {} }),
      fc.constant({ L: [] }),
    )
    fc.assert(
      fc.property(
        attribute,
        attribute,
        attribute,
        fc.constantFrom('data', 'version', 'created', 'updated', 'expire_date'),
        (data, version, expires, odd) => {
          const item: Record<string, object> = { session_key: { S: 'secret-key' } }
          if (data) item.data = data
          if (version) item.version = version
          if (expires) item.expire_date = expires
          item[odd] = { BOOL: false }
          try {
            parseItem(item as never, ctx, NOW)
            expect.unreachable()
          } catch (error) {
            expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', table: 'sessions' })
            expect(String(error)).not.toContain('secret-key')
          }
        },
      ),
    )
  })

  const key = fc.stringMatching(/^[a-c:]{1,8}$/)
  it('keeps keys of different bases apart, and keys below a prefix together', () => {
    fc.assert(
      fc.property(key, key, key, (below, one, other) => {
        const prefix = toStoredPrefix('base:', below)
        const trimmed = below.replace(/:+$/, '')
        expect(toStoredKey('base:', `${trimmed}:${one}`).startsWith(prefix)).toBe(true)
        if (trimmed !== '') {
          expect(toStoredKey('base:', `${trimmed}x${other}`).startsWith(prefix)).toBe(false)
          expect(toStoredKey('base:', trimmed).startsWith(prefix)).toBe(false)
        }
        expect(toStoredKey('', one) === toStoredKey('', other)).toBe(one === other)
      }),
    )
  })

  it('counts depth as the number of separators', () => {
    fc.assert(
      fc.property(key, fc.nat(8), (key, depth) => {
        expect(isWithinDepth(key, depth)).toBe(key.split(':').length - 1 <= depth)
        expect(isWithinDepth(key, undefined)).toBe(true)
      }),
    )
  })
})

import { randomBytes } from 'node:crypto'
import {
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterEach, expect, it, vi } from 'vitest'
import dynamodb from '../../../drivers/dynamodb.ts'
import {
  type CreateTableOptions,
  createTable,
  deleteTable,
  describeTable,
  enableTimeToLive,
} from '../../../src/table/index.ts'
import type { EngineInfo } from '../../support/engines/engines.ts'
import { describeEngines } from '../../support/suites.ts'

const tables: CreateTableOptions[] = []
afterEach(async () => {
  await Promise.all(
    tables
      .splice(0)
      .map(({ table, region, endpoint, credentials }) =>
        deleteTable({ table, region, endpoint, credentials }),
      ),
  )
})

function aTable({ endpoint, region, credentials }: EngineInfo): CreateTableOptions & { table: string } {
  const options = { table: `test-${randomBytes(8).toString('hex')}`, endpoint, region, credentials }
  tables.push(options)
  return options
}

describeEngines('unsession/table', (engine) => {
  const dynalite = engine.name === 'dynalite'

  it('creates a table that the driver can use', async () => {
    const options = aTable(engine)
    const progress = vi.fn<(message: string) => void>()
    expect(await createTable({ ...options, onProgress: progress })).toEqual({
      table: options.table,
      created: true,
      timeToLive: dynalite ? 'unsupported' : 'enabled',
      added: [],
      unsupported: dynalite ? ['timeToLive'] : [],
      notes: dynalite ? [expect.stringContaining('no time to live')] : [],
    })
    expect(progress.mock.calls.flat()).toContain('creating the table')
    expect(await describeTable(options)).toMatchObject({
      table: options.table,
      status: 'ACTIVE',
      partitionKey: { name: 'session_key', type: 'S' },
      billing: 'on-demand',
      itemCount: 0,
      indexes: [{ name: 'user-index', status: 'ACTIVE', partitionKey: { name: 'user', type: 'S' } }],
      timeToLive: dynalite ? { status: 'disabled' } : { status: 'enabled', attribute: 'expire_date' },
      mismatches: dynalite ? [{ what: 'time to live' }] : [],
    })
    const driver = dynamodb(options)
    await driver.setItem('a', 'text')
    expect(await driver.getItem('a')).toBe('text')
    await driver.dispose()
  })

  it('creates a table with provisioned units and other attribute names', async () => {
    const attributes = { key: 'id', expires: 'ends', user: 'owner' }
    const billing = { readUnits: 3, writeUnits: 2 }
    const options = { ...aTable(engine), attributes }
    await createTable({ ...options, billing })
    expect(await describeTable(options)).toMatchObject({
      partitionKey: { name: 'id', type: 'S' },
      billing,
      indexes: [{ name: 'user-index', partitionKey: { name: 'owner', type: 'S' } }],
      mismatches: dynalite ? [{ what: 'time to live' }] : [],
    })
  })

  it('creates a table with a sort key, and describes it with and without the option', async () => {
    const options = { ...aTable(engine), attributes: { sort: { name: 'sk', value: 'SESSION' } } }
    await createTable(options)
    const fits = await describeTable(options)
    expect(fits).toMatchObject({ sortKey: { name: 'sk', type: 'S' } })
    expect(fits.mismatches.map(({ what }) => what)).toEqual(dynalite ? ['time to live'] : [])
    const { mismatches } = await describeTable({ ...options, attributes: {} })
    expect(mismatches).toContainEqual(expect.objectContaining({ what: 'sort key', found: '`sk` (S)' }))
  })

  it('writes a session of a user at the price of any other, and at twice the price if the index has whole items', async () => {
    if (dynalite) return
    for (const [projection, factor] of [
      ['KEYS_ONLY', 1],
      ['ALL', 2],
    ] as const) {
      const options = aTable(engine)
      await (projection === 'ALL' ? createFullIndex(options) : createTable(options))
      const units: Record<string, number[]> = {}
      for (const user of [undefined, 'ada']) {
        const written: number[] = []
        const driver = dynamodb({
          ...options,
          onCapacity: ({ kind, units: used }) => void (kind === 'write' && written.push(used)),
        })
        const owner = user === undefined ? {} : { user }
        await driver.setItem(`s${user}`, 'x'.repeat(1500), { ...owner, ttl: 60 })
        written.length = 0
        await driver.setItem(`s${user}`, 'y'.repeat(1500), { ...owner, ttl: 90, ifVersion: 1 })
        await driver.setItem(`s${user}`, 'y'.repeat(1500), { ...owner, ttl: 120, version: 2, ifVersion: 2 })
        await driver.dispose()
        units[String(user)] = written
      }
      expect(units['undefined']).toEqual([2, 2])
      expect(units['ada']).toEqual([2 * factor, 2 * factor])
    }
  })

  it('changes nothing when repeated', async () => {
    const options = aTable(engine)
    await createTable(options)
    const before = await describeTable(options)
    expect(await createTable(options)).toMatchObject({ created: false, added: [] })
    expect(await describeTable(options)).toEqual(before)
  })

  it('adds missing features that the endpoint supports, and reports the others', async () => {
    const options = aTable(engine)
    await createTable({ ...options, userIndex: false, billing: { readUnits: 3, writeUnits: 2 } })
    const result = await createTable({
      ...options,
      billing: 'on-demand',
      pointInTimeRecovery: true,
      tags: { team: 'web' },
    })
    expect(result.created).toBe(false)
    expect(result.added).toEqual(dynalite ? ['tags'] : ['userIndex'])
    expect(result.unsupported).toEqual(
      dynalite ? ['timeToLive', 'userIndex', 'pointInTimeRecovery'] : ['pointInTimeRecovery', 'tags'],
    )
    expect(result.notes).toContainEqual(expect.stringContaining('(3 read and 2 write units)'))
    const { indexes, billing } = await describeTable(options)
    expect(billing).toEqual({ readUnits: 3, writeUnits: 2 })
    expect(indexes.map(({ name, status }) => `${name} ${status}`)).toEqual(
      dynalite ? [] : ['user-index ACTIVE'],
    )
  })

  it('adds the index to a table on demand, or reports that the endpoint cannot', async () => {
    const options = aTable(engine)
    await createTable({ ...options, userIndex: false })
    const { added, unsupported } = await createTable(options)
    expect(dynalite ? unsupported : added).toContain('userIndex')
  })

  it('refuses a table with another key, and names every mismatch', async () => {
    const options = aTable(engine)
    await createTable(options)
    const attributes = { key: 'id', user: 'owner', expires: 'ends' }
    const refusal = createTable({ ...options, attributes })
    await expect(refusal).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', table: options.table })
    await expect(refusal).rejects.toThrow(/partition key: expected `id` \(S\), found `session_key` \(S\)/)
    await expect(refusal).rejects.toThrow(/user-index: expected partition key `owner`/)
    const { mismatches } = await describeTable({ ...options, attributes })
    expect(mismatches.map(({ what }) => what)).toEqual(['partition key', 'time to live', 'user-index'])
  })

  it('creates a table once if called several times in parallel', async () => {
    const options = aTable(engine)
    const results = await Promise.all(Array.from({ length: 5 }, () => createTable(options)))
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect(await describeTable(options)).toMatchObject({ status: 'ACTIVE' })
  })

  it('completes a table if called several times in parallel', async () => {
    const options = aTable(engine)
    await createTable({ ...options, userIndex: false })
    await Promise.all(Array.from({ length: 5 }, () => createTable(options)))
    expect((await describeTable(options)).indexes).toHaveLength(dynalite ? 0 : 1)
  })

  it('deletes a table once', async () => {
    const options = aTable(engine)
    await createTable(options)
    expect(await deleteTable(options)).toBe(true)
    expect(await deleteTable(options)).toBe(false)
    await expect(describeTable(options)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(enableTimeToLive(options)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  })

  it('deletes a table if called several times in parallel', async () => {
    const options = aTable(engine)
    await createTable(options)
    expect(await Promise.all([deleteTable(options), deleteTable(options)])).toContain(true)
    await expect(describeTable(options)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  })

  it('uses a given client and leaves it open', async () => {
    const { table, endpoint, region, credentials } = aTable(engine)
    const client = new DynamoDBClient({ endpoint, region, credentials })
    for (const given of [client, DynamoDBDocumentClient.from(client)]) {
      await createTable({ table, client: given })
      expect(await describeTable({ table, client: given })).toHaveProperty('status', 'ACTIVE')
      await deleteTable({ table, client: given })
    }
    await expect(client.send(new ListTablesCommand({}))).resolves.toBeDefined()
    client.destroy()
  })

  it.runIf(!dynalite)('enables time to live once, on one attribute', async () => {
    const options = aTable(engine)
    await createTable(options)
    expect(await enableTimeToLive(options)).toEqual({
      table: options.table,
      attribute: 'expire_date',
      timeToLive: 'enabled',
      changed: false,
    })
    const other = { ...options, attributes: { expires: 'ends' } }
    await expect(enableTimeToLive(other)).rejects.toThrow(
      /found enabled on `expire_date`; set `attributes.expires`/,
    )
    await expect(createTable(other)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' })
  })

  it.runIf(dynalite)('reports that dynalite has no time to live', async () => {
    const options = aTable(engine)
    await createTable(options)
    await expect(enableTimeToLive(options)).rejects.toThrow(/no time to live/)
  })

  it.runIf(!dynalite)('protects from deletion', async () => {
    const options = aTable(engine)
    await createTable({ ...options, userIndex: false })
    const protecting = { ...options, deletionProtection: true }
    expect(await createTable(protecting)).toMatchObject({ added: ['userIndex', 'deletionProtection'] })
    expect(await describeTable(options)).toMatchObject({ deletionProtection: true, mismatches: [] })
    await expect(deleteTable(options)).rejects.toThrow(/--no-deletion-protection-enabled/)
    await unprotect(options)
  })
})

async function unprotect({ table, endpoint, region, credentials }: CreateTableOptions): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region, credentials })
  await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }))
  client.destroy()
}

/** Creates a table whose index copies whole items, as versions before KEYS_ONLY did. */
async function createFullIndex({ table, endpoint, region, credentials }: CreateTableOptions): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region, credentials } as EngineInfo)
  await client.send(
    new CreateTableCommand({
      TableName: table,
      KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
      AttributeDefinitions: ['session_key', 'user'].map((name) => ({
        AttributeName: name,
        AttributeType: 'S',
      })),
      BillingMode: 'PAY_PER_REQUEST',
      GlobalSecondaryIndexes: [
        {
          IndexName: 'user-index',
          KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  )
  client.destroy()
}

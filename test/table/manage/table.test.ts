import { randomBytes } from 'node:crypto'
import { DynamoDBClient, ListTablesCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb'
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
import type { EngineInfo } from '../../support/engines.ts'
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
    expect(await createTable({ ...options, userIndex: true, onProgress: progress })).toEqual({
      table: options.table,
      created: true,
      timeToLive: dynalite ? 'unsupported' : 'enabled',
      added: [],
      unsupported: dynalite ? ['timeToLive'] : [],
      notes: dynalite ? [expect.stringContaining('no time to live')] : [],
    })
    expect(progress.mock.calls.flat()).toContain('creating the table')
    expect(await describeTable({ ...options, userIndex: true })).toMatchObject({
      table: options.table,
      status: 'ACTIVE',
      hashKey: { name: 'session_key', type: 'S' },
      billing: 'on-demand',
      itemCount: 0,
      indexes: [{ name: 'user-index', status: 'ACTIVE', hashKey: { name: 'user', type: 'S' } }],
      timeToLive: dynalite ? { status: 'disabled' } : { status: 'enabled', attribute: 'expire_date' },
      mismatches: dynalite ? [{ what: 'time to live' }] : [],
    })
    const driver = dynamodb(options)
    await driver.setItem('a', 'text')
    expect(await driver.getItem('a')).toBe('text')
    await driver.dispose()
  })

  it('creates one with provisioned units and attributes of other names', async () => {
    const attributes = { key: 'id', expires: 'ends', user: 'owner' }
    const billing = { readUnits: 3, writeUnits: 2 }
    const options = { ...aTable(engine), attributes }
    await createTable({ ...options, billing, userIndex: true })
    expect(await describeTable({ ...options, userIndex: true })).toMatchObject({
      hashKey: { name: 'id', type: 'S' },
      billing,
      indexes: [{ name: 'user-index', hashKey: { name: 'owner', type: 'S' } }],
      mismatches: dynalite ? [{ what: 'time to live' }] : [],
    })
  })

  it('changes nothing when repeated', async () => {
    const options = { ...aTable(engine), userIndex: true }
    await createTable(options)
    const before = await describeTable(options)
    expect(await createTable(options)).toMatchObject({ created: false, added: [] })
    expect(await describeTable(options)).toEqual(before)
  })

  it('completes a table, with what the endpoint can do, and says what it cannot', async () => {
    const options = aTable(engine)
    await createTable({ ...options, billing: { readUnits: 3, writeUnits: 2 } })
    const result = await createTable({
      ...options,
      billing: 'on-demand',
      userIndex: true,
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

  it('adds the index to a table on demand, or says that it cannot', async () => {
    const options = aTable(engine)
    await createTable(options)
    const { added, unsupported } = await createTable({ ...options, userIndex: true })
    expect(dynalite ? unsupported : added).toContain('userIndex')
  })

  it('refuses a table with another key, naming everything that is wrong', async () => {
    const options = aTable(engine)
    await createTable({ ...options, userIndex: true })
    const attributes = { key: 'id', user: 'owner', expires: 'ends' }
    const refusal = createTable({ ...options, attributes })
    await expect(refusal).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', table: options.table })
    await expect(refusal).rejects.toThrow(/hash key: expected `id` \(S\), found `session_key` \(S\)/)
    await expect(refusal).rejects.toThrow(/user-index: expected hash key `owner`/)
    const { mismatches } = await describeTable({ ...options, attributes })
    expect(mismatches.map(({ what }) => what)).toEqual(['hash key', 'time to live', 'user-index'])
  })

  it('several at once all succeed, and one of them has made it', async () => {
    const options = aTable(engine)
    const results = await Promise.all(
      Array.from({ length: 5 }, () => createTable({ ...options, userIndex: true })),
    )
    expect(results.filter(({ created }) => created)).toHaveLength(1)
    expect(await describeTable(options)).toMatchObject({ status: 'ACTIVE' })
  })

  it('several at once complete a table', async () => {
    const options = aTable(engine)
    await createTable(options)
    await Promise.all(Array.from({ length: 5 }, () => createTable({ ...options, userIndex: true })))
    expect((await describeTable(options)).indexes).toHaveLength(dynalite ? 0 : 1)
  })

  it('deletes a table, once', async () => {
    const options = aTable(engine)
    await createTable(options)
    expect(await deleteTable(options)).toBe(true)
    expect(await deleteTable(options)).toBe(false)
    await expect(describeTable(options)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
    await expect(enableTimeToLive(options)).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' })
  })

  it('several at once delete a table', async () => {
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

  it.runIf(!dynalite)('enables time to live, once, and on one attribute', async () => {
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

  it.runIf(dynalite)('says that dynalite has no time to live', async () => {
    const options = aTable(engine)
    await createTable(options)
    await expect(enableTimeToLive(options)).rejects.toThrow(/no time to live/)
  })

  it.runIf(!dynalite)('protects from deletion', async () => {
    const options = aTable(engine)
    await createTable(options)
    const protecting = { ...options, userIndex: true, deletionProtection: true }
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

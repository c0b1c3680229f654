import { describe, expect, it } from 'vitest'
import { createTable, deleteTable, describeTable, enableTimeToLive } from '../../../src/table/index.ts'
import { resolveTable } from '../../../src/table/manage/options.ts'

describe('options of the table functions', () => {
  it('have defaults', () => {
    expect(resolveTable('createTable', {}, {})).toMatchObject({
      table: 'sessions',
      billing: undefined,
      userIndex: true,
      pointInTimeRecovery: false,
      deletionProtection: false,
      tags: {},
      maxWait: 300_000,
      attributes: { key: 'session_key', expires: 'expire_date', user: 'user' },
    })
  })

  it("include the driver's options and the environment", () => {
    const env = { DYNAMODB_SESSIONS_TABLE_NAME: 'from-env', AWS_REGION: 'eu-west-1' }
    const options = { base: 'app', ttl: 60, consistentRead: true, batch: false } as const
    expect(resolveTable('deleteTable', options, env)).toMatchObject({
      table: 'from-env',
      region: 'eu-west-1',
    })
  })

  it.each([
    ['options', null],
    ['options', 'sessions'],
    ['biling', { biling: 'on-demand' }],
    ['table', { table: 'x' }],
    ['attributes.kye', { attributes: { kye: 'id' } }],
    ['billing', { billing: 'cheap' }],
    ['billing', { billing: null }],
    ['billing.readUnits', { billing: {} }],
    ['billing.readUnits', { billing: { readUnits: 0, writeUnits: 1 } }],
    ['billing.writeUnits', { billing: { readUnits: 1, writeUnits: 1.5 } }],
    ['billing.units', { billing: { readUnits: 1, writeUnits: 1, units: 1 } }],
    ['attributes.sort', { attributes: { sort: 'sk' } }],
    ['attributes.sort', { attributes: { sort: { name: 'sk' } } }],
    ['attributes.sort', { attributes: { sort: { name: 'sk', value: 'x', values: [] } } }],
    ['attributes', { attributes: { sort: { name: 'session_key', value: 'x' } } }],
    ['userIndex', { userIndex: 'yes' }],
    ['pointInTimeRecovery', { pointInTimeRecovery: 1 }],
    ['deletionProtection', { deletionProtection: null }],
    ['tags', { tags: ['a'] }],
    ['tags', { tags: { 'aws:x': '1' } }],
    ['tags', { tags: { ['x'.repeat(129)]: '1' } }],
    ['tags', { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`t${n}`, ''])) }],
    ['tags.n', { tags: { n: 1 } }],
    ['maxWait', { maxWait: -1 }],
    ['maxWait', { maxWait: Number.NaN }],
    ['onProgress', { onProgress: 'loud' }],
    ['signal', { signal: {} }],
  ])('name a bad `%s`: %j', async (option, options) => {
    await expect(createTable(options as object)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`option \`${option}\` `),
    })
  })

  it('are refused by the other functions', async () => {
    const message = expect.stringContaining('option `billing` is unknown')
    const options = { billing: 'on-demand' } as object
    await expect(describeTable(options)).rejects.toMatchObject({ code: 'INVALID_OPTION', message })
    await expect(deleteTable(options)).rejects.toMatchObject({ code: 'INVALID_OPTION', message })
    await expect(enableTimeToLive(options)).rejects.toMatchObject({ code: 'INVALID_OPTION', message })
  })
})

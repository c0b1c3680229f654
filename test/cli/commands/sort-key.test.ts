import { randomBytes } from 'node:crypto'
import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../../drivers/dynamodb.ts'
import { hashKey } from '../../../drivers/utils/errors.ts'
import { createSessionStore, type SessionStore } from '../../../src/index.ts'
import { iamPolicy } from '../../../src/table/index.ts'
import { type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { describeEngines } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'
import { SECRET, run } from '../run.ts'

describeEngines('a table with items of other software', (engine) => {
  let base: TestTable
  let proxy: Proxy
  let table: string
  let where: string
  let driver: DynamoDBDriver
  let store: SessionStore
  let id: string

  beforeAll(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET)
  })
  afterAll(() => void vi.unstubAllEnvs())

  beforeEach(async () => {
    base = await createTestTable(engine)
    proxy = await startProxy(engine.endpoint)
    table = `${base.table}-single`
    where = `--table ${table} --endpoint ${proxy.url} --region ${engine.region} --key-attribute pk --sort sk=SESSION`
    await run(`table create ${where}`)
    proxy.reset()
    const attributes = { key: 'pk', sort: { name: 'sk', value: 'SESSION' } }
    driver = dynamodb({ ...base.options, table, endpoint: proxy.url, attributes })
    store = createSessionStore({ storage: driver, cache: false })
    id = randomBytes(24).toString('base64url')
    await putForeign(id)
    return async () => {
      await driver.dispose()
      await run(`table delete ${where} --yes`)
      await proxy.stop()
      await base.drop()
    }
  })

  /** An expired item of other software with the key of a session. */
  async function putForeign(key: string): Promise<void> {
    const Item = { pk: { S: key }, sk: { S: 'ORDER#1' }, user: { S: 'ada' }, expire_date: { N: '1' } }
    await base.client.send(new PutItemCommand({ TableName: table, Item }))
  }

  async function sortValues(): Promise<(string | undefined)[]> {
    const { Items = [] } = await base.client.send(new ScanCommand({ TableName: table, ConsistentRead: true }))
    return Items.map(({ sk }) => sk?.S).toSorted()
  }

  it('is described with its sort key', async () => {
    const { out } = await run(`table describe ${where}`)
    expect(out).toMatch(/sort key +sk \(S\)/)
    expect(out).not.toContain('Mismatch: partition key')
    expect(out).not.toContain('Mismatch: sort key')
    const without = await run(`table describe ${where.replace(' --sort sk=SESSION', '')}`)
    expect(without.out).toContain('Mismatch: sort key')
  })

  it('lists, shows, counts and destroys sessions only', async () => {
    await store.create({ id, data: { cart: 1 }, user: 'ada' })
    const listed = await run(`list ${where} --user ada`)
    expect(listed.out).toContain(hashKey(id))
    expect(listed.out).toContain('1 session\n')
    expect((await run(`show ${id} ${where} --data`)).out).toMatch(/"cart": 1/)
    expect(JSON.parse((await run(`stats ${where} --json`)).out)).toMatchObject({
      sessions: { live: 1, expired: 0 },
    })
    expect(await run(`destroy --user ada ${where} --yes`)).toMatchObject({ code: 0 })
    expect(await store.load(id)).toBeNull()
    expect(await sortValues()).toContain('ORDER#1')
  })

  it('loses only its expired sessions by clear-expired', async () => {
    await driver.setItem('gone', '{}', { ttl: 0 })
    expect(await run(`clear-expired ${where} --grace 0 --yes`)).toMatchObject({ code: 0 })
    expect(await sortValues()).toEqual(['ORDER#1'])
  })

  it('needs the rights of the policy and no others', async () => {
    const { session } = await signIn()
    await store.destroy(session)
    await store.destroyAll({ user: 'ada' })
    const { Statement } = JSON.parse(
      (await run(`table policy --table ${table} --region ${engine.region} --account 123456789012`)).out,
    ) as ReturnType<typeof iamPolicy>
    const rights = Statement.flatMap(({ Action }) => Action)
    const sent = new Set(proxy.calls.map(({ operation }) => `dynamodb:${operation}`))
    expect(sent.size).toBeGreaterThan(3)
    for (const right of sent) expect(rights).toContain(right)
  })

  async function signIn(): Promise<{ session: string }> {
    await store.create({ id, data: {}, user: 'ada' })
    for await (const _ of store.list({ user: 'ada' }));
    return { session: id }
  }

  it('is what the templates create', async () => {
    for (const [format, words] of [
      ['cloudformation', /AttributeName: sk\s+KeyType: RANGE/],
      ['cdk', /sortKey: \{ name: 'sk'/],
      ['terraform', /range_key += "sk"/],
    ] as const) {
      expect(
        (await run(`table template --key-attribute pk --sort sk=SESSION --format ${format}`)).out,
      ).toMatch(words)
    }
  })
})

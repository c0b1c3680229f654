import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../../drivers/dynamodb.ts'
import { createSessionStore, type SessionRecord, type SessionStore } from '../../../src/index.ts'
import { resetAfter, resetBefore } from '../../support/proxy/faults.ts'
import { type Call, type Fault, type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { describeEngines } from '../../support/suites.ts'
import { createTestTable, type TestTable } from '../../support/engines/tables.ts'

/** Whether a call writes to the old id, by any operation. */
const endsOld = ({ body }: Call): boolean => (body['Item'] ?? body['Key'])?.session_key?.S === 'old'

describeEngines('a rotation that retries its write to the old id', (engine) => {
  let table: TestTable
  let proxy: Proxy
  let drivers: DynamoDBDriver[]
  let store: SessionStore
  let elsewhere: SessionStore
  let record: SessionRecord

  beforeAll(async () => {
    table = await createTestTable(engine)
  })
  afterAll(() => table.drop())
  beforeEach(async () => {
    proxy = await startProxy(engine.endpoint)
    drivers = [dynamodb({ ...table.options, endpoint: proxy.url }), dynamodb(table.options)]
    const [storage, storageElsewhere] = drivers as [DynamoDBDriver, DynamoDBDriver]
    store = createSessionStore({ storage, cache: false })
    elsewhere = createSessionStore({ storage: storageElsewhere, cache: false })
    record = await store.create({ id: 'old', data: { n: 1 } })
    proxy.reset()
  })
  afterEach(async () => {
    await elsewhere.destroy('old')
    await elsewhere.destroy('new')
    await Promise.all([...drivers.map((driver) => driver.dispose()), proxy.stop()])
  })

  it('succeeds when only the response was lost', async () => {
    proxy.fault({ match: endsOld, times: 1, do: resetAfter })
    await store.rotate(record, 'new')
    expect(await elsewhere.load('old')).toBeNull()
    expect((await elsewhere.load('new'))?.data).toEqual({ n: 1 })
  })

  it('fails after a sign-out that was carried out first', async () => {
    const logoutFirst: Fault = async (exchange) => {
      expect(await elsewhere.destroy('old')).toBe(true)
      resetBefore(exchange)
    }
    proxy.fault({ match: endsOld, times: 1, do: logoutFirst })
    await expect(store.rotate(record, 'new')).rejects.toMatchObject({ code: 'SESSION_GONE' })
    expect(await elsewhere.load('new')).toBeNull()
  })

  it('leaves no visible item', async () => {
    await store.rotate(record, 'new')
    const listed: string[] = []
    for await (const { id } of elsewhere.list()) listed.push(id)
    expect(listed).toEqual(['new'])
    expect(await elsewhere.destroy('old')).toBe(false)
    expect(await elsewhere.create({ id: 'old', data: {} })).toMatchObject({ version: 1 })
  })
})

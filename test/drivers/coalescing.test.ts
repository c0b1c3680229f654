import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import dynamodb, { type ConsumedUnits, type DynamoDBOptions } from '../../drivers/dynamodb.ts'
import { throttling } from '../support/proxy/aws-errors.ts'
import { hold, jsonAnswer, stalledHeaders } from '../support/proxy/faults.ts'
import { type Call, type Fault, type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeTransports } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

describeTransports('read coalescing', (engine, transport) => {
  let table: TestTable
  let proxy: Proxy
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    proxy = await startProxy(engine.endpoint)
    const driver = dynamodb(table.options)
    await driver.setItems(Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: String(i) })))
    await driver.setItemRaw('bytes', new Uint8Array([1, 2, 3]))
    await driver.dispose()
  })
  afterEach(() => {
    proxy.reset()
    vi.unstubAllEnvs()
  })
  afterAll(async () => {
    await proxy.stop()
    await table.drop()
  })

  const connect = (options: DynamoDBOptions = {}) =>
    dynamodb({ ...table.options, endpoint: proxy.url, ...options })
  const keys = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `k${from + i}`)

  it('sends one read as GetItem and the reads of one turn as one BatchGetItem', async () => {
    const driver = connect()
    expect(await driver.getItem('k1')).toBe('1')
    expect(proxy.calls.map(({ operation }) => operation)).toEqual(['GetItem'])
    proxy.reset()
    expect(await Promise.all([...keys(5), 'none'].map((key) => driver.getItem(key)))).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      null,
    ])
    expect(proxy.calls.map(({ operation }) => operation)).toEqual(['BatchGetItem'])
    await driver.dispose()
  })

  it('reads a key once for many callers, and gives each its own copy of the bytes', async () => {
    const driver = connect()
    const [one, other] = await Promise.all([driver.getItemRaw('bytes'), driver.getItemRaw('bytes')])
    expect(proxy.calls).toHaveLength(1)
    const bytes = one as Uint8Array
    bytes[0] = 99
    expect(Buffer.compare(other as Uint8Array, new Uint8Array([1, 2, 3]))).toBe(0)
    await driver.dispose()
  })

  it('never combines strongly and eventually consistent reads in one request', async () => {
    const driver = connect()
    await Promise.all([
      driver.getItem('k1'),
      driver.getItem('k2', { consistent: true }),
      driver.getItem('k3'),
      driver.getItem('k4', { consistent: true }),
      driver.getItem('k1', { consistent: true }),
    ])
    const batches = proxy.calls.map(({ body }) => body.RequestItems[table.table])
    expect(batches.map(({ ConsistentRead, Keys }) => [ConsistentRead ?? false, Keys.length])).toEqual([
      [false, 2],
      [true, 3],
    ])
    await driver.dispose()
  })

  it('honours the default consistency and its exception', async () => {
    const driver = connect({ consistentRead: true })
    await driver.getItem('k1')
    await driver.getItem('k1', { consistent: false })
    await driver.getItems([{ key: 'k1' }, { key: 'k2', options: { consistent: false } }])
    expect(proxy.calls.slice(0, 2).map(({ body }) => body.ConsistentRead ?? false)).toEqual([true, false])
    const batches = proxy.calls.slice(2).map(({ body }) => body.RequestItems[table.table])
    expect(batches.map(({ ConsistentRead }) => ConsistentRead ?? false).toSorted()).toEqual([false, true])
    await driver.dispose()
  })

  it('has at most `maxInFlight` requests in flight; later reads are sent together, up to 100 keys', async () => {
    const driver = connect({ batch: { maxInFlight: 2 } })
    const held = hold()
    proxy.fault({ do: held })
    const reads: Promise<unknown>[] = []
    for (const [i, key] of keys(2).entries()) {
      reads.push(driver.getItem(key))
      await held.reached(i + 1)
    }
    reads.push(...keys(150, 100).map((key) => driver.getItem(key)))
    // A turn of the event loop later the waiting reads would have left.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(proxy.calls).toHaveLength(2)
    held.release()
    await Promise.all(reads)
    const sizes = proxy.calls.slice(2).map(({ body }) => body.RequestItems[table.table].Keys.length)
    expect(sizes.toSorted()).toEqual([100, 50])
    await driver.dispose()
  })

  it('lets a strongly consistent read join a queued read, but never one that was sent', async () => {
    const driver = connect({ batch: { maxInFlight: 1 } })
    const held = hold({ after: true })
    proxy.fault({ times: 1, do: held })
    const strong = { consistent: true }
    const early = driver.getItem('fresh', strong)
    await held.reached()
    const writer = dynamodb(table.options)
    await writer.setItem('fresh', 'written')
    const late = [driver.getItem('fresh', strong), driver.getItem('fresh', strong)]
    held.release()
    expect(await early).toBeNull()
    expect(await Promise.all(late)).toEqual(['written', 'written'])
    expect(proxy.calls).toHaveLength(2)
    await Promise.all([driver.dispose(), writer.dispose()])
  })

  const keysOf = ({ body }: Call): string[] =>
    [body.RequestItems?.[table.table]?.Keys ?? body.Key].flat().map((key) => key.session_key.S)
  const asksFor = (key: string) => (call: Call) => keysOf(call).includes(key)
  /** DynamoDB leaves one key unprocessed in every batch, as it does with a key of a throttled partition. */
  const leaveOut =
    (key: string): Fault =>
    async ({ call, forward, reply }) => {
      const others = keysOf(call).filter((each) => each !== key)
      const Keys = others.map((each) => ({ session_key: { S: each } }))
      const request = call.body.RequestItems[table.table]
      const RequestItems = { [table.table]: { ...request, Keys } }
      const answer = others.length > 0 ? JSON.parse((await forward({ RequestItems })).body.toString()) : {}
      const UnprocessedKeys = { [table.table]: { Keys: [{ session_key: { S: key } }] } }
      reply(jsonAnswer(200, { Responses: {}, ...answer, UnprocessedKeys }))
    }
  /** One slot, and reads that wait for a minute: a read that waits for a slot held by a hot key fails the test. */
  const oneSlot = () => connect({ batch: { maxInFlight: 1 }, timeout: { request: 60_000 } })

  it('frees the slot of a group whose only keys left are unprocessed', async () => {
    const driver = oneSlot()
    proxy.fault({ match: asksFor('hot'), do: leaveOut('hot') })
    const hot = driver.getItem('hot').catch((error: unknown) => error)
    expect(await Promise.all(keys(2).map((key) => driver.getItem(key)))).toEqual(['0', '1'])
    expect(await driver.getItem('k2')).toBe('2')
    await driver.dispose()
    expect(await hot).toMatchObject({ code: 'DISPOSED' })
  })

  it('retries an unprocessed key once for all reads that wait for it', async () => {
    const driver = oneSlot()
    const strong = { consistent: true }
    proxy.fault({ times: 1, do: leaveOut('k9') })
    const first = driver.getItem('k9', strong)
    expect(await driver.getItem('k0', strong)).toBe('0')
    // The retry waits now. These reads join it: it is sent after they began.
    const joined = Array.from({ length: 5 }, () => driver.getItem('k9', strong))
    expect(await driver.getItem('k1', strong)).toBe('1')
    expect(await Promise.all([first, ...joined])).toEqual(Array.from({ length: 6 }, () => '9'))
    expect(proxy.calls.map(keysOf)).toEqual([['k9', 'k0'], ['k1'], ['k9']])
    await driver.dispose()
  })

  it('frees the slot of a read that DynamoDB throttles while it is tried again', async () => {
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1000')
    const driver = connect({ batch: { maxInFlight: 1 }, timeout: { request: 60_000 } })
    proxy.fault({ match: asksFor('hot'), do: throttling })
    const hot = driver.getItem('hot').catch((error: unknown) => error)
    await proxy.arrived(1)
    expect(await driver.getItem('k2')).toBe('2')
    await driver.dispose()
    expect(await hot).toMatchObject({ code: 'DISPOSED' })
  })

  it('frees the slot of a request that has no answer', { retry: 2 }, async () => {
    const driver = oneSlot()
    proxy.fault({ match: asksFor('hung'), do: stalledHeaders })
    const hung = driver.getItem('hung').catch((error: unknown) => error)
    await proxy.arrived(1)
    expect(await driver.getItem('k2')).toBe('2')
    await driver.dispose()
    expect(await hung).toMatchObject({ code: 'DISPOSED' })
  })

  it('can be turned off', async () => {
    const driver = connect({ batch: false })
    await Promise.all(keys(3).map((key) => driver.getItem(key)))
    expect(proxy.count('GetItem')).toBe(3)
    expect(proxy.count('BatchGetItem')).toBe(0)
    const items = await driver.getItems(keys(250).map((key) => ({ key })))
    expect(items.map(({ value }) => value)).toEqual(keys(250).map((_, i) => String(i)))
    expect(proxy.count('BatchGetItem')).toBe(3)
    await driver.dispose()
  })

  it('reports what each request consumed', async () => {
    const consumed: ConsumedUnits[] = []
    const driver = connect({ onCapacity: (units) => consumed.push(units) })
    await driver.setItem('units', 'x')
    await driver.getItem('units')
    await driver.getItem('units', { consistent: true })
    await driver.getItems([{ key: 'units' }, { key: 'k1' }])
    await driver.removeItem('units')
    const { table: name } = table
    expect(consumed).toEqual([
      { operation: 'PutItem', table: name, units: 1, kind: 'write' },
      { operation: 'GetItem', table: name, units: 0.5, kind: 'read' },
      { operation: 'GetItem', table: name, units: 1, kind: 'read' },
      { operation: 'BatchGetItem', table: name, units: 1, kind: 'read' },
      { operation: 'DeleteItem', table: name, units: 1, kind: 'write' },
    ])
    await driver.dispose()
  })

  it('needs rights for items only: no table is described or created', async () => {
    const driver = connect()
    await driver.setItem('rights', 'x', { ifVersion: null })
    await driver.setItem('rights', 'y', { ifVersion: 1 })
    await driver.getItem('rights')
    await driver.removeItem('rights', { ifVersion: 2 })
    expect(proxy.calls.map(({ operation }) => operation)).toEqual([
      'PutItem',
      'PutItem',
      'GetItem',
      'DeleteItem',
    ])
    await driver.dispose()
  })
})

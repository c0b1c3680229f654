import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CredentialsError } from '../../drivers/dynamodb/client/credentials.ts'
import { toDriverError } from '../../drivers/dynamodb/client/to-error.ts'
import dynamodb from '../../drivers/dynamodb.ts'
import { DRIVER_HANDSHAKE } from '../../drivers/utils/driver-handshake.ts'
import { Lazy } from '../../drivers/utils/lazy.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeTransportsOnce } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

describeTransportsOnce('the first use of a driver', (engine, transport) => {
  let table: TestTable
  let proxy: Proxy
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    proxy = await startProxy(engine.endpoint)
  })
  afterEach(() => proxy.reset())
  afterAll(async () => {
    await proxy.stop()
    await table.drop()
  })
  const connect = () => dynamodb({ ...table.options, endpoint: proxy.url })

  it('sends reads together that waited for the code, except in Workers', async () => {
    const driver = connect()
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
    const write = driver.setItem('k3', 'x', { ifVersion: null })
    const reads = keys.map((key) => driver.getItem(key, { consistent: true }))
    expect(await Promise.all([write, ...reads])).toHaveLength(21)
    const expected = transport.usesFetch ? keys.map(() => 'GetItem') : ['BatchGetItem']
    expect(proxy.calls.map(({ operation }) => operation).toSorted()).toEqual([...expected, 'PutItem'])
    expect(await driver.getItem('k3')).toBe('x')
    await driver.dispose()
  })

  it('answers handshakes before it loads code, also for each of several items', async () => {
    const driver = connect()
    const known: unknown[] = []
    const read: object = { [DRIVER_HANDSHAKE]: (...told: unknown[]) => known.push(...told) }
    const answered: object = {
      [DRIVER_HANDSHAKE]: () => {
        throw new Error('known')
      },
    }
    await expect(driver.hasItem('k', answered)).rejects.toThrow('known')
    await expect(driver.getItems([{ key: 'k', options: answered }])).rejects.toThrow('known')
    await expect(driver.setItems([{ key: 'k', value: 'x' }], answered)).rejects.toThrow('known')
    expect(proxy.calls).toEqual([])
    await driver.getItem('a', read)
    await driver.getItems([{ key: 'b', options: read }, { key: 'c' }])
    expect(known).toEqual([driver, 'a', driver, 'b'])
    await driver.dispose()
  })

  it('is refused after dispose(), which can be called twice and before the first use', async () => {
    const driver = connect()
    await driver.dispose()
    await driver.dispose()
    const calls = [
      driver.getItem('k'),
      driver.getItems([{ key: 'k' }]),
      driver.setItem('k', 'x'),
      driver.deleteItem('k'),
      driver.getKeys(),
      driver.listUser('ada')[Symbol.asyncIterator]().next(),
      driver.getInstance(),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ reason: { code: 'DISPOSED' } })
    }
    expect(proxy.calls).toEqual([])
  })

  it('fails without a request when the driver is disposed while it loads code', async () => {
    const driver = connect()
    const calls = [driver.getItem('k'), driver.setItem('k', 'x'), driver.getKeys()]
    const outcomes = Promise.allSettled(calls)
    await driver.dispose()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'DISPOSED' } })
    expect(proxy.calls).toEqual([])
  })
})

describe('code that is loaded on demand', () => {
  it('is loaded once for all callers, and is then available immediately', async () => {
    let loads = 0
    const thing = new Lazy(async () => ++loads)
    expect(thing.value).toBeUndefined()
    expect(await Promise.all([thing.within(1000), thing.within(1000)])).toEqual([1, 1])
    expect(thing.value).toBe(1)
    expect(await thing.within(1000)).toBe(1)
  })

  it('is loaded again after a failure, whose error names the fix', async () => {
    const cause = new Error('no such file')
    let loads = 0
    const thing = new Lazy(async () => {
      if (++loads === 1) throw cause
      return loads
    })
    const error = {
      code: 'DEPENDENCY_MISSING',
      cause,
      message: expect.stringContaining('no such file; install the package or'),
    }
    await expect(thing.within(1000)).rejects.toMatchObject(error)
    expect(await thing.within(1000)).toBe(2)
  })

  it('is waited for until a timeout, and used when it is loaded later', async () => {
    let finish: (value: string) => void = () => {}
    const thing = new Lazy(() => new Promise<string>((resolve) => (finish = resolve)))
    await expect(thing.within(20)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const second = thing.within(10_000)
    finish('late')
    expect(await second).toBe('late')
  })
})

describe('a part of the SDK that cannot be loaded', () => {
  const CONTEXT = { operation: 'GetItem', table: 'sessions', key: 'a-key' }
  const ofDeno = Object.assign(
    new Error('Requires sys access to "osRelease", run again with the --allow-sys flag'),
    {
      name: 'NotCapable',
    },
  )
  const ofPnp = Object.assign(new Error('unsession tried to access @aws-sdk/core\nRequired by: …'), {
    code: 'MODULE_NOT_FOUND',
    pnpCode: 'UNDECLARED_DEPENDENCY',
  })

  it.each([
    ['Deno', ofDeno, /access to "osRelease", run again with the --allow-sys flag; start Deno with the flag/],
    ['Yarn PnP', ofPnp, /tried to access @aws-sdk\/core; install @aws-sdk\/client-dynamodb/],
    [
      'a Worker',
      new Error('[unenv] fs.readFile is not implemented yet!'),
      /this runtime or bundle cannot run/,
    ],
    ['an ES module bundle', new Error('Dynamic require of "node:os" is not supported'), /`createRequire`/],
  ])('has one code, and the fix for %s', (_, cause, words) => {
    for (const error of [cause, new CredentialsError(cause), new Error('no credentials', { cause })]) {
      const reported = toDriverError(error, CONTEXT)
      expect(reported.code).toBe('DEPENDENCY_MISSING')
      expect(reported.cause).toBe(cause)
      expect(reported.message).toMatch(words)
      expect(reported.message).not.toContain('\n')
    }
  })

  it('is not reported for other errors of a provider or of the network', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(toDriverError(refused, CONTEXT).code).toBe('UNAVAILABLE')
    const none = new CredentialsError(new Error('Could not load credentials from any providers'))
    expect(toDriverError(none, CONTEXT).code).toBe('CREDENTIALS_MISSING')
  })
})

import { setImmediate } from 'node:timers/promises'
import { HttpResponse } from '@smithy/core/protocols'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver, type DynamoDBOptions } from '../../drivers/dynamodb.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import {
  accessDenied,
  internalServerError,
  resourceNotFound,
  throttling,
} from '../support/proxy/aws-errors.ts'
import {
  halfBody,
  hold,
  resetAfter,
  resetBefore,
  rewrite,
  stalledAfter,
  stalledBody,
  stalledHeaders,
  truncatedBody,
} from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { startNetwork } from '../support/engines/network.ts'
import { isWhole } from '../support/extent.ts'
import { describeTransports, describeTransportsOnce } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { nothingProcessed, unprocessed } from '../support/proxy/unprocessed.ts'

const KEY = 'secret-session-id'

/** The proxy makes the faults, so one engine shows nearly all. */
const describeFaults: typeof describeTransports = isWhole
  ? describeTransports
  : (title, suite) => describeTransportsOnce(title, suite, { withFetch: false })

describeFaults('faults', (engine, transport) => {
  let table: TestTable
  let proxy: Proxy
  let driver: DynamoDBDriver
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    proxy = await startProxy(engine.endpoint)
  })
  beforeEach(async () => {
    driver = connect()
    await driver.setItem(KEY, 'alive')
    proxy.reset()
  })
  afterEach(async () => {
    proxy.reset()
    await driver.dispose()
    const cleaner = dynamodb(table.options)
    await cleaner.clear()
    await cleaner.dispose()
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })
  afterAll(async () => {
    await proxy.stop()
    await table.drop()
  })

  const connect = (options: DynamoDBOptions = {}) =>
    dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 1000 }, ...options })

  it.each([
    ['a reset', resetBefore],
    ['a lost answer', resetAfter],
    ['a 500', internalServerError],
    ['half a body', halfBody],
    ['a truncated answer', truncatedBody],
    ['throttling', throttling],
  ])('every operation gets over one case of %s', async (_, fault) => {
    const patient = connect({ timeout: { request: 3000 } })
    const once = async (operation: Promise<unknown>, expected: unknown): Promise<void> => {
      expect(await operation).toEqual(expected)
    }
    const fail = (): void => proxy.fault({ times: 1, do: fault })
    fail()
    await once(patient.getItem(KEY), 'alive')
    fail()
    await once(Promise.all([patient.getItem(KEY), patient.getItem('other')]), ['alive', null])
    fail()
    await once(patient.setItem(KEY, '2', { ifVersion: 1 }), undefined)
    fail()
    await once(patient.setItem('new', '1', { ifVersion: null }), undefined)
    fail()
    await once(patient.getItems([{ key: 'new' }]), [{ key: 'new', value: '1' }])
    fail()
    await once(patient.deleteItem('new', { ifVersion: 1 }), true)
    expect(await patient.getMeta(KEY)).toMatchObject({ version: 2 })
    await patient.dispose()
  })

  it('recognizes its own conditional write by its mark, not by its content', async () => {
    // Another client stored the same value under the expected version.
    proxy.fault({
      match: 'PutItem',
      times: 1,
      do: async (exchange) => {
        const other = dynamodb(table.options)
        await other.setItem(KEY, 'same', { ifVersion: 1 })
        await other.dispose()
        exchange.reset()
      },
    })
    const patient = connect({ timeout: { request: 3000 } })
    await expect(patient.setItem(KEY, 'same', { ifVersion: 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
      current: { value: 'same', version: 2 },
    })
    await patient.dispose()
  })

  it('reports an unknown outcome when another client may have written after a lost answer', async () => {
    proxy.fault({
      match: 'PutItem',
      times: 1,
      do: async (exchange) => {
        await exchange.forward()
        const other = dynamodb(table.options)
        await other.setItem(KEY, 'on top', { ifVersion: 2 })
        await other.dispose()
        exchange.reset()
      },
    })
    const patient = connect({ timeout: { request: 3000 } })
    await expect(patient.setItem(KEY, 'mine', { ifVersion: 1 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('it is unknown'),
    })
    expect(await patient.getMeta(KEY)).toMatchObject({ version: 3 })
    await patient.dispose()
  })

  it('recognizes its own write although another client has renewed the item since', async () => {
    proxy.fault({
      match: 'PutItem',
      times: 1,
      do: async (exchange) => {
        await exchange.forward()
        const other = dynamodb(table.options)
        await other.setItem(KEY, 'renewed', { ifVersion: 2, version: 2, ttl: 60 })
        await other.dispose()
        exchange.reset()
      },
    })
    const patient = connect({ timeout: { request: 3000 } })
    await patient.setItem(KEY, 'mine', { ifVersion: 1 })
    expect(await patient.getItem(KEY)).toBe('renewed')
    expect(await patient.getMeta(KEY)).toMatchObject({ version: 2, ttl: expect.any(Number) })
    await expect(patient.setItem(KEY, 'x', { ifVersion: 1, version: 1 })).rejects.toMatchObject({
      current: { value: 'renewed', version: 2 },
    })
    await patient.setItem(KEY, 'for good', { ifVersion: 2, version: 2 })
    expect(await patient.getMeta(KEY)).not.toHaveProperty('ttl')
    await patient.dispose()
  })

  it('finds the current item when the endpoint does not return it', async () => {
    const silent = rewrite((answer) => {
      delete answer.Item
    })
    proxy.fault({ match: 'PutItem', do: silent })
    await expect(driver.setItem(KEY, 'x', { ifVersion: 9 })).rejects.toMatchObject({
      current: { value: 'alive', version: 1 },
    })
    expect(proxy.calls.at(-1)).toMatchObject({ operation: 'GetItem', body: { ConsistentRead: true } })
    proxy.fault({ match: 'PutItem', times: 1, do: resetAfter })
    proxy.reset()
    proxy.fault({ match: 'PutItem', times: 1, do: resetAfter })
    proxy.fault({ match: 'PutItem', do: silent })
    const patient = connect({ timeout: { request: 3000 } })
    await patient.setItem(KEY, 'mine', { ifVersion: 1 })
    expect(await patient.getMeta(KEY)).toMatchObject({ version: 2 })
    await patient.dispose()
  })

  it('retries unprocessed keys and items for as long as some get through', async () => {
    const items = Array.from({ length: 120 }, (_, i) => ({ key: `u${i}`, value: String(i) }))
    proxy.fault({ match: 'BatchWriteItem', do: unprocessed({ ratio: 0.5, seed: 7 }) })
    proxy.fault({ match: 'BatchGetItem', do: unprocessed({ ratio: 0.5, seed: 8 }) })
    const patient = connect({ timeout: { request: 10_000 } })
    await patient.setItems(items)
    expect(await table.count()).toBe(121)
    expect(proxy.count('BatchWriteItem')).toBeGreaterThan(5)
    const read = await patient.getItems(items.map(({ key }) => ({ key })))
    expect(read).toEqual(items)
    const gathered = await Promise.all(items.map(({ key }) => patient.getItem(key, { consistent: true })))
    expect(gathered).toEqual(items.map(({ value }) => value))
    const strong = proxy.calls.filter(({ body }) => body.RequestItems?.[table.table]?.ConsistentRead)
    expect(strong.length).toBeGreaterThan(2)
    await patient.clear()
    expect(await table.count()).toBe(0)
    await patient.dispose()
  })

  it('gives up on a batch without progress, as throttling', async () => {
    proxy.fault({ match: ['BatchGetItem', 'BatchWriteItem'], do: nothingProcessed })
    const gathered = Promise.all([driver.getItem(KEY), driver.getItem('other')])
    await expect(gathered).rejects.toMatchObject({ code: 'THROTTLED', keyHash: expect.any(String) })
    // Advances the driver's clock by 5 s per request, to ten seconds without progress.
    const clock = vi.spyOn(performance, 'now')
    const start = performance.now()
    for (const bulk of [
      driver.getItems([{ key: KEY }]),
      driver.setItems([{ key: 'x', value: '1' }]),
      driver.clear(),
    ]) {
      clock.mockImplementation(() => start + proxy.count() * 5001)
      await expect(bulk).rejects.toMatchObject({ code: 'THROTTLED', table: table.table })
    }
    clock.mockRestore()
  })

  it('continues with GetItem when BatchGetItem is denied, and warns once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    proxy.fault({ match: 'BatchGetItem', do: accessDenied })
    const both = () => Promise.all([driver.getItem(KEY), driver.getItem('other')])
    expect(await both()).toEqual(['alive', null])
    expect(await both()).toEqual(['alive', null])
    expect(await driver.getItems([{ key: KEY }, { key: 'other' }])).toEqual([
      { key: KEY, value: 'alive' },
      { key: 'other', value: null },
    ])
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain('dynamodb:BatchGetItem')
    expect(proxy.count('BatchGetItem')).toBe(1)
  })

  it('names the key of a failed read by its hash', async () => {
    proxy.fault({ do: resourceNotFound })
    await expect(driver.getItem(KEY)).rejects.toMatchObject({ keyHash: hashKey(KEY) })
    await expect(driver.setItem(KEY, 'x')).rejects.toMatchObject({ keyHash: hashKey(KEY) })
  })

  it('reports a throttled call whose retry times out as throttled', async () => {
    proxy.fault({ times: 1, do: throttling })
    proxy.fault({ do: stalledHeaders })
    for (const operation of [() => driver.getItem(KEY), () => driver.setItem(KEY, 'x')]) {
      await expect(operation()).rejects.toMatchObject({ code: 'THROTTLED' })
      proxy.reset()
      proxy.fault({ times: 1, do: throttling })
      proxy.fault({ do: stalledHeaders })
    }
  })

  it.runIf(transport.option === 'sdk')(
    'reports a call that adaptive retries have held back as throttled',
    async () => {
      const adaptive = connect({ clientConfig: { retryMode: 'adaptive' }, timeout: { request: 300 } })
      proxy.fault({ do: throttling })
      for (const operation of [() => adaptive.setItem('a', 'x'), () => adaptive.getItem('b')]) {
        await expect(operation()).rejects.toMatchObject({ code: 'THROTTLED' })
      }
      expect(proxy.count('GetItem')).toBe(0)
      await adaptive.dispose()
    },
  )

  it('bounds a whole call by `timeout.request`, the wait for a free slot included', async () => {
    const slow = connect({ batch: { maxInFlight: 1 }, timeout: { request: 300 } })
    proxy.fault({ do: stalledHeaders })
    const first = slow.getItem('a')
    await proxy.arrived(1)
    const start = performance.now()
    const queued = slow.getItem('b')
    const outcomes = await Promise.allSettled([first, queued])
    expect(outcomes).toMatchObject([{ reason: { code: 'TIMEOUT' } }, { reason: { code: 'TIMEOUT' } }])
    expect(performance.now() - start).toBeLessThan(800)
    // The slot is free again.
    proxy.reset()
    expect(await slow.getItem(KEY)).toBe('alive')
    await slow.dispose()
  })

  it('frees its slots when many requests fail', async () => {
    proxy.fault({ times: 4, do: stalledBody })
    const crowd = await Promise.allSettled(Array.from({ length: 500 }, (_, i) => driver.getItem(`c${i}`)))
    expect(crowd.some(({ status }) => status === 'rejected')).toBe(true)
    proxy.reset()
    expect(await Promise.all(Array.from({ length: 200 }, () => driver.getItem(KEY)))).toEqual(
      Array.from({ length: 200 }, () => 'alive'),
    )
  })

  it('recovers from keep-alive connections that silently died', async () => {
    const network = await startNetwork(proxy.url)
    const patient = connect({ endpoint: network.url, timeout: {} })
    await Promise.all(Array.from({ length: 5 }, (_, i) => patient.setItem(`warm${i}`, 'x')))
    network.freeze()
    await patient.setItem('new', '1', { ifVersion: null })
    network.freeze()
    expect(await patient.getItem('new')).toBe('1')
    network.freeze()
    expect(await patient.deleteItem('new', { ifVersion: 1 })).toBe(true)
    await patient.dispose()
    await network.stop()
  })

  it('recognizes its own write when the answer to the first attempt is late', async () => {
    proxy.fault({ match: 'PutItem', times: 1, do: stalledAfter })
    const patient = connect({ timeout: {} })
    await patient.setItem(KEY, 'mine', { ifVersion: 1 })
    expect(await patient.getMeta(KEY)).toMatchObject({ version: 2 })
    expect(proxy.count('PutItem')).toBe(2)
    await patient.dispose()
  })

  it('sends a bounded number of writes at once; the others wait', async () => {
    const held = hold()
    proxy.fault({ do: held })
    const bounded = connect({ writes: { maxInFlight: 3 }, timeout: {} })
    const keys = Array.from({ length: 10 }, (_, i) => `w${i}`)
    const writes = keys.map((key) => bounded.setItem(key, 'x'))
    await held.reached(3)
    await setImmediate()
    expect(proxy.count()).toBe(3)
    held.release()
    await Promise.all(writes)
    expect(proxy.count()).toBe(10)
    await bounded.dispose()
  })

  it('rejects a write at its deadline, even if it was not sent', async () => {
    const held = hold()
    proxy.fault({ do: held })
    const bounded = connect({ writes: { maxInFlight: 3 }, timeout: { request: 900 } })
    const writes = Array.from({ length: 10 }, (_, i) => bounded.setItem(`w${i}`, 'x'))
    writes.push(bounded.removeItem('w0'))
    const outcomes = await Promise.allSettled(writes)
    const messages = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.message as string)
    const sent = messages.filter((message) => message.includes('may still have been carried out'))
    const waiting = messages.filter((message) => message.includes('was not sent'))
    expect(sent.length + waiting.length).toBe(11)
    // A slot that becomes free at its holder's deadline can go to a write with a slightly later deadline.
    expect(sent.length).toBeGreaterThanOrEqual(3)
    expect(waiting.length).toBeGreaterThan(0)
    held.release()
    await bounded.dispose()
  })

  it.runIf(transport.option === 'sdk')(
    'aborts a read whose request handler passes the signal to fetch',
    async () => {
      let signal: unknown
      const requestHandler = {
        handle: async (
          request: { path: string; headers: Record<string, string>; body: string },
          options: object,
        ) => {
          signal = (options as { abortSignal?: unknown }).abortSignal
          const { headers, body } = request
          const answer = await fetch(proxy.url, {
            method: 'POST',
            headers,
            body,
            signal: signal as AbortSignal,
          })
          return {
            response: new HttpResponse({
              statusCode: answer.status,
              headers: Object.fromEntries(answer.headers),
              body: new Uint8Array(await answer.arrayBuffer()),
            }),
          }
        },
      }
      const fetching = connect({
        clientConfig: { requestHandler: requestHandler as never },
        timeout: { request: 700 },
      })
      await fetching.setItem('fetched', 'x', { ifVersion: null })
      expect(await fetching.getItem('fetched')).toBe('x')
      proxy.fault({ do: stalledHeaders })
      await expect(fetching.getItem('fetched')).rejects.toMatchObject({ code: 'TIMEOUT' })
      expect(signal).toMatchObject({ aborted: true })
      await fetching.dispose()
    },
  )

  it('rejects stalled calls on dispose, and all calls after it', async () => {
    const held = hold()
    proxy.fault({ do: held })
    const stalled = connect({ timeout: { request: 60_000 }, batch: { maxInFlight: 1 } })
    const pending = [
      stalled.getItem('a'),
      stalled.setItem('b', 'x'),
      stalled.getItems([{ key: 'c' }]),
      stalled.clear(),
      stalled.getKeys(),
    ]
    const outcomes = Promise.allSettled([...pending, held.reached(3).then(() => stalled.getItem('queued'))])
    await held.reached(3)
    await stalled.dispose()
    await stalled.dispose()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'DISPOSED' } })
    await expect(stalled.getItem(KEY)).rejects.toMatchObject({ code: 'DISPOSED' })
    held.release()
  })

  it('rejects a batch that waits for its retry on dispose', async () => {
    proxy.fault({ match: 'BatchWriteItem', do: nothingProcessed })
    const waiting = driver.setItems([{ key: 'x', value: '1' }])
    await proxy.arrived(2, 'BatchWriteItem')
    await driver.dispose()
    await expect(waiting).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  it('reports an unreadable item, and returns the other items of the batch', async () => {
    const odd: Record<string, object> = {
      'no value': {},
      'value of a wrong type': { data: { N: '5' } },
      'expiry of a wrong type': { data: { S: 'x' }, expire_date: { S: 'soon' } },
      'version of a wrong type': { data: { S: 'x' }, version: { S: '1' } },
    }
    for (const [key, item] of Object.entries(odd)) {
      await table.put({ session_key: { S: key }, ...item })
      await expect(driver.getItem(key)).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
        keyHash: hashKey(key),
      })
      await expect(driver.setItem(key, 'x', { ifVersion: 3 })).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      })
    }
    const asked = ['no value', KEY, 'version of a wrong type', 'none']
    expect(await driver.getItems(asked.map((key) => ({ key })))).toEqual([
      { key: 'no value', value: null, error: expect.objectContaining({ code: 'SCHEMA_MISMATCH' }) },
      { key: KEY, value: 'alive' },
      { key: asked[2], value: null, error: expect.objectContaining({ code: 'SCHEMA_MISMATCH' }) },
      { key: 'none', value: null },
    ])
    const gathered = await Promise.allSettled(asked.map((key) => driver.getItem(key)))
    expect(gathered.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
  })

  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"OK"'],
    ['something else', '{"message":"hi"}'],
  ])('rejects %s with status 200 as an answer', async (_, text) => {
    proxy.fault({
      do: (exchange) => {
        const headers = { 'content-type': text === '' ? 'application/x-amz-json-1.0' : 'text/plain' }
        exchange.reply({ status: 200, headers, body: Buffer.from(text) })
      },
    })
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const quick = connect()
    const operations = [
      quick.getItem(KEY),
      quick.getItems([{ key: KEY }]),
      quick.getKeys(),
      quick.setItem(KEY, 'x'),
      quick.setItems([{ key: KEY, value: 'x' }]),
      quick.removeItem(KEY),
      quick.clear(),
    ]
    for (const operation of await Promise.allSettled(operations)) {
      expect(operation).toMatchObject({ reason: { code: 'UNAVAILABLE' } })
    }
    await quick.dispose()
  })

  it('rejects an answer without results instead of reporting no items', async () => {
    const empty = rewrite(() => ({}))
    proxy.fault({ match: ['BatchGetItem', 'Scan'], do: empty })
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const quick = connect()
    await expect(quick.getItems([{ key: KEY }])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(quick.getKeys()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await quick.dispose()
  })

  it('reads batch results whose table has another name, such as an ARN', async () => {
    const rename = (results: Record<string, unknown> | undefined) =>
      results && Object.fromEntries(Object.values(results).map((value) => ['arn:of:the:table', value]))
    proxy.fault({
      match: 'BatchGetItem',
      do: rewrite((answer) => ({ ...answer, Responses: rename(answer.Responses) })),
    })
    expect(await driver.getItems([{ key: KEY }])).toEqual([{ key: KEY, value: 'alive' }])
  })

  it('reports that nothing was removed when an earlier attempt was only throttled', async () => {
    const patient = connect({ timeout: { request: 3000 } })
    proxy.fault({ times: 1, do: throttling })
    await expect(patient.deleteItem('never', { ifVersion: 1 })).rejects.toMatchObject({ current: null })
    proxy.fault({ match: 'DeleteItem', times: 1, do: resetAfter })
    expect(await patient.deleteItem(KEY)).toBe(true)
    await patient.dispose()
  })

  it('names the denied action, also when it reads the conflicting item', async () => {
    proxy.fault({ match: 'GetItem', do: accessDenied })
    await expect(driver.setItem('none', 'x', { ifVersion: 1 })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('dynamodb:GetItem'),
    })
  })

  it('reads the conflicting item only from endpoints that do not return it', async () => {
    await driver.setItem(KEY, 'x', { ifVersion: 9 }).catch(() => {})
    const { length } = proxy.calls
    await expect(driver.setItem('none', 'x', { ifVersion: 9 })).rejects.toMatchObject({ current: null })
    const shows = proxy.calls.slice(0, length).every(({ operation }) => operation === 'PutItem')
    expect(proxy.calls.length - length).toBe(shows ? 1 : 2)
  })

  it('frees the slots of reads whose requests cannot be aborted', async () => {
    let stuck = true
    const deaf = dynamodb({
      ...table.options,
      timeout: { request: 200 },
      credentials: () => (stuck ? new Promise(() => {}) : Promise.resolve(table.options.credentials)),
    })
    const reads = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => deaf.getItem(`k${i}`)))
    expect(new Set(reads.map((read) => (read as { reason: { code: string } }).reason.code))).toEqual(
      new Set(['CREDENTIALS_MISSING']),
    )
    const singles = await Promise.allSettled([deaf.getItem('x', { consistent: true }), deaf.getItem('y')])
    expect(singles).toMatchObject([
      { reason: { code: 'CREDENTIALS_MISSING' } },
      { reason: { code: 'CREDENTIALS_MISSING' } },
    ])
    stuck = false
    await deaf.dispose()
  })

  it('warns of a capacity callback that rejects', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const failing = connect({
      onCapacity: async () => {
        throw new Error('later')
      },
    })
    expect(await failing.getItem(KEY)).toBe('alive')
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1))
    await failing.dispose()
  })

  it('sends nothing more for a bulk operation that has failed', async () => {
    proxy.fault({
      match: ({ operation, index }) => operation === 'BatchWriteItem' && index === 3,
      do: accessDenied,
    })
    proxy.fault({ match: 'BatchWriteItem', do: nothingProcessed })
    const items = Array.from({ length: 100 }, (_, i) => ({ key: `b${i}`, value: 'x' }))
    await expect(driver.setItems(items)).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    const sent = proxy.count('BatchWriteItem')
    // After these reads, a waiting batch would have been sent again.
    for (let i = 0; i < 200; i++) await driver.getItem(KEY)
    expect(proxy.count('BatchWriteItem')).toBe(sent)
  })

  it('stops a bulk operation at its first failure', async () => {
    const items = Array.from({ length: 1000 }, (_, i) => ({ key: `s${i}`, value: 'x' }))
    proxy.fault({
      match: ({ operation, index }) => operation === 'BatchWriteItem' && index >= 4,
      do: accessDenied,
    })
    await expect(driver.setItems(items)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('dynamodb:BatchWriteItem'),
    })
    expect(proxy.count('BatchWriteItem')).toBeLessThan(12)
  })

  it('leaves a given client open', async () => {
    const mine = dynamodb({ table: table.table, client: table.client })
    expect(await mine.getItem(KEY)).toBe('alive')
    expect(await mine.getInstance()).toBe(table.client)
    const stalled = mine.getKeys()
    await mine.dispose()
    await stalled.catch(() => {})
    expect(await table.get(KEY)).toBeDefined()
  })

  // After `stalledAfter` the write has happened although the caller was told nothing.
  it('reports a write with an unknown outcome as a timeout', async () => {
    proxy.fault({ match: 'PutItem', do: stalledAfter })
    await expect(driver.setItem(KEY, 'maybe', { ifVersion: 1 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})

describeTransportsOnce('without an endpoint', (_, { option: transport }) => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }

  it('reports that nothing listens on the port', async () => {
    const proxy = await startProxy('http://127.0.0.1:1')
    const { url } = proxy
    await proxy.stop()
    const driver = dynamodb({ endpoint: url, region: 'local', credentials, transport })
    await expect(driver.getItem('k')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    await driver.dispose()
  })

  it('reports missing credentials when the credential provider takes until the timeout', async () => {
    const driver = dynamodb({
      endpoint: 'http://127.0.0.1:1',
      region: 'local',
      transport,
      credentials: () => new Promise(() => {}),
      timeout: { request: 100 },
    })
    for (const operation of [driver.getItem('k'), driver.setItem('k', 'x')]) {
      await expect(operation).rejects.toMatchObject({
        code: 'CREDENTIALS_MISSING',
        message: expect.stringContaining('within 100 ms'),
      })
    }
    await driver.dispose()
  })

  it('reports missing credentials when the credential provider fails', async () => {
    const given = [() => Promise.reject(new Error('the vault is down')), {} as never]
    for (const credentials of given) {
      const driver = dynamodb({ endpoint: 'http://127.0.0.1:1', region: 'local', credentials, transport })
      await expect(driver.getItem('k')).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' })
      await expect(driver.setItem('k', 'x')).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' })
      await driver.dispose()
    }
  })

  it('reports a missing region and missing credentials', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME', 'AWS_PROFILE'])
      vi.stubEnv(name, '')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const nowhere = dynamodb({ endpoint: 'http://127.0.0.1:1', credentials, transport })
    await expect(nowhere.getItem('k')).rejects.toMatchObject({
      code: 'REGION_MISSING',
      message: expect.stringContaining('AWS_REGION'),
    })
    const nobody = dynamodb({ endpoint: 'http://127.0.0.1:1', region: 'local', transport })
    await expect(nobody.getItem('k')).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    })
    vi.unstubAllEnvs()
    await Promise.all([nowhere.dispose(), nobody.dispose()])
  })
})

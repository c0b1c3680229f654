import { Agent, createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import * as awsErrors from './aws-errors.ts'
import * as faults from './faults.ts'
import { post } from '../http.ts'
import { startProxy } from './proxy.ts'
import type { Fault, Proxy } from './proxy.ts'

const ANSWER = JSON.stringify({ Item: { data: { S: 'ä'.repeat(500) } } })
const SIZE = Buffer.byteLength(ANSWER)

let upstream: Server
let served: string[]
let proxy: Proxy

beforeAll(async () => {
  upstream = createServer((req, res) => {
    let body = ''
    req
      .on('data', (chunk) => (body += chunk))
      .on('end', () => {
        served.push(body)
        res
          .writeHead(req.headers['x-amz-target']?.includes('Bad') ? 418 : 200, { 'x-of': 'upstream' })
          .end(ANSWER)
      })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
})
beforeEach(async () => {
  served = []
  proxy = await startProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`)
})
afterEach(() => proxy.stop())
afterAll(() => upstream.close())

const always = (fault: Fault): void => proxy.fault({ do: fault })

describe('a call without a fault', () => {
  test('passes in both directions, status and headers included', async () => {
    const answer = await post(proxy.url, 'BadItem', { a: 'ü' })
    expect(answer).toMatchObject({ status: 418, body: ANSWER, headers: { 'x-of': 'upstream' } })
    expect(served).toEqual(['{"a":"ü"}'])
  })

  test('keeps the client connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    expect((await post(proxy.url, 'GetItem', {}, { agent })).reused).toBe(false)
    expect((await post(proxy.url, 'GetItem', {}, { agent })).reused).toBe(true)
    agent.destroy()
  })

  test('is recorded', async () => {
    await post(proxy.url, 'GetItem', { TableName: 't' })
    await post(proxy.url, 'BadItem')
    await post(proxy.url, 'GetItem')
    expect(proxy.calls).toMatchObject([
      { operation: 'GetItem', index: 0, status: 200, body: { TableName: 't' } },
      { operation: 'BadItem', index: 0, status: 418, body: {} },
      { operation: 'GetItem', index: 1, status: 200, body: {} },
    ])
    expect([proxy.count(), proxy.count('GetItem'), proxy.count('PutItem')]).toEqual([3, 2, 0])
    proxy.reset()
    expect([proxy.calls, proxy.count()]).toEqual([[], 0])
  })

  test('is only counted with `record: false`', async () => {
    const quiet = await startProxy(proxy.url, { record: false })
    await post(quiet.url, 'GetItem')
    expect([quiet.calls, quiet.count('GetItem')]).toEqual([[], 1])
    await quiet.stop()
  })

  test('is broken off when the endpoint is down', async () => {
    const cut = await startProxy('http://127.0.0.1:1')
    await expect(post(cut.url, 'GetItem')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await cut.stop()
  })

  test('can be waited for', async () => {
    const first = proxy.arrived(1)
    const second = proxy.arrived(1, 'GetItem')
    await post(proxy.url, 'PutItem')
    await first
    await post(proxy.url, 'GetItem')
    await second
    await proxy.arrived(2)
    expect(proxy.count()).toBe(2)
  })
})

describe('rules', () => {
  const status = async (operation: string) => (await post(proxy.url, operation)).status

  test('match one operation, several, or a predicate', async () => {
    proxy.fault({ match: 'GetItem', do: faults.garbage(501) })
    proxy.fault({ match: ['PutItem', 'UpdateItem'], do: faults.garbage(502) })
    proxy.fault({
      match: ({ operation, index }) => operation === 'Scan' && index === 1,
      do: faults.garbage(503),
    })
    const statuses = []
    for (const operation of ['GetItem', 'UpdateItem', 'PutItem', 'Scan', 'Scan', 'Scan', 'Query']) {
      statuses.push(await status(operation))
    }
    expect(statuses).toEqual([501, 502, 502, 200, 503, 200, 200])
  })

  test('apply in order, each `times` times, until reset', async () => {
    proxy.fault({ times: 2, do: faults.garbage(501) })
    proxy.fault({ times: 1, do: faults.garbage(502) })
    expect([await status('A'), await status('B'), await status('C'), await status('D')]).toEqual([
      501, 501, 502, 200,
    ])
    proxy.fault({ do: faults.garbage(503) })
    proxy.reset()
    expect(await status('A')).toBe(200)
  })
})

describe('faults of the connection', () => {
  test.each([
    ['resetBefore', faults.resetBefore, 0],
    ['resetAfter', faults.resetAfter, 1],
  ])('%s', async (_name, fault, forwarded) => {
    always(fault)
    await expect(post(proxy.url, 'PutItem')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(served).toHaveLength(forwarded)
    expect(proxy.calls[0]).toMatchObject({ status: null })
  })

  test('halfBody: half of what content-length promised', async () => {
    always(faults.halfBody)
    const answer = await post(proxy.url, 'GetItem')
    expect(answer).toMatchObject({
      status: 200,
      broken: 'ECONNRESET',
      headers: { 'content-length': String(SIZE) },
    })
    expect(Buffer.byteLength(answer.body)).toBeLessThan(SIZE)
    expect(answer.body.length).toBeGreaterThan(0)
  })

  test('stalledBody: half of it, until the proxy stops', async () => {
    always(faults.stalledBody)
    let half = (): void => {}
    const halfCame = new Promise<void>((resolve) => (half = resolve))
    const answer = post(proxy.url, 'GetItem', {}, { onData: half })
    await halfCame
    await proxy.stop()
    expect(await answer).toMatchObject({ status: 200, broken: 'ECONNRESET' })
  })

  test.each([
    ['stalledHeaders', faults.stalledHeaders, 0],
    ['stalledAfter', faults.stalledAfter, 1],
  ])('%s: nothing, until the proxy stops', async (_name, fault, forwarded) => {
    always(fault)
    const failure = post(proxy.url, 'PutItem').catch((error) => error)
    await proxy.arrived(1)
    await expect.poll(() => served.length).toBe(forwarded)
    await proxy.stop()
    expect(await failure).toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('faults of the answer', () => {
  test('truncatedBody: complete HTTP, half the JSON', async () => {
    always(faults.truncatedBody)
    const answer = await post(proxy.url, 'GetItem')
    expect(answer.broken).toBeUndefined()
    expect(answer.headers['content-length']).toBe(String(Math.floor(SIZE / 2)))
    expect(() => JSON.parse(answer.body)).toThrow(SyntaxError)
  })

  test('slowBody: all of it, in pieces', async () => {
    always(faults.slowBody({ pieces: 4, every: 5 }))
    const answer = await post(proxy.url, 'GetItem')
    expect(answer.body).toBe(ANSWER)
    expect(answer.pieces).toBeGreaterThan(1)
  })

  test('delay: the same answer, later', async () => {
    always(faults.delay(20))
    const start = performance.now()
    expect((await post(proxy.url, 'GetItem')).body).toBe(ANSWER)
    expect(performance.now() - start).toBeGreaterThan(19)
  })

  test('delay goes on with another fault', async () => {
    always(faults.delay(1, awsErrors.throttling))
    expect((await post(proxy.url, 'GetItem')).status).toBe(400)
  })

  test('garbage: HTML, without forwarding', async () => {
    always(faults.garbage())
    expect(await post(proxy.url, 'GetItem')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: expect.stringContaining('<html>'),
    })
    expect(served).toEqual([])
  })

  test('rewrite: by return or by mutation, with a checksum that fits', async () => {
    proxy.fault({ match: 'GetItem', do: faults.rewrite((_json, call) => ({ was: call.operation })) })
    proxy.fault({ match: 'Scan', do: faults.rewrite((json) => void delete json.Item.data) })
    const returned = await post(proxy.url, 'GetItem')
    expect(returned.body).toBe('{"was":"GetItem"}')
    expect(returned.headers['x-amz-crc32']).toBe(String(crc32(returned.body)))
    expect((await post(proxy.url, 'Scan')).body).toBe('{"Item":{}}')
  })
})

describe('hold', () => {
  test.each([
    ['before it is carried out', {}, 0],
    ['after it was carried out', { after: true }, 2],
  ])('keeps a call waiting %s', async (_name, options, forwarded) => {
    const gate = faults.hold(options)
    proxy.fault({ match: 'PutItem', do: gate })
    const answers = Promise.all([post(proxy.url, 'PutItem'), post(proxy.url, 'PutItem')])
    await gate.reached(2)
    expect(served).toHaveLength(forwarded)
    expect((await post(proxy.url, 'GetItem')).status).toBe(200)
    gate.release()
    expect((await answers).map((answer) => answer.status)).toEqual([200, 200])
    expect((await post(proxy.url, 'PutItem')).status).toBe(200)
    await gate.reached(3)
  })
})

describe('errors of AWS', () => {
  const { awsError: _awsError, validation, accessDenied, ...named } = awsErrors

  test.each(Object.entries({ ...named, validation: validation('wrong') }))('%s', async (name, fault) => {
    always(fault)
    const { status, body, headers } = await post(proxy.url, 'GetItem')
    const json = JSON.parse(body)
    expect(json.__type.toLowerCase()).toContain(name.toLowerCase())
    expect(json.message).toMatch(/\w/)
    expect(headers['x-amz-crc32']).toBe(String(crc32(body)))
    expect(status).toBe({ internalServerError: 500, serviceUnavailable: 503 }[name] ?? 400)
    expect(served).toEqual([])
  })

  test.each([
    ['GetItem', { TableName: 'sessions' }],
    ['BatchGetItem', { RequestItems: { sessions: { Keys: [] } } }],
  ])('accessDenied names the action %s and the table', async (operation, body) => {
    always(accessDenied)
    const { Message } = JSON.parse((await post(proxy.url, operation, body)).body)
    expect(Message).toContain(
      `is not authorized to perform: dynamodb:${operation} on resource: arn:aws:dynamodb:`,
    )
    expect(Message).toContain(':table/sessions ')
  })
})

test('a client that leaves early does not disturb the others', async () => {
  const gate = faults.hold()
  proxy.fault({ match: 'PutItem', do: gate })
  const agent = new Agent()
  const failure = post(proxy.url, 'PutItem', {}, { agent }).catch((error) => error)
  await gate.reached()
  agent.destroy()
  expect(await failure).toMatchObject({ code: 'ECONNRESET' })
  gate.release()
  expect((await post(proxy.url, 'GetItem')).status).toBe(200)
})

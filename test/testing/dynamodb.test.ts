import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { describeTable } from '../../src/table/index.ts'
import { type LocalDynamoDB, type LocalDynamoDBOptions, startDynamoDB } from '../../src/testing/index.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function start(options?: LocalDynamoDBOptions): Promise<LocalDynamoDB> {
  const started = await startDynamoDB(options)
  cleanups.push(started.stop)
  return started
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'unsession-'))
  cleanups.push(() => rm(path, { recursive: true }))
  return path
}

function open({ options }: LocalDynamoDB): ReturnType<typeof dynamodb> {
  const driver = dynamodb(options)
  cleanups.push(() => driver.dispose())
  return driver
}

describe('startDynamoDB', () => {
  test('gives an endpoint with the table and its index, ready for the driver', async () => {
    const started = await start()
    expect(started).toMatchObject({ region: 'us-east-1', table: 'sessions' })
    expect(new URL(started.endpoint).hostname).toBe('127.0.0.1')
    const driver = open(started)
    await driver.setItem('a', 'text')
    expect(await driver.getItem('a')).toBe('text')
    expect(await describeTable(started.options)).toMatchObject({
      status: 'ACTIVE',
      partitionKey: { name: 'session_key', type: 'S' },
      indexes: [{ name: 'user-index', partitionKey: { name: 'user', type: 'S' }, projection: 'KEYS_ONLY' }],
    })
  })

  test('takes table and attribute names, and leaves the index out when told to', async () => {
    const started = await start({ table: 'other', attributes: { key: 'id' }, userIndex: false })
    expect(await describeTable(started.options)).toMatchObject({
      table: 'other',
      partitionKey: { name: 'id', type: 'S' },
      indexes: [],
    })
    const driver = open(started)
    await driver.setItem('a', 'text')
    expect(await driver.getItem('a')).toBe('text')
  })

  test('several run side by side, each with its own data', async () => {
    const [one, two] = await Promise.all([start(), start()])
    expect(one.endpoint).not.toBe(two.endpoint)
    await open(one).setItem('a', 'text')
    expect(await open(two).getItem('a')).toBeNull()
  })

  test('keeps the data of a folder from one start to the next', async () => {
    const path = join(await folder(), 'not', 'there', 'yet')
    const before = await start({ path })
    await open(before).setItem('a', 'text')
    await before.stop()
    const after = await start({ path })
    expect(await open(after).getItem('a')).toBe('text')
  })

  test('stop() frees the port, ends open connections, and can be called twice', async () => {
    const started = await start()
    const port = Number(new URL(started.endpoint).port)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await Promise.all([started.stop(), started.stop(), closed])
    await started.stop()
    expect(await start({ port })).toHaveProperty('endpoint', started.endpoint)
  })

  test('survives a client that hangs up in the middle of a request', async () => {
    const started = await start()
    const socket = connect(Number(new URL(started.endpoint).port), '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{', () =>
      socket.resetAndDestroy(),
    )
    await new Promise((resolve) => socket.once('close', resolve))
    expect(await describeTable(started.options)).toHaveProperty('status', 'ACTIVE')
  })
})

describe('startDynamoDB refuses', () => {
  test('a port that is taken, and leaves the folder free', async () => {
    const path = await folder()
    const port = Number(new URL((await start()).endpoint).port)
    await expect(startDynamoDB({ port, path })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('`port`'),
    })
    await start({ path })
  })

  test('a folder that is open already', async () => {
    const path = await folder()
    await start({ path })
    await expect(startDynamoDB({ path })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('`path`'),
    })
  })

  test('a folder whose table has another key, or no index', async () => {
    const path = await folder()
    await (await start({ path, userIndex: false })).stop()
    await expect(startDynamoDB({ path, attributes: { key: 'id' } })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('`session_key` (S)'),
    })
    await expect(startDynamoDB({ path })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('`userIndex`'),
    })
    await start({ path, userIndex: false })
  })

  test.each([
    ['options', 'none'],
    ['endpoint', { endpoint: 'http://127.0.0.1:8000' }],
    ['table', { table: 'a' }],
    ['userIndex', { userIndex: 'yes' }],
    ['attributes.kye', { attributes: { kye: 'id' } }],
    ['path', { path: '' }],
    ['port', { port: 70_000 }],
    ['port', { port: '8000' }],
  ])('a bad `%s`: %j', async (option, options) => {
    await expect(startDynamoDB(options as LocalDynamoDBOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`option \`${option}\``),
    })
  })
})

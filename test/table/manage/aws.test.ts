import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type CreateTableOptions,
  createTable,
  deleteTable,
  describeTable,
  enableTimeToLive,
} from '../../../src/table/index.ts'
import {
  accessDenied,
  awsError,
  internalServerError,
  provisionedThroughputExceeded,
} from '../../support/proxy/aws-errors.ts'
import { hold, jsonAnswer, rewrite, stalledHeaders } from '../../support/proxy/faults.ts'
import { type Fault, type Json, type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { anyEngine } from '../../support/suites.ts'

const TYPE = 'com.amazonaws.dynamodb.v20120810'
const inUse = awsError(400, `${TYPE}#ResourceInUseException`, 'Table is being updated')
const answer =
  (json: Json): Fault =>
  (exchange) =>
    exchange.reply(jsonAnswer(200, json))
const timeToLive = (status: string, attribute?: string): Fault =>
  answer({ TimeToLiveDescription: { TimeToLiveStatus: status, AttributeName: attribute } })

let proxy: Proxy
/** The table through the proxy, and behind its back. */
let options: CreateTableOptions & { table: string }
let direct: CreateTableOptions

beforeEach(async () => {
  const { endpoint, region, credentials } = anyEngine()
  proxy = await startProxy(endpoint)
  const table = `test-${randomBytes(8).toString('hex')}`
  direct = { table, endpoint, region, credentials }
  options = { ...direct, table, endpoint: proxy.url, clientConfig: { maxAttempts: 1 } }
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await proxy.stop()
  await deleteTable(direct)
})

describe('time to live on AWS', () => {
  it('is enabled, and the status ENABLING is a success', async () => {
    await createTable(direct)
    proxy.fault({ match: 'DescribeTimeToLive', times: 1, do: timeToLive('DISABLED') })
    proxy.fault({ match: 'UpdateTimeToLive', do: answer({}) })
    proxy.fault({ match: 'DescribeTimeToLive', do: timeToLive('ENABLING', 'expire_date') })
    const expected = { table: options.table, attribute: 'expire_date', timeToLive: 'enabling' }
    expect(await enableTimeToLive(options)).toEqual({ ...expected, changed: true })
    expect(await enableTimeToLive(options)).toEqual({ ...expected, changed: false })
    expect(proxy.count('UpdateTimeToLive')).toBe(1)
    expect(await createTable(options)).toMatchObject({ timeToLive: 'enabling', added: [], unsupported: [] })
    expect((await describeTable(options)).mismatches).toEqual([])
  })

  it('counts as being enabled while the description is out of date', async () => {
    await createTable(direct)
    proxy.fault({ match: 'DescribeTimeToLive', do: timeToLive('DISABLED') })
    proxy.fault({ match: 'UpdateTimeToLive', do: answer({}) })
    expect(await enableTimeToLive(options)).toMatchObject({ timeToLive: 'enabling', changed: true })
    expect(proxy.count('UpdateTimeToLive')).toBe(1)
  })

  it('is retried while the table is busy', async () => {
    await createTable(direct)
    proxy.fault({ match: 'UpdateTimeToLive', times: 2, do: inUse })
    proxy.fault({ match: 'UpdateTimeToLive', do: answer({}) })
    expect(await enableTimeToLive(options)).toMatchObject({ changed: true })
    expect(proxy.count('UpdateTimeToLive')).toBe(3)
  })

  it('may have been enabled by another process', async () => {
    await createTable(direct)
    proxy.fault({ match: 'DescribeTimeToLive', times: 1, do: timeToLive('DISABLED') })
    proxy.fault({ match: 'DescribeTimeToLive', do: timeToLive('ENABLING', 'expire_date') })
    const already = awsError(
      400,
      'com.amazon.coral.validate#ValidationException',
      'TimeToLive is already enabled',
    )
    proxy.fault({ match: 'UpdateTimeToLive', do: already })
    expect(await enableTimeToLive(options)).toMatchObject({ timeToLive: 'enabling', changed: false })
  })

  it('reports that DynamoDB allows one change an hour', async () => {
    await createTable(direct)
    const twice = 'Time to live has been modified multiple times within a fixed interval'
    proxy.fault({
      match: 'UpdateTimeToLive',
      do: awsError(400, 'com.amazon.coral.validate#ValidationException', twice),
    })
    await expect(enableTimeToLive(options)).rejects.toThrow(/one change an hour/)
    proxy.reset()
    proxy.fault({ match: 'DescribeTimeToLive', do: timeToLive('DISABLING', 'expire_date') })
    await expect(enableTimeToLive(options)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('one change an hour'),
    })
    expect(proxy.count('UpdateTimeToLive')).toBe(0)
  })

  it('on another attribute is not changed, and the error names the fix', async () => {
    await createTable(direct)
    proxy.fault({ match: 'DescribeTimeToLive', do: timeToLive('ENABLED', 'ttl') })
    await expect(enableTimeToLive(options)).rejects.toThrow(
      /set `attributes.expires` to `ttl`, or disable it/,
    )
    expect(proxy.count('UpdateTimeToLive')).toBe(0)
  })
})

describe('createTable on AWS', () => {
  it('waits until backups are available, and enables recovery once', async () => {
    await createTable(direct)
    const state = (PointInTimeRecoveryStatus: string): Fault =>
      answer({
        ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus } },
      })
    const unavailable = awsError(
      400,
      `${TYPE}#ContinuousBackupsUnavailableException`,
      'Backups are being enabled',
    )
    proxy.fault({ match: 'DescribeContinuousBackups', times: 1, do: state('DISABLED') })
    proxy.fault({ match: 'DescribeContinuousBackups', do: state('ENABLED') })
    proxy.fault({ match: 'UpdateContinuousBackups', times: 2, do: unavailable })
    proxy.fault({ match: 'UpdateContinuousBackups', do: answer({}) })
    const recovering = { ...options, pointInTimeRecovery: true }
    expect(await createTable(recovering)).toMatchObject({ added: ['pointInTimeRecovery'] })
    expect(await createTable(recovering)).toMatchObject({ added: [] })
    expect(proxy.count('UpdateContinuousBackups')).toBe(3)
  })

  it('waits for a table that DescribeTable does not return yet', async () => {
    await createTable(direct)
    const missing = awsError(400, `${TYPE}#ResourceNotFoundException`, 'Requested resource not found')
    proxy.fault({ match: 'DescribeTable', times: 3, do: missing })
    expect(await createTable(options)).toMatchObject({ created: false })
  })

  it('waits until a table of the same name is deleted', async () => {
    await createTable(direct)
    const deleting = rewrite((json) => void (json.Table.TableStatus = 'DELETING'))
    proxy.fault({ match: 'DescribeTable', times: 2, do: deleting })
    const gone = hold()
    proxy.fault({ match: 'DescribeTable', times: 1, do: gone })
    const creating = createTable(options)
    await gone.reached()
    await deleteTable(direct)
    gone.release()
    expect(await creating).toMatchObject({ created: true })
  })

  it('gives up after `maxWait`, and names the state it was waiting for', async () => {
    await createTable(direct)
    proxy.fault({
      match: 'DescribeTable',
      do: rewrite((json) => void (json.Table.TableStatus = 'CREATING')),
    })
    await expect(createTable({ ...options, maxWait: 100 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/table is CREATING.*`maxWait`/s),
    })
  })

  it('says each thing it waits for once', async () => {
    const creating = rewrite((json) => void (json.Table.TableStatus = 'CREATING'))
    proxy.fault({ match: 'DescribeTable', times: 4, do: creating })
    await createTable(direct)
    const said: string[] = []
    await createTable({ ...options, onProgress: (message) => said.push(message) })
    expect(said).toEqual(['table is CREATING', 'enabling time to live'])
  })

  it.each(['createTable', 'deleteTable'] as const)('%s can be aborted while it waits', async (name) => {
    await createTable(direct)
    const action = { createTable, deleteTable }[name]
    const updating = rewrite((json) => void (json.Table.TableStatus = 'UPDATING'))
    proxy.fault({ match: 'DescribeTable', do: updating })
    proxy.fault({ match: 'DeleteTable', do: inUse })
    const abort = new AbortController()
    const reason = new Error('no more')
    const running = action({ ...options, signal: abort.signal })
    await proxy.arrived(proxy.count('DescribeTable') + 2, 'DescribeTable')
    abort.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expect(action({ ...options, signal: abort.signal })).rejects.toBe(reason)
  })

  it('can be aborted in the middle of a call', async () => {
    proxy.fault({ match: 'CreateTable', do: stalledHeaders })
    const abort = new AbortController()
    const running = createTable({ ...options, signal: abort.signal })
    await proxy.arrived(1, 'CreateTable')
    abort.abort()
    await expect(running).rejects.toBe(abort.signal.reason)
  })
})

describe('deleteTable on AWS', () => {
  it('waits until a change of the table is over', async () => {
    await createTable(direct)
    proxy.fault({ match: 'DeleteTable', times: 2, do: inUse })
    expect(await deleteTable(options)).toBe(true)
    expect(proxy.count('DeleteTable')).toBe(3)
  })

  it('does not delete a table made since under the same name', async () => {
    await createTable(direct)
    const seen = hold({ after: true })
    proxy.fault({ match: 'DeleteTable', times: 1, do: seen })
    const deleting = deleteTable(options)
    await seen.reached()
    await deleteTable(direct)
    await createTable(direct)
    seen.release()
    expect(await deleting).toBe(true)
    expect(await describeTable(direct)).toHaveProperty('status', 'ACTIVE')
  })
})

describe('errors are typed', () => {
  it.each([
    ['ACCESS_DENIED', accessDenied, 'dynamodb:CreateTable'],
    ['THROTTLED', provisionedThroughputExceeded, 'throttled CreateTable'],
    ['THROTTLED', awsError(400, `${TYPE}#LimitExceededException`, 'Subscriber limit exceeded'), 'quota'],
    ['UNAVAILABLE', internalServerError, 'CreateTable'],
    ['INVALID_REQUEST', awsError(400, 'com.amazon.coral.validate#ValidationException', 'no'), 'CreateTable'],
  ])('%s', async (code, fault, words) => {
    proxy.fault({ match: 'CreateTable', do: fault })
    await expect(createTable(options)).rejects.toMatchObject({
      code,
      name: 'UnsessionError',
      message: expect.stringContaining(words),
    })
  })

  it('TIMEOUT when there is no answer', async () => {
    proxy.fault({ match: 'DescribeTable', do: stalledHeaders })
    await expect(describeTable({ ...options, timeout: { request: 100 } })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('DescribeTable'),
    })
  })

  it('CREDENTIALS_MISSING when the credential provider does not return', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, '')
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent')
    const { port } = silent.address() as AddressInfo
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', `http://127.0.0.1:${port}`)
    const { credentials: _, ...without } = options
    await expect(describeTable({ ...without, timeout: { request: 200 } })).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
    })
    silent.close()
    silent.closeAllConnections()
  })
})

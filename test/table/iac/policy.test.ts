import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../../drivers/dynamodb.ts'
import { main } from '../../../src/cli/main.ts'
import { createSessionStore } from '../../../src/index.ts'
import {
  clearExpired,
  createTable,
  deleteTable,
  describeTable,
  enableTimeToLive,
  iamPolicy,
} from '../../../src/table/index.ts'
import { testSessionStore } from '../../../src/testing/conformance.ts'
import { jsonAnswer } from '../../support/proxy/faults.ts'
import { type Fault, type Json, type Proxy, startProxy } from '../../support/proxy/proxy.ts'
import { anyEngine } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'
import { capture } from '../../support/streams.ts'

const WHERE = { table: 'sessions', region: 'eu-west-1', account: '123456789012' }
const ARN = 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions'
/** Where IAM's name of a right is not that of the operation. */
const RIGHTS: Record<string, string> = { BatchExecuteStatement: 'PartiQLDelete' }

describe('iamPolicy', () => {
  it('is for an app with the index by default; without the index the app scans', () => {
    const actions = ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem']
    const app = {
      Sid: 'SessionsRunTime',
      Effect: 'Allow',
      Action: actions.map((action) => `dynamodb:${action}`),
      Resource: ARN,
    }
    const index = {
      Sid: 'SessionsRunTimeIndex',
      Effect: 'Allow',
      Action: ['dynamodb:Query'],
      Resource: `${ARN}/index/user-index`,
    }
    expect(iamPolicy(WHERE)).toEqual({ Version: '2012-10-17', Statement: [app, index] })
    expect(iamPolicy({ ...WHERE, userIndex: false }).Statement).toEqual([
      { ...app, Action: [...app.Action, 'dynamodb:Scan'] },
      index,
    ])
  })

  it('contains no wildcard', () => {
    const policy = iamPolicy({ ...WHERE, for: ['run-time', 'operator', 'clear-expired', 'admin'] })
    expect(JSON.stringify(policy)).not.toContain('*')
    expect(new Set(policy.Statement.map(({ Sid }) => Sid)).size).toBe(policy.Statement.length)
  })

  it('uses the partition of the region, and accepts an ARN', () => {
    const resource = (options: object): unknown => iamPolicy(options).Statement[0]?.Resource
    expect(resource({ ...WHERE, region: 'cn-north-1' })).toMatch(/^arn:aws-cn:dynamodb:cn-north-1:/)
    expect(resource({ ...WHERE, region: 'us-gov-west-1' })).toMatch(/^arn:aws-us-gov:/)
    expect(resource({ table: ARN })).toBe(ARN)
  })

  it.each([
    [{ ...WHERE, for: [] }, 'option `for` must be'],
    [{ ...WHERE, for: ['everything'] }, 'option `for` must be'],
    [{ ...WHERE, table: 'a b' }, 'option `table` must be'],
    [{ ...WHERE, region: undefined }, 'option `region` must be'],
    [{ ...WHERE, region: '*' }, 'option `region` must be'],
    [{ ...WHERE, account: '12345' }, 'option `account` must be'],
    [{ table: `${ARN}/*` }, 'option `table` must be'],
  ])('refuses %j', (options, message) => {
    expect(() => iamPolicy(options as never)).toThrow(message)
  })
})

describe('a policy allows exactly the requests that are sent', () => {
  let table: TestTable
  let proxy: Proxy
  let where: {
    table: string
    endpoint: string
    region: string
    credentials: TestTable['options']['credentials']
  }

  beforeEach(async () => {
    const engine = anyEngine()
    proxy = await startProxy(engine.endpoint)
    table = await createTestTable(engine, { userIndex: true })
    where = { ...table.options, endpoint: proxy.url }
  })
  afterEach(async () => {
    await table.drop()
    await proxy.stop()
  })

  const sent = (): string[] =>
    [...new Set(proxy.calls.map(({ operation }) => `dynamodb:${RIGHTS[operation] ?? operation}`))].toSorted()
  const allowed = (options: Parameters<typeof iamPolicy>[0]): string[] =>
    [...new Set(iamPolicy({ ...WHERE, ...options }).Statement.flatMap(({ Action }) => Action))].toSorted()

  it('an app: the conformance suite of stores', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const driver = dynamodb(where)
    await conformance(
      () => createSessionStore({ storage: driver }),
      (options) => createSessionStore({ storage: driver, ...options }),
    )
    await driver.dispose()
    vi.useRealTimers()
    // The suite removes expired sessions, too.
    const rights = allowed({ for: ['run-time', 'clear-expired'] })
    for (const right of sent()) expect(rights).toContain(right)
    for (const right of allowed({})) expect(sent()).toContain(right)
  })

  it('an app whose table has no index', async () => {
    vi.spyOn(console, 'warn').mockReturnValue()
    const plain = await createTestTable(anyEngine())
    const driver = dynamodb({ ...plain.options, endpoint: proxy.url })
    const store = createSessionStore({ storage: driver, cache: false })
    await store.create({ id: 'one', data: {}, user: 'ada' })
    await store.destroyAll({ user: 'ada' })
    await driver.dispose()
    await plain.drop()
    vi.restoreAllMocks()
    const rights = allowed({ userIndex: false })
    for (const right of sent()) expect(rights).toContain(right)
    expect(sent()).toContain('dynamodb:Scan')
  })

  it('clear-expired', async () => {
    await putExpired()
    // The record of a user may be written again, so it is deleted on condition.
    await table.put({ session_key: { S: 'user.ada' }, expire_date: { N: '1' } })
    await clearExpired({ ...where })
    expect(sent()).toEqual(allowed({ for: ['clear-expired'] }))
  })

  it('clear-expired --conditional, with PartiQL and without', async () => {
    await putExpired()
    await clearExpired({ ...where, conditional: true })
    expect(sent()).toEqual(allowed({ for: ['clear-expired'], conditional: true }))
  })

  it('an admin who creates, completes, describes and deletes a table', async () => {
    const options = { ...where, table: `test-${randomBytes(8).toString('hex')}` }
    const answers: Record<string, Json> = {
      DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } },
      UpdateTimeToLive: {},
      DescribeContinuousBackups: {},
      UpdateContinuousBackups: {},
      ListTagsOfResource: {},
      TagResource: {},
    }
    for (const [match, json] of Object.entries(answers)) proxy.fault({ match, do: answer(json) })
    await createTable({ ...options, userIndex: false })
    const wanted = { deletionProtection: true, pointInTimeRecovery: true, tags: { team: 'web' } }
    await createTable({ ...options, ...wanted })
    await describeTable(options)
    await enableTimeToLive(options)
    await deleteTable(options)
    expect(sent()).toEqual(allowed({ for: ['admin'] }))
  })

  it('an operator who inspects and destroys sessions', async () => {
    const store = createSessionStore({ storage: dynamodb(table.options), cache: false })
    await store.create({ id: 'mine', data: {}, user: 'ada' })
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    const flags = `--table ${table.table} --endpoint ${proxy.url} --region us-east-1`
    for (const command of [
      'list',
      'list --user ada',
      'show mine --data',
      'stats',
      'destroy --user ada --yes',
      'destroy mine',
    ]) {
      const { streams } = capture()
      await main(`${command} ${flags}`.split(' '), streams)
    }
    vi.unstubAllEnvs()
    expect(sent()).toEqual(allowed({ for: ['operator'] }))
  })

  async function putExpired(): Promise<void> {
    const past = String(Math.floor(Date.now() / 1000) - 3600)
    await table.put({ session_key: { S: 'over' }, data: { S: '{}' }, expire_date: { N: past } })
  }
})

/** Run what an app does at run time: all of the suite but lists of all sessions and cleanups, and revoking by user. */
async function conformance(
  plain: () => ReturnType<typeof createSessionStore>,
  createStore: Parameters<typeof testSessionStore>[1]['createStore'],
): Promise<void> {
  const cases: { group: string; run: () => unknown }[] = []
  let group = ''
  const harness = {
    describe(name: string, body: () => void) {
      group = name
      body()
    },
    it: (_name: string, run: () => unknown) => void cases.push({ group, run }),
    setDate: (ms: number) => void vi.setSystemTime(ms),
  }
  testSessionStore(harness, { name: 'the proxy', createStore })
  for (const each of cases) if (!/listing/.test(each.group)) await each.run()
  const store = plain()
  await store.create({ id: 'one', data: {}, user: 'ada' })
  await store.destroyAll({ user: 'ada', except: 'other' })
}

const answer =
  (json: Json): Fault =>
  (exchange) =>
    exchange.reply(jsonAnswer(200, json))

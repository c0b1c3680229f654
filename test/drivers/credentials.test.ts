import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver, type DynamoDBOptions } from '../../drivers/dynamodb.ts'
import { expiredToken } from '../support/proxy/aws-errors.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeTransportsOnce } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

const NEVER = new Promise<never>(() => {})

describeTransportsOnce('credentials', (engine, transport) => {
  let table: TestTable
  let proxy: Proxy
  const drivers: DynamoDBDriver[] = []
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
    proxy = await startProxy(engine.endpoint)
  })
  afterEach(async () => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
    proxy.reset()
    await Promise.all(drivers.splice(0).map((driver) => driver.dispose()))
  })
  afterAll(async () => {
    await proxy.stop()
    await table.drop()
  })
  const connect = (options: DynamoDBOptions): DynamoDBDriver => {
    const driver = dynamodb({ ...table.options, endpoint: proxy.url, ...options })
    drivers.push(driver)
    return driver
  }
  const identity = (name: string, expiration?: Date) => ({
    accessKeyId: name,
    secretAccessKey: 'secret',
    ...(expiration && { expiration }),
  })
  const signers = (): string[] => proxy.calls.map(({ accessKeyId }) => accessKeyId)
  /** A driver with credentials that worked once and are due for renewal when `renew` says how. */
  const renewing = async (renew: () => Promise<ReturnType<typeof identity>>, left: number) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    let asked = 0
    const credentials = () =>
      asked++ === 0 ? Promise.resolve(identity('first', new Date(Date.now() + 3_600_000))) : renew()
    const driver = connect({ credentials, timeout: { request: 500 } })
    await driver.getItem('k')
    vi.setSystemTime(Date.now() + 3_600_000 - left)
    return driver
  }

  it('that worked and cannot be renewed are an outage', async () => {
    const driver = await renewing(() => Promise.reject(new Error('the vault is down')), -1)
    const operations = [driver.getItem('k'), driver.setItem('k', 'x'), driver.getItems([{ key: 'k' }])]
    for (const outcome of await Promise.allSettled(operations)) {
      expect(outcome).toMatchObject({
        reason: {
          code: 'UNAVAILABLE',
          status: 503,
          message: expect.stringContaining('could not be renewed'),
          cause: expect.objectContaining({ message: 'the vault is down' }),
        },
      })
    }
  })

  it('that worked and whose provider hangs are an outage', async () => {
    const driver = await renewing(() => NEVER, -1)
    await expect(driver.getItem('k')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(driver.setItem('k', 'x')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it.each([
    ['fails', () => Promise.reject(new Error('the vault is down'))],
    ['hangs', () => NEVER],
  ])('are used until they expire when a renewal before that %s', async (_, renew) => {
    const driver = await renewing(renew, 60_000)
    await driver.setItem('k', 'x')
    expect(await driver.getItem('k')).toBe('x')
  })

  it('are asked for again after a provider has hung, by the next call', async () => {
    let asked = 0
    const driver = connect({
      credentials: () => (asked++ === 0 ? NEVER : Promise.resolve(identity('later'))),
      timeout: { request: 500 },
    })
    const first = await Promise.allSettled([driver.getItem('k'), driver.setItem('k', 'x')])
    for (const outcome of first) expect(outcome).toMatchObject({ reason: { code: 'CREDENTIALS_MISSING' } })
    await driver.setItem('k', 'y')
    expect(await driver.getItem('k')).toBe('y')
    expect(asked).toBe(2)
  })

  it('that DynamoDB calls expired are renewed once, and the call is repeated', async () => {
    let asked = 0
    const driver = connect({ credentials: async () => identity(`asked${++asked}`) })
    proxy.fault({ times: 2, do: expiredToken })
    await Promise.all([driver.setItem('new', 'x', { ifVersion: null }), driver.getItem('other')])
    await driver.removeItem('new')
    // In Workers no request waits for another one, so each of the two renews them.
    const renewals = asked - 1
    expect(signers()).toHaveLength(5)
    expect(renewals).toBeGreaterThan(0)
    expect(renewals).toBeLessThanOrEqual(globalThis.navigator?.userAgent === 'Cloudflare-Workers' ? 2 : 1)
    proxy.fault({ do: expiredToken })
    await expect(driver.getItem('k')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('expired'),
    })
    expect([signers().length, asked - 1]).toEqual([7, renewals + 1])
  })

  it.runIf(transport.option === 'sdk')('of a client of the app are renewed as well', async () => {
    let asked = 0
    const credentials = async () => identity(`asked${++asked}`)
    const client = new DynamoDBClient({ ...table.options, endpoint: proxy.url, credentials })
    const driver = connect({ client })
    proxy.fault({ times: 1, do: expiredToken })
    await driver.setItem('k', 'x')
    expect(asked).toBe(2)
    client.destroy()
  })

  it('in an object are read at each call, so that the app can update them in place', async () => {
    for (const place of transport.option === 'sdk' ? ['option', 'clientConfig'] : ['option']) {
      const credentials = identity('before')
      const own =
        place === 'option' ? { credentials } : { credentials: undefined, clientConfig: { credentials } }
      const driver = connect(own as DynamoDBOptions)
      await driver.getItem('k')
      credentials.accessKeyId = 'after'
      await driver.getItem('k')
      expect(signers()).toEqual(['before', 'after'])
      proxy.reset()
    }
  })

  it('of an SSO login that has expired name the command', async () => {
    const home = await mkdtemp(join(tmpdir(), 'unsession-sso-'))
    const cache = join(home, '.aws', 'sso', 'cache')
    await mkdir(cache, { recursive: true })
    await writeFile(
      join(home, '.aws', 'config'),
      `[profile work]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = dev
[sso-session corp]
sso_region = eu-west-1
sso_start_url = http://127.0.0.1:1/start
`,
    )
    const name = createHash('sha1').update('corp').digest('hex')
    const token = { accessToken: 'x', expiresAt: '2020-01-01T00:00:00Z', region: 'eu-west-1' }
    await writeFile(join(cache, `${name}.json`), JSON.stringify(token))
    for (const variable of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(variable, '')
    vi.stubEnv('HOME', home)
    vi.stubEnv('AWS_CONFIG_FILE', join(home, '.aws', 'config'))
    vi.stubEnv('AWS_PROFILE', 'work')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const { credentials: _, ...without } = table.options
    const driver = dynamodb({ ...without, endpoint: proxy.url })
    drivers.push(driver)
    await expect(driver.getItem('k')).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringContaining('run `aws sso login`'),
    })
    await rm(home, { recursive: true })
  })

  it('of the default chain are asked for again after it has hung', async () => {
    const home = await mkdtemp(join(tmpdir(), 'unsession-process-'))
    await writeFile(join(home, 'config'), '[profile slow]\ncredential_process = sleep 600\n')
    for (const variable of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(variable, '')
    vi.stubEnv('AWS_CONFIG_FILE', join(home, 'config'))
    vi.stubEnv('AWS_PROFILE', 'slow')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    const { credentials: _, ...without } = table.options
    const driver = dynamodb({ ...without, endpoint: proxy.url, timeout: { request: 1000 } })
    drivers.push(driver)
    await expect(driver.getItem('k')).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' })
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'env')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
    vi.stubEnv('AWS_PROFILE', undefined)
    expect(await driver.hasItem('nothing')).toBe(false)
    await rm(home, { recursive: true })
  })

  it.runIf(transport.option === 'sdk')(
    'are not named by errors about the endpoint or a broken client',
    async () => {
      const fips = connect({ clientConfig: { useFipsEndpoint: true } })
      await expect(fips.getItem('k')).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/FIPS.*not supported/),
      })
      const dualStack = connect({ clientConfig: { useDualstackEndpoint: true } })
      await expect(dualStack.setItem('k', 'x')).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/Dualstack.*not supported/i),
      })
      const client = new DynamoDBClient({ ...table.options, endpoint: proxy.url })
      client.middlewareStack.add(() => () => Promise.reject(new Error('the plugin is broken')), {
        step: 'initialize',
      })
      const broken = connect({ client })
      await expect(broken.getItem('k')).rejects.not.toMatchObject({ code: 'CREDENTIALS_MISSING' })
      client.destroy()
    },
  )
})

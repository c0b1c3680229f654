import { afterEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { resolveOptions } from '../../drivers/dynamodb/config/options.ts'

afterEach(() => vi.unstubAllEnvs())

describe('driver options', () => {
  it('have defaults', () => {
    expect(resolveOptions({}, {})).toMatchObject({
      table: 'sessions',
      base: '',
      consistentRead: false,
      batch: { maxInFlight: 4 },
      timeout: { connect: 1000, request: 3000 },
      attributes: { key: 'session_key', value: 'data', expires: 'expire_date', version: 'version' },
    })
  })

  it('fall back to the environment, and win over it', () => {
    const env = {
      DYNAMODB_SESSIONS_TABLE_NAME: 'from-env',
      AWS_REGION_NAME: 'eu-south-1',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
      DYNAMODB_SESSIONS_ALWAYS_CONSISTENT: 'True',
    }
    expect(resolveOptions({}, env)).toMatchObject({
      table: 'from-env',
      region: 'eu-south-1',
      endpoint: 'http://127.0.0.1:1',
      consistentRead: true,
    })
    expect(resolveOptions({}, { ...env, AWS_REGION: 'a', AWS_DEFAULT_REGION: 'b' }).region).toBe('a')
    expect(resolveOptions({}, { ...env, AWS_DEFAULT_REGION: 'b' }).region).toBe('b')
    const own = { table: 'own', region: 'r', endpoint: 'http://127.0.0.1:2', consistentRead: false }
    expect(resolveOptions(own, env)).toMatchObject(own)
  })

  it('read the environment of the process by default', () => {
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE_NAME', 'of-the-process')
    expect(resolveOptions().table).toBe('of-the-process')
  })

  it('normalise the base', () => {
    for (const base of ['a:b', 'a:b:', ':a:b:', 'a/b', 'a::b'])
      expect(resolveOptions({ base }).base).toBe('a:b:')
    expect(resolveOptions({ base: ':' }).base).toBe('')
    expect(resolveOptions({ base: 'app/session#' }).base).toBe('app:session#')
  })

  it('tolerate the `driver` entry that a Nitro configuration carries', () => {
    expect(() => dynamodb({ driver: 'unsession/drivers/dynamodb', table: 'sessions' } as never)).not.toThrow()
  })

  const bad: Record<string, unknown[]> = {
    options: ['sessions', 5, null, []],
    tabel: ['sessions'],
    table: ['', 'ab', 'with space', 'x'.repeat(256), 'arn:', 'arn:aws:s3:::bucket', 5, null],
    toString: [1],
    'attributes.constructor': [{ constructor: 'x' }],
    region: ['', 5],
    endpoint: ['', 'localhost:8000', 'ftp://x', 5],
    credentials: ['key', 5],
    client: [{}, 'x', null],
    clientConfig: ['x', []],
    attributes: ['x', []],
    'attributes.value': [{ value: '' }, { value: 5 }],
    'attributes.values': [{ values: 'x' }],
    base: [5, null, 'x'.repeat(1025)],
    ttl: [-1, Number.NaN, '60', Infinity, null],
    consistentRead: ['yes', 1],
    batch: [true, 4, 'x'],
    'batch.max': [{ max: 4 }],
    'batch.maxInFlight': [{ maxInFlight: 0 }, { maxInFlight: 1.5 }, { maxInFlight: '4' }],
    timeout: [5, 'x'],
    'timeout.requests': [{ requests: 5 }],
    'timeout.connect': [{ connect: 0 }, { connect: '1' }],
    'timeout.request': [{ request: -1 }, { request: 2 ** 31 }, { request: Number.NaN }],
    onCapacity: [true, 'x'],
  }
  it.each(Object.entries(bad).flatMap(([option, values]) => values.map((value) => [option, value] as const)))(
    'refuse %s: %j by name',
    (option, value) => {
      const [name = ''] = option.split('.')
      const options = option === 'options' ? value : { [name]: value }
      expect(() => dynamodb(options as never)).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          message: expect.stringContaining(`\`${option}\``),
        }),
      )
    },
  )

  it('override the environment, also as part of `clientConfig`', async () => {
    const env = { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' }
    const clientConfig = { region: 'eu-west-3', endpoint: 'http://127.0.0.1:2' }
    expect(resolveOptions({ clientConfig }, env)).toMatchObject({ region: undefined, endpoint: undefined })
    expect(resolveOptions({ clientConfig, region: 'r' }, env).region).toBe('r')
    const driver = dynamodb({ clientConfig: { ...clientConfig, requestHandler: { requestTimeout: 77 } } })
    const { config } = await driver.getInstance()
    expect(await config.region()).toBe('eu-west-3')
    const handler = config.requestHandler as unknown as { configProvider: Promise<object> }
    expect(await handler.configProvider).toMatchObject({ requestTimeout: 77, connectionTimeout: 1000 })
    await driver.dispose()
    await expect(driver.getInstance()).rejects.toMatchObject({ code: 'DISPOSED' })
  })

  it('take the ARN of a table', () => {
    const table = 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions'
    expect(resolveOptions({ table }, {}).table).toBe(table)
  })

  it('refuse two roles for one attribute', () => {
    expect(() => dynamodb({ attributes: { value: 'expire_date' } })).toThrow('`attributes`')
  })

  it('read the whole environment at the first call', async () => {
    const driver = dynamodb({ credentials: { accessKeyId: 'a', secretAccessKey: 'b' } })
    vi.stubEnv('AWS_REGION', 'eu-north-1')
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:9')
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE_NAME', 'read-later')
    const { config } = await driver.getInstance()
    expect(await config.region()).toBe('eu-north-1')
    await expect(driver.setItem('k', 'x')).rejects.toMatchObject({ table: 'read-later', code: 'UNAVAILABLE' })
    await driver.dispose()
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE_NAME', 'no table name')
    await expect(dynamodb({}).getItem('k')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it.each([
    [{ timeout: { requests: 5 } }, 'request'],
    [{ batch: { maxInflight: 5 } }, 'maxInFlight'],
    [{ writes: { maxInFligth: 5 } }, 'maxInFlight'],
    [{ attributes: { expire: 'x' } }, 'expires'],
  ])('name the nearest one for %j', (given, nearest) => {
    const message = expect.stringContaining(`did you mean \`${nearest}\`?`)
    expect(() => dynamodb(given as never)).toThrow(expect.objectContaining({ message }))
  })
})

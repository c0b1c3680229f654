import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { resolveOptions } from '../../../drivers/dynamodb/config/options.ts'
import dynamodb, { type DynamoDBOptions } from '../../../drivers/dynamodb.ts'
import { chooseTransport, endpointOf } from '../../../drivers/dynamodb/lean/settings.ts'

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
const resolve = (options: DynamoDBOptions = {}) =>
  resolveOptions({ region: 'eu-west-1', transport: 'auto', ...options }, {})

describe('the transport `auto`', () => {
  it.each([{}, { credentials }, { endpoint: 'http://127.0.0.1:8000', region: 'local' }])(
    'is lean with %j',
    (options) => {
      expect(chooseTransport(resolve(options), {}).name).toBe('lean')
    },
  )

  it.each<[string, DynamoDBOptions, Record<string, string>]>([
    ['client', { client: { send: () => {} } }, {}],
    ['clientConfig', { clientConfig: {} }, {}],
    ['AWS_RETRY_MODE', {}, { AWS_RETRY_MODE: 'adaptive' }],
    ['FIPS', {}, { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['DUALSTACK', {}, { AWS_USE_DUALSTACK_ENDPOINT: 'true' }],
    ['ACCOUNT_ID', {}, { AWS_ACCOUNT_ID_ENDPOINT_MODE: 'required' }],
    ['PROFILE', {}, { AWS_PROFILE: 'work' }],
    ['partition', { region: 'eusc-de-east-1' }, {}],
  ])('is the SDK because of %s', (words, options, env) => {
    expect(chooseTransport(resolve(options), env)).toEqual({
      name: 'sdk',
      reason: expect.stringContaining(words),
    })
  })

  it('is the SDK without a region, which a configuration file may have', () => {
    expect(chooseTransport(resolveOptions({ transport: 'auto' }, {}), {}).name).toBe('sdk')
  })

  it('is lean with a profile and credentials of its own', () => {
    expect(chooseTransport(resolve({ credentials }), { AWS_PROFILE: 'work' }).name).toBe('lean')
  })
})

describe('the transport `lean`', () => {
  afterEach(() => vi.unstubAllEnvs())

  it.each<[string, DynamoDBOptions, Record<string, string>]>([
    ['clientConfig', { clientConfig: {} }, {}],
    ['AWS_USE_FIPS_ENDPOINT', {}, { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['AWS_USE_DUALSTACK_ENDPOINT', {}, { AWS_USE_DUALSTACK_ENDPOINT: 'true' }],
    ['region', { region: 'moon-1' }, {}],
  ])('is refused with what it cannot honour: %s', async (words, options, env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    const driver = dynamodb({ region: 'eu-west-1', credentials, transport: 'lean', ...options })
    await expect(driver.getItem('k')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(new RegExp(`\`transport\`.*${words}`)),
    })
  })
})

describe('the endpoint', () => {
  it.each(['eu-west-1', 'us-gov-west-1', 'cn-north-1', 'mx-central-1', 'il-central-1', 'ap-southeast-7'])(
    'of %s is the one of the SDK',
    async (region) => {
      const client = new DynamoDBClient({ region, credentials })
      const { url } = client.config.endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false })
      expect(endpointOf(resolve({ region }), {})?.href).toBe(url.href)
    },
  )

  it('is set by the option, then by the variable for all services, unless that is ignored', () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:2' }
    expect(endpointOf(resolve({ endpoint: 'http://127.0.0.1:1' }), env)?.port).toBe('1')
    expect(endpointOf(resolve(), env)?.port).toBe('2')
    const ignored = { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }
    expect(endpointOf(resolve(), ignored)?.host).toBe('dynamodb.eu-west-1.amazonaws.com')
    expect(endpointOf(resolve({ region: 'moon-1' }), {})).toBeUndefined()
  })
})

import type { ResolvedOptions } from '../config/options.ts'

export type Environment = Record<string, string | undefined>

/** A transport, and why it was chosen. */
export interface Choice {
  name: 'sdk' | 'lean'
  reason: string
}

/** Settings that the lean transport does not know. */
const SDK_ONLY: [name: string, isSet: (options: ResolvedOptions, env: Environment) => boolean][] = [
  ['the option `client`', ({ client }) => client !== undefined],
  ['the option `clientConfig`', ({ clientConfig }) => clientConfig !== undefined],
  ['AWS_USE_FIPS_ENDPOINT', (_, env) => env['AWS_USE_FIPS_ENDPOINT'] === 'true'],
  ['AWS_USE_DUALSTACK_ENDPOINT', (_, env) => env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true'],
]

/** Settings that the lean transport can do without, but that are better left to the SDK. */
const BETTER_BY_SDK: typeof SDK_ONLY = [
  ['AWS_RETRY_MODE', (_, env) => (env['AWS_RETRY_MODE'] || 'standard') !== 'standard'],
  [
    'AWS_ACCOUNT_ID_ENDPOINT_MODE',
    (_, env) => (env['AWS_ACCOUNT_ID_ENDPOINT_MODE'] || 'disabled') !== 'disabled',
  ],
  ['AWS_PROFILE', ({ credentials }, env) => credentials === undefined && !!env['AWS_PROFILE']],
  ['a region that only the SDK can find', ({ region }) => region === undefined],
  ['an unknown partition', (options, env) => endpointOf(options, env) === undefined],
]

/** Returns the transport for the option `transport`: for `auto`, `lean` unless a setting asks for the SDK. */
export function chooseTransport(options: ResolvedOptions, env: Environment): Choice {
  const { transport } = options
  if (transport !== 'auto') return { name: transport, reason: 'the option `transport`' }
  const found = [...SDK_ONLY, ...BETTER_BY_SDK].find(([, isSet]) => isSet(options, env))
  return found ? { name: 'sdk', reason: found[0] } : { name: 'lean', reason: 'nothing needs the SDK' }
}

/** Returns a setting that the transport `lean` cannot honour, if there is one. */
export function unsupportedSetting(options: ResolvedOptions, env: Environment): string | undefined {
  return SDK_ONLY.find(([, isSet]) => isSet(options, env))?.[0]
}

/** Domain names of DynamoDB's endpoints, by the pattern of a partition's regions. Source: AWS's `partitions.json`. */
const PARTITIONS: [regions: RegExp, domain: string][] = [
  [/^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/, 'amazonaws.com'],
  [/^us-gov-\w+-\d+$/, 'amazonaws.com'],
  [/^cn-\w+-\d+$/, 'amazonaws.com.cn'],
]

/**
 * Returns the endpoint: the option or variable for DynamoDB, the variable for all services, or the region's own.
 *
 * @returns `undefined` for a region of an unknown partition
 */
export function endpointOf({ endpoint, region = '' }: ResolvedOptions, env: Environment): URL | undefined {
  const isIgnored = env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true'
  const given = endpoint ?? (isIgnored ? undefined : env['AWS_ENDPOINT_URL'] || undefined)
  if (given !== undefined) return URL.canParse(given) ? new URL(given) : undefined
  const domain = PARTITIONS.find(([regions]) => regions.test(region))?.[1]
  return domain === undefined ? undefined : new URL(`https://dynamodb.${region}.${domain}`)
}

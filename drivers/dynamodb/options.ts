import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { invalidOption } from '../utils/errors.ts'
import { type Attributes, DEFAULT_ATTRIBUTES } from './attributes.ts'

/** What one request consumed, as DynamoDB counted it. */
export interface ConsumedUnits {
  /** `GetItem`, `BatchGetItem`, `PutItem` … */
  operation: string
  table: string
  /** Read or write capacity units, by the kind of operation. */
  units: number
  kind: 'read' | 'write'
}

/** Options of the DynamoDB driver. All are optional; where options must be plain data, all but the functions are. */
export interface DynamoDBOptions {
  /** Table name. Default: env `DYNAMODB_SESSIONS_TABLE_NAME`, else `sessions`. */
  table?: string
  /** Region. Default: env `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_REGION_NAME`, else the SDK's own chain. */
  region?: string
  /** Endpoint URL, for dynalite, DynamoDB Local or Alternator. Default: env `AWS_ENDPOINT_URL_DYNAMODB`. */
  endpoint?: string
  /** Credentials or a provider. Default: the SDK's chain (environment, profile, container or instance role). */
  credentials?: DynamoDBClientConfig['credentials']
  /**
   * A ready `DynamoDBClient` or `DynamoDBDocumentClient`, of the same installed `@aws-sdk/client-dynamodb` that the driver
   * finds. It is never destroyed by the driver.
   */
  client?: DynamoDBClient | AnyDynamoDBClient
  /** Merged into the client's configuration. The named options above win over it, and it wins over the environment. */
  clientConfig?: DynamoDBClientConfig
  /** Attribute names that differ from the default ones. */
  attributes?: Partial<Attributes>
  /** Key prefix: several apps in one table. It ends with `:`, which is added, or with a `#` of its own. */
  base?: string
  /** Default time to live of an item in seconds; fractions are rounded up. Default: none. */
  ttl?: number
  /** Strongly consistent reads throughout. Default: env `DYNAMODB_SESSIONS_ALWAYS_CONSISTENT`, else `false`. */
  consistentRead?: boolean
  /** Read coalescing: at most so many requests at once; `false` sends each read alone. Default `{ maxInFlight: 4 }`. */
  batch?: { maxInFlight?: number } | false
  /**
   * Milliseconds. `connect` (default 1000) bounds opening a connection; `request` (default 3000) bounds a whole call, retries
   * and a half-sent body included. Bulk operations (`getItems`, `setItems`, `getKeys`, `clear`) are bounded by request.
   */
  timeout?: { connect?: number; request?: number }
  /** Called with the consumed capacity of each request. */
  onCapacity?: (consumed: ConsumedUnits) => void
}

/** Any client that can send; typed loosely, since the types of two SDK releases do not fit each other. */
export interface AnyDynamoDBClient {
  send: (...args: never[]) => unknown
}

/** Options with every default filled in. */
export interface ResolvedOptions extends Omit<DynamoDBOptions, 'batch' | 'timeout' | 'attributes' | 'base'> {
  table: string
  attributes: Attributes
  /** Empty, or ending with `:` or `#`. */
  base: string
  consistentRead: boolean
  batch: { maxInFlight: number } | false
  timeout: { connect: number; request: number }
}

/**
 * The longest delay a Node timer can hold (2^31 - 1 ms, 24.8 days); beyond it timers fire at once.
 * Source: Node's documentation of `setTimeout`.
 */
const MAX_TIMER = 2 ** 31 - 1

/** DynamoDB's naming rule; an ARN names a table of another account. */
const TABLE = /^(arn:[\w-]+:dynamodb:[\w-]*:\d*:table\/)?[\w.-]{3,255}$/

/** Of the 2048 bytes of a key, enough are left for the key itself. */
const MAX_BASE_BYTES = 1024

/** Every option's name; the compiler sees to it that none is missing. */
export const DRIVER_OPTIONS: Record<keyof DynamoDBOptions, true> = {
  table: true,
  region: true,
  endpoint: true,
  credentials: true,
  client: true,
  clientConfig: true,
  attributes: true,
  base: true,
  ttl: true,
  consistentRead: true,
  batch: true,
  timeout: true,
  onCapacity: true,
}

/**
 * Fill in defaults and environment, and check everything once.
 *
 * @param options - as given; Nitro's `driver` entry is tolerated
 * @param env - environment, `process.env` by default
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 */
export function resolveOptions(
  options: DynamoDBOptions = {},
  env: Record<string, string | undefined> = process.env,
): ResolvedOptions {
  if (!isObject(options)) throw invalidOption('options', 'must be an object')
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DRIVER_OPTIONS, name) && name !== 'driver') {
      throw invalidOption(name, `is unknown; the driver takes ${Object.keys(DRIVER_OPTIONS).join(', ')}`)
    }
  }
  const { table = env.DYNAMODB_SESSIONS_TABLE_NAME || 'sessions' } = options
  if (typeof table !== 'string' || !TABLE.test(table)) {
    throw invalidOption(
      'table',
      'must be a table name of 3 to 255 letters, digits, `_`, `-` or `.`, or its ARN',
    )
  }
  const { client, clientConfig, credentials, onCapacity, ttl } = options
  if (client !== undefined && typeof (client as Partial<AnyDynamoDBClient>)?.send !== 'function') {
    throw invalidOption('client', 'must be a DynamoDBClient or DynamoDBDocumentClient of the AWS SDK v3')
  }
  if (clientConfig !== undefined && !isObject(clientConfig)) {
    throw invalidOption('clientConfig', 'must be an object of DynamoDBClient options')
  }
  if (credentials !== undefined && typeof credentials !== 'function' && !isObject(credentials)) {
    throw invalidOption('credentials', 'must be { accessKeyId, secretAccessKey } or a provider function')
  }
  if (onCapacity !== undefined && typeof onCapacity !== 'function') {
    throw invalidOption('onCapacity', 'must be a function')
  }
  if (ttl !== undefined) checkNumber('ttl', ttl, 0, Number.MAX_SAFE_INTEGER, 'seconds')
  if (options.consistentRead !== undefined && typeof options.consistentRead !== 'boolean') {
    throw invalidOption('consistentRead', 'must be true or false')
  }
  // What the caller wrote wins over the environment, in whichever place.
  const region =
    text('region', options.region) ??
    (clientConfig?.region ? undefined : firstOf(env, 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME'))
  const endpoint =
    text('endpoint', options.endpoint) ??
    (clientConfig?.endpoint ? undefined : firstOf(env, 'AWS_ENDPOINT_URL_DYNAMODB'))
  if (endpoint !== undefined && !/^https?:$/.test(protocolOf(endpoint))) {
    throw invalidOption('endpoint', 'must be a URL such as http://127.0.0.1:8000')
  }
  return {
    ...options,
    table,
    region,
    endpoint,
    attributes: resolveAttributes(options.attributes),
    base: resolveBase(options.base),
    consistentRead: options.consistentRead ?? isTrue(env.DYNAMODB_SESSIONS_ALWAYS_CONSISTENT),
    batch: resolveBatch(options.batch),
    timeout: resolveTimeout(options.timeout),
  }
}

function resolveAttributes(given: DynamoDBOptions['attributes'] = {}): Attributes {
  if (!isObject(given)) throw invalidOption('attributes', 'must be an object of attribute names')
  for (const [role, name] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_ATTRIBUTES, role)) {
      throw invalidOption(
        `attributes.${role}`,
        `is unknown; roles are ${Object.keys(DEFAULT_ATTRIBUTES).join(', ')}`,
      )
    }
    if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > 255) {
      throw invalidOption(`attributes.${role}`, 'must be an attribute name of 1 to 255 bytes')
    }
  }
  const attributes = { ...DEFAULT_ATTRIBUTES, ...given }
  const names = Object.values(attributes)
  if (new Set(names).size < names.length) {
    throw invalidOption('attributes', 'must name a different attribute for each role')
  }
  return attributes
}

function resolveBase(base: unknown = ''): string {
  if (typeof base !== 'string' || Buffer.byteLength(base) > MAX_BASE_BYTES) {
    throw invalidOption('base', `must be a string of at most ${MAX_BASE_BYTES} bytes`)
  }
  const parts = base.split(/[:/\\]+/).filter(Boolean)
  const prefix = parts.join(':')
  return prefix === '' || prefix.endsWith('#') ? prefix : `${prefix}:`
}

function resolveBatch(batch: DynamoDBOptions['batch'] = {}): ResolvedOptions['batch'] {
  if (batch === false) return false
  if (!isObject(batch)) throw invalidOption('batch', 'must be { maxInFlight } or false')
  checkNames('batch', batch, ['maxInFlight'])
  const maxInFlight = batch.maxInFlight ?? 4
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1) {
    throw invalidOption('batch.maxInFlight', 'must be a whole number of requests, 1 or more')
  }
  return { maxInFlight }
}

function resolveTimeout(timeout: DynamoDBOptions['timeout'] = {}): ResolvedOptions['timeout'] {
  if (!isObject(timeout)) throw invalidOption('timeout', 'must be { connect, request } in milliseconds')
  checkNames('timeout', timeout, ['connect', 'request'])
  const { connect = 1000, request = 3000 } = timeout
  checkNumber('timeout.connect', connect, 1, MAX_TIMER, 'milliseconds')
  checkNumber('timeout.request', request, 1, MAX_TIMER, 'milliseconds')
  return { connect, request }
}

function checkNumber(option: string, value: unknown, min: number, max: number, unit: string): void {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalidOption(option, `must be a number of ${unit} from ${min} to ${max}`)
  }
}

function checkNames(option: string, value: object, known: string[]): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw invalidOption(`${option}.${unknown}`, `is unknown; there is ${known.join(', ')}`)
}

function text(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw invalidOption(option, 'must be a non-empty string')
  return value
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : ''
}

function firstOf(env: Record<string, string | undefined>, ...names: string[]): string | undefined {
  for (const name of names) if (env[name]) return env[name]
  return undefined
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import {
  type Rule,
  type Rules,
  checkNames,
  checkOptions,
  isBoolean,
  isCount,
  isFunction,
  isObject,
  isText,
  isWithin,
} from '../../utils/validate.ts'
import { invalidOption } from '../../utils/errors.ts'
import { type Attributes, DEFAULT_ATTRIBUTES } from './attributes.ts'

/** Capacity that one request consumed, as DynamoDB counted it. */
export interface ConsumedUnits {
  /** `GetItem`, `BatchGetItem`, `PutItem` … */
  operation: string
  /** Name of the table. */
  table: string
  /** Capacity units: read units for `kind: 'read'`, write units for `kind: 'write'`. */
  units: number
  /** Whether the operation reads or writes. */
  kind: 'read' | 'write'
}

/** Options of the DynamoDB driver. All are optional. If options must be plain data, leave out `client` and the functions. */
export interface DynamoDBOptions {
  /** Name or ARN of the table. Default: environment variable `DYNAMODB_SESSIONS_TABLE_NAME`, else `sessions`. */
  table?: string
  /**
   * AWS region. Default: environment variable `AWS_REGION`, `AWS_DEFAULT_REGION` or `AWS_REGION_NAME`, else the SDK's default
   * (its profile files).
   */
  region?: string
  /** URL of another endpoint, such as DynamoDB Local, dynalite or Alternator. Default: environment variable `AWS_ENDPOINT_URL_DYNAMODB`. */
  endpoint?: string
  /** Credentials or a provider. Default: the SDK's chain (environment, profile, container role, instance role). */
  credentials?: DynamoDBClientConfig['credentials']
  /**
   * A `DynamoDBClient` or `DynamoDBDocumentClient`, from the same copy of `@aws-sdk/client-dynamodb` that the driver loads. The
   * driver never destroys it. Default: the driver creates a client at the first call.
   */
  client?: DynamoDBClient | AnyDynamoDBClient
  /** Configuration of the client. `region`, `endpoint` and `credentials` above override it. It overrides the environment. */
  clientConfig?: DynamoDBClientConfig
  /**
   * How requests are sent. `'sdk'`: by the SDK's client. `'lean'`: signed and sent by the driver itself, which takes a fraction
   * of the time and memory. `'auto'`: `'lean'`, unless another option or the environment asks for the SDK. Default `'auto'`.
   */
  transport?: 'auto' | 'sdk' | 'lean'
  /** Attribute names that differ from the default ones, see {@link Attributes}. */
  attributes?: Partial<Attributes>
  /**
   * Prefix of all keys, so that several apps can share a table. A `:` is added, unless it ends with `#`. At most 1024 bytes.
   * Default: none.
   */
  base?: string
  /** Time to live of an item in seconds, if a write gives none. The expiry is rounded up to a whole second. Default: none. */
  ttl?: number
  /** Makes all reads strongly consistent, at twice the price. Default: environment variable `DYNAMODB_SESSIONS_ALWAYS_CONSISTENT`, else `false`. */
  consistentRead?: boolean
  /**
   * Batching of reads: reads of one turn of the event loop are sent in one request. `maxInFlight` is the maximum number of such
   * requests in flight. `false` sends each read alone. Default `{ maxInFlight: 4 }`.
   */
  batch?: { maxInFlight?: number } | false
  /**
   * Maximum number of writes in flight. Further writes wait, within their own `timeout.request`. Default `{ maxInFlight: 64 }`,
   * a little more than the SDK's 50 connections.
   */
  writes?: { maxInFlight?: number }
  /**
   * Time limits in ms. `connect` (default 1000) limits the opening of a connection. `request` (default 3000) limits a whole call,
   * retries included. In bulk operations (`getItems`, `setItems`, `getKeys`, `clear`) it limits each request.
   */
  timeout?: { connect?: number; request?: number }
  /** Called with the consumed capacity of each request. An error that it throws is logged and fails no call. */
  onCapacity?: (consumed: ConsumedUnits) => void
}

/** A client of any SDK release. Its type is loose, because the types of two releases are not compatible. */
export interface AnyDynamoDBClient {
  /** Sends a command. */
  send: (...args: never[]) => unknown
}

/** Options with all defaults filled in. */
export interface ResolvedOptions extends Omit<
  DynamoDBOptions,
  'batch' | 'writes' | 'timeout' | 'attributes' | 'base' | 'transport'
> {
  table: string
  attributes: Attributes
  /** Empty, or ending with `:` or `#`. */
  base: string
  consistentRead: boolean
  batch: { maxInFlight: number } | false
  writes: { maxInFlight: number }
  timeout: { connect: number; request: number }
  transport: 'auto' | 'sdk' | 'lean'
}

/**
 * The longest delay of a Node.js timer in ms (24.8 days). Timers with a longer delay fire at once.
 * Source: Node.js documentation of `setTimeout`.
 */
const MAX_TIMER = 2 ** 31 - 1

/** DynamoDB's rule for table names. An ARN names a table of another account. */
const TABLE = /^(arn:[\w-]+:dynamodb:[\w-]*:\d*:table\/)?[\w.-]{3,255}$/

/** Maximum size of an attribute name in bytes. Source: DynamoDB developer guide, service quotas. */
const MAX_NAME_BYTES = 255

/** Maximum size of a sort key value in bytes. Source: DynamoDB developer guide, service quotas. */
const MAX_SORT_BYTES = 1024

/** Default limit of writes in flight: the SDK's 50 connections, and some writes that it prepares for them. */
const MAX_WRITES = 64

/** Maximum size of the option `base` in bytes. It leaves half of the 2048 bytes of a stored key for the key itself. */
const MAX_BASE_BYTES = 1024

const milliseconds: Rule = [
  (value) => isWithin(value, 1, MAX_TIMER),
  `must be a number of milliseconds from 1 to ${MAX_TIMER}`,
]

const IN_FLIGHT: Rules<{ maxInFlight?: number }> = {
  maxInFlight: [(value) => isCount(value, 1), 'must be a whole number of requests, 1 or more'],
}
const TIMEOUT: Rules<{ connect?: number; request?: number }> = {
  connect: milliseconds,
  request: milliseconds,
}

/** Rules of the options. */
export const DRIVER_OPTIONS: Rules<DynamoDBOptions> = {
  table: [
    (value) => typeof value === 'string' && TABLE.test(value),
    'must be a table name of 3 to 255 letters, digits, `_`, `-` or `.`, or an ARN',
  ],
  region: [isText, 'must be a non-empty string'],
  endpoint: [
    (value) => isText(value) && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be a URL such as http://127.0.0.1:8000',
  ],
  credentials: [
    (value) => isFunction(value) || isObject(value),
    'must be { accessKeyId, secretAccessKey } or a function',
  ],
  client: [
    (value) => isObject(value) && isFunction(value.send),
    'must be a DynamoDBClient of the AWS SDK v3',
  ],
  clientConfig: [isObject, 'must be an object of DynamoDBClient options'],
  transport: [
    (value) => ['auto', 'sdk', 'lean'].includes(value as string),
    "must be 'auto', 'sdk' or 'lean'",
  ],
  attributes: [isObject, 'must be an object of attribute names'],
  base: [
    (value) => typeof value === 'string' && Buffer.byteLength(value) <= MAX_BASE_BYTES,
    `must be a string of at most ${MAX_BASE_BYTES} bytes`,
  ],
  ttl: [(value) => isWithin(value, 0, Number.MAX_SAFE_INTEGER), 'must be a number of seconds, 0 or more'],
  consistentRead: [isBoolean, 'must be true or false'],
  batch: [(value) => value === false || isObject(value), 'must be { maxInFlight } or false'],
  writes: [isObject, 'must be { maxInFlight }'],
  timeout: [isObject, 'must be { connect, request } in milliseconds'],
  onCapacity: [isFunction, 'must be a function'],
}

/**
 * Checks the options, and fills in defaults and the environment.
 *
 * @param given - options of the caller; the entry `driver`, which Nitro adds, is ignored
 * @param env - environment; default `process.env`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 */
export function resolveOptions(
  given: DynamoDBOptions = {},
  env: Record<string, string | undefined> = process.env,
): ResolvedOptions {
  if (!isObject(given)) throw invalidOption('options', 'must be an object')
  const { driver: _driver, ...own } = given as DynamoDBOptions & { driver?: unknown }
  const { clientConfig } = own
  // Both the options and `clientConfig` override the environment.
  const {
    table = env.DYNAMODB_SESSIONS_TABLE_NAME || 'sessions',
    region = clientConfig?.region
      ? undefined
      : env.AWS_REGION || env.AWS_DEFAULT_REGION || env.AWS_REGION_NAME || undefined,
    endpoint = clientConfig?.endpoint ? undefined : env.AWS_ENDPOINT_URL_DYNAMODB || undefined,
    consistentRead = /^(1|true|yes|on)$/i.test(env.DYNAMODB_SESSIONS_ALWAYS_CONSISTENT ?? ''),
    batch = {},
    writes = {},
    timeout = {},
    transport = 'auto',
  } = own
  checkOptions({ ...own, table, endpoint }, DRIVER_OPTIONS)
  const { maxInFlight = 4 } = batch || {}
  checkOptions(batch || {}, IN_FLIGHT, 'batch.')
  const { maxInFlight: maxWrites = MAX_WRITES } = writes
  checkOptions(writes, IN_FLIGHT, 'writes.')
  const { connect = 1000, request = 3000 } = timeout
  checkOptions(timeout, TIMEOUT, 'timeout.')
  return {
    ...own,
    table,
    region,
    endpoint,
    attributes: resolveAttributes(own.attributes),
    base: resolveBase(own.base),
    consistentRead,
    batch: batch && { maxInFlight },
    writes: { maxInFlight: maxWrites },
    timeout: { connect, request },
    transport,
  }
}

function resolveAttributes(own: Partial<Attributes> = {}): Attributes {
  const { sort, ...named } = own
  checkNames(named, DEFAULT_ATTRIBUTES, 'attributes.')
  if (sort !== undefined && !isSortKey(sort)) {
    throw invalidOption(
      'attributes.sort',
      `must be { name, value }: an attribute name of 1 to ${MAX_NAME_BYTES} bytes, and a string of 1 to ${MAX_SORT_BYTES} bytes`,
    )
  }
  for (const [role, name] of Object.entries(named)) {
    if (!isText(name, MAX_NAME_BYTES))
      throw invalidOption(`attributes.${role}`, `must be an attribute name of 1 to ${MAX_NAME_BYTES} bytes`)
  }
  const attributes = { ...DEFAULT_ATTRIBUTES, ...own }
  const names = [...Object.values({ ...DEFAULT_ATTRIBUTES, ...named }), ...(sort ? [sort.name] : [])]
  if (new Set(names).size < names.length)
    throw invalidOption('attributes', 'must name a different attribute for each role')
  return attributes
}

function isSortKey(sort: unknown): boolean {
  if (!isObject(sort)) return false
  const { name, value, ...rest } = sort
  return isText(name, MAX_NAME_BYTES) && isText(value, MAX_SORT_BYTES) && Object.keys(rest).length === 0
}

function resolveBase(base = ''): string {
  const parts = base.split(/[:/\\]+/).filter(Boolean)
  const prefix = parts.join(':')
  return prefix === '' || prefix.endsWith('#') ? prefix : `${prefix}:`
}

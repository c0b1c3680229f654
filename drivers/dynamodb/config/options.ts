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
   * At most so many writes are sent at once; later ones wait, each within its own `timeout.request`. Default
   * `{ maxInFlight: 64 }`, a little more than the SDK's 50 connections.
   */
  writes?: { maxInFlight?: number }
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
export interface ResolvedOptions extends Omit<
  DynamoDBOptions,
  'batch' | 'writes' | 'timeout' | 'attributes' | 'base'
> {
  table: string
  attributes: Attributes
  /** Empty, or ending with `:` or `#`. */
  base: string
  consistentRead: boolean
  batch: { maxInFlight: number } | false
  writes: { maxInFlight: number }
  timeout: { connect: number; request: number }
}

/**
 * The longest delay a Node timer can hold (2^31 - 1 ms, 24.8 days); beyond it timers fire at once.
 * Source: Node's documentation of `setTimeout`.
 */
const MAX_TIMER = 2 ** 31 - 1

/** DynamoDB's naming rule; an ARN names a table of another account. */
const TABLE = /^(arn:[\w-]+:dynamodb:[\w-]*:\d*:table\/)?[\w.-]{3,255}$/

/** DynamoDB's limit for an attribute's name, in bytes. Source: AWS's service quotas for DynamoDB. */
const MAX_NAME_BYTES = 255

/** DynamoDB's limit for a sort key's value, in bytes. Source: AWS's service quotas for DynamoDB. */
const MAX_SORT_BYTES = 1024

/** Writes in flight: as many as the SDK has connections, and some that it prepares meanwhile. */
const MAX_WRITES = 64

/** Of the 2048 bytes of a key, enough are left for the key itself. */
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

/** Every option, with what it must be. */
export const DRIVER_OPTIONS: Rules<DynamoDBOptions> = {
  table: [
    (value) => typeof value === 'string' && TABLE.test(value),
    'must be a table name of 3 to 255 letters, digits, `_`, `-` or `..`, or its ARN',
  ],
  region: [isText, 'must be a non-empty string'],
  endpoint: [
    (value) => isText(value) && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be a URL such as http://127.0.0.1:8000',
  ],
  credentials: [
    (value) => isFunction(value) || isObject(value),
    'must be { accessKeyId, secretAccessKey } or a provider function',
  ],
  client: [
    (value) => isObject(value) && isFunction(value.send),
    'must be a DynamoDBClient or DynamoDBDocumentClient of the AWS SDK v3',
  ],
  clientConfig: [isObject, 'must be an object of DynamoDBClient options'],
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
 * Fill in defaults and environment, and check everything once.
 *
 * @param given - as given; Nitro's `driver` entry is tolerated
 * @param env - environment, `process.env` by default
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 */
export function resolveOptions(
  given: DynamoDBOptions = {},
  env: Record<string, string | undefined> = process.env,
): ResolvedOptions {
  if (!isObject(given)) throw invalidOption('options', 'must be an object')
  const { driver: _driver, ...own } = given as DynamoDBOptions & { driver?: unknown }
  const { clientConfig } = own
  // What the caller wrote wins over the environment, in whichever place.
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
  }
}

function resolveAttributes(own: Partial<Attributes> = {}): Attributes {
  const { sort, ...named } = own
  checkNames(named, DEFAULT_ATTRIBUTES, 'attributes.')
  if (sort !== undefined && !isSortKey(sort)) {
    throw invalidOption(
      'attributes.sort',
      `must be { name, value }: an attribute name of 1 to ${MAX_NAME_BYTES} bytes, and a text of 1 to ${MAX_SORT_BYTES} bytes`,
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

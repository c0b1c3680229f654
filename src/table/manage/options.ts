import {
  DRIVER_OPTIONS,
  type DynamoDBOptions,
  type ResolvedOptions,
  resolveOptions,
} from '../../../drivers/dynamodb/config/options.ts'
import {
  type Rule,
  type Rules,
  checkNames,
  checkOptions,
  isBoolean,
  isCount,
  isFunction,
  isObject,
  isWithin,
} from '../../../drivers/utils/validate.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'

/**
 * The driver's options: name, region and endpoint of the table, credentials and attribute names. The options for items (`base`,
 * `ttl`, `batch` …) have no effect on a table. So the same object can be passed to the driver and to these functions.
 */
export interface TableOptions extends DynamoDBOptions {
  /** Cancels the request in flight and any waiting. The function then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Options of the functions that wait for DynamoDB. */
export interface WaitOptions extends TableOptions {
  /** Maximum wait for DynamoDB to finish, in milliseconds. Default 300,000 (five minutes). */
  maxWait?: number
  /** Called with a short description of the current step, each time the step changes. */
  onProgress?: (message: string) => void
}

/** Billing of reads and writes: by request, or by units per second that are reserved in advance. */
export type Billing = 'on-demand' | ProvisionedUnits

/** Reserved capacity. The index `user-index` gets the same. */
export interface ProvisionedUnits {
  /** Read capacity units per second, 1 or more. */
  readUnits: number
  /** Write capacity units per second, 1 or more. */
  writeUnits: number
}

/** Options of {@link createTable}. */
export interface CreateTableOptions extends WaitOptions {
  /** Billing of a new table. An existing table keeps its billing. Default `'on-demand'`. */
  billing?: Billing
  /**
   * Creates the index `user-index`, which lists the sessions of a user without reading the whole table. Its projection is
   * KEYS_ONLY: saving and touching a session costs the same with the index as without it. Default `true`.
   */
  userIndex?: boolean
  /** Continuous backups, restorable to any second of the last 35 days. Default `false`, which leaves the setting as it is. */
  pointInTimeRecovery?: boolean
  /** Enables deletion protection. DynamoDB then rejects DeleteTable. Default `false`, which leaves the setting as it is. */
  deletionProtection?: boolean
  /** Tags to add. Other tags of the table stay. Default: none. */
  tags?: Record<string, string>
}

/** Options of {@link describeTable}. */
export interface DescribeTableOptions extends TableOptions {
  /** Reports a missing index `user-index` as a mismatch. Default `true`. */
  userIndex?: boolean
}

/** Options with all defaults filled in. */
export interface ResolvedTable extends ResolvedOptions {
  signal?: AbortSignal
  maxWait: number
  onProgress?: (message: string) => void
  billing: Billing | undefined
  userIndex: boolean
  pointInTimeRecovery: boolean
  deletionProtection: boolean
  tags: Record<string, string>
}

type OwnOptions = Omit<CreateTableOptions, keyof DynamoDBOptions>

/** The functions that {@link resolveTable} resolves options for. */
export type TableAction = 'createTable' | 'describeTable' | 'deleteTable' | 'enableTimeToLive'

const flag: Rule = [isBoolean, 'must be true or false']
const OWN: Rules<OwnOptions> = {
  billing: [
    (value) => value === 'on-demand' || isObject(value),
    "must be 'on-demand' or { readUnits, writeUnits }",
  ],
  userIndex: flag,
  pointInTimeRecovery: flag,
  deletionProtection: flag,
  tags: [isObject, 'must be an object of names and values'],
  maxWait: [(value) => isWithin(value, 0, Infinity), 'must be a number of milliseconds, 0 or more'],
  onProgress: [isFunction, 'must be a function'],
  signal: [(value) => value instanceof AbortSignal, 'must be an AbortSignal'],
}

/** The options that each function has in addition to the driver's. */
const OWN_OPTIONS: Record<TableAction, readonly (keyof OwnOptions)[]> = {
  createTable: [
    'billing',
    'userIndex',
    'pointInTimeRecovery',
    'deletionProtection',
    'tags',
    'maxWait',
    'onProgress',
    'signal',
  ],
  describeTable: ['userIndex', 'signal'],
  deleteTable: ['maxWait', 'onProgress', 'signal'],
  enableTimeToLive: ['maxWait', 'onProgress', 'signal'],
}

/**
 * Checks every option, and fills in defaults and the environment.
 *
 * @param env - environment variables. Default `process.env`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 */
export function resolveTable(
  action: TableAction,
  options: CreateTableOptions = {},
  env: Record<string, string | undefined> = process.env,
): ResolvedTable {
  checkIsObject(options)
  const own = Object.fromEntries(OWN_OPTIONS[action].map((name) => [name, OWN[name]]))
  checkOptions<Record<string, unknown>>({ ...options }, { ...own, ...DRIVER_OPTIONS })
  const { billing, maxWait = 300_000, onProgress, signal, tags = {} } = options
  const { userIndex = true, pointInTimeRecovery = false, deletionProtection = false } = options
  if (typeof billing === 'object') checkBilling(billing)
  checkTags(tags)
  const driver = Object.fromEntries(Object.entries(options).filter(([name]) => name in DRIVER_OPTIONS))
  return {
    ...resolveOptions(driver, env),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    maxWait,
    billing,
    tags,
    userIndex,
    pointInTimeRecovery,
    deletionProtection,
  }
}

function checkBilling(billing: ProvisionedUnits): void {
  for (const name of ['readUnits', 'writeUnits'] as const) {
    if (isCount(billing[name], 1)) continue
    throw invalidOption(`billing.${name}`, 'must be a whole number of units a second, 1 or more')
  }
  checkNames(billing, { readUnits: true, writeUnits: true }, 'billing.')
}

// DynamoDB's limits: 50 tags, names of 1 to 128 characters without the prefix `aws:`, values of up to 256 characters.
function checkTags(tags: Record<string, string>): void {
  if (Object.keys(tags).length > 50) throw invalidOption('tags', 'must be 50 tags or fewer')
  for (const [name, value] of Object.entries(tags)) {
    if (name === '' || name.length > 128 || /^aws:/i.test(name)) {
      throw invalidOption('tags', 'must have names of 1 to 128 characters that do not begin with `aws:`')
    }
    if (typeof value !== 'string' || value.length > 256) {
      throw invalidOption(`tags.${name}`, 'must be a string of up to 256 characters')
    }
  }
}

/** Checks that options are an object. @throws {UnsessionError} `INVALID_OPTION` */
export function checkIsObject(options: unknown): void {
  if (!isObject(options)) throw invalidOption('options', 'must be an object')
}

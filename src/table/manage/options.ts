import {
  DRIVER_OPTIONS,
  type DynamoDBOptions,
  type ResolvedOptions,
  resolveOptions,
} from '../../../drivers/dynamodb/options.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'

/**
 * Where the table is and which attributes it has: the driver's own options. Those that concern items (`base`, `ttl`,
 * `batch` …) have no effect here, so that one object can serve both.
 */
export interface TableOptions extends DynamoDBOptions {
  /** Ends the call under way and any waiting; the function then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** Options of what waits for DynamoDB. */
export interface WaitOptions extends TableOptions {
  /** Longest time to wait until DynamoDB is done, in milliseconds. Default 300,000: five minutes. */
  maxWait?: number
  /** Told in a few words what is being done or waited for, whenever that changes. */
  onProgress?: (message: string) => void
}

/** How reads and writes are paid for: by request, or by units a second set aside in advance. */
export type Billing = 'on-demand' | ProvisionedUnits

/** Capacity set aside, in units a second. An index by user gets the same. */
export interface ProvisionedUnits {
  readUnits: number
  writeUnits: number
}

export interface CreateTableOptions extends WaitOptions {
  /** Default `'on-demand'`. A table that exists keeps the billing it has. */
  billing?: Billing
  /** With the index `user-index`, by which a user's sessions are listed and revoked. Default `false`. */
  userIndex?: boolean
  /** Continuous backups, restorable to any second of the last 35 days. Default `false`: left as it is. */
  pointInTimeRecovery?: boolean
  /** Refuse deletion until protection is turned off. Default `false`: left as it is. */
  deletionProtection?: boolean
  /** Tags to add to the table; other tags stay. */
  tags?: Record<string, string>
}

export interface DescribeTableOptions extends TableOptions {
  /** Count a missing index `user-index` as a mismatch. Default `false`. */
  userIndex?: boolean
}

/** The driver's options resolved, and what only tables have. */
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

type OwnOption = Exclude<keyof CreateTableOptions, keyof DynamoDBOptions>

export type TableAction = 'createTable' | 'describeTable' | 'deleteTable' | 'enableTimeToLive'

/** The options each function has beside the driver's. */
const OWN_OPTIONS: Record<TableAction, readonly OwnOption[]> = {
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
 * Fill in defaults and environment, and check every option.
 *
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 */
export function resolveTable(
  action: TableAction,
  options: CreateTableOptions = {},
  env: Record<string, string | undefined> = process.env,
): ResolvedTable {
  if (!isObject(options)) throw invalidOption('options', 'must be an object')
  const own: readonly string[] = OWN_OPTIONS[action]
  for (const name of Object.keys(options)) {
    if (!(name in DRIVER_OPTIONS) && !own.includes(name)) {
      const known = [...own, ...Object.keys(DRIVER_OPTIONS)].join(', ')
      throw invalidOption(name, `is unknown; ${action} takes ${known}`)
    }
  }
  const driver = Object.fromEntries(Object.entries(options).filter(([name]) => name in DRIVER_OPTIONS))
  const { billing, maxWait = 300_000, onProgress, signal, tags = {} } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('signal', 'must be an AbortSignal')
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidOption('onProgress', 'must be a function')
  }
  if (typeof maxWait !== 'number' || !(maxWait >= 0)) {
    throw invalidOption('maxWait', 'must be a number of milliseconds, 0 or more')
  }
  checkBilling(billing)
  checkTags(tags)
  return {
    ...resolveOptions(driver, env),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    maxWait,
    billing,
    tags,
    userIndex: flag('userIndex', options.userIndex),
    pointInTimeRecovery: flag('pointInTimeRecovery', options.pointInTimeRecovery),
    deletionProtection: flag('deletionProtection', options.deletionProtection),
  }
}

function flag(option: string, value: unknown = false): boolean {
  if (typeof value !== 'boolean') throw invalidOption(option, 'must be true or false')
  return value
}

function checkBilling(billing: Billing | undefined): void {
  if (billing === undefined || billing === 'on-demand') return
  if (!isObject(billing)) throw invalidOption('billing', "must be 'on-demand' or { readUnits, writeUnits }")
  for (const name of ['readUnits', 'writeUnits'] as const) {
    const units = billing[name]
    if (!(typeof units === 'number' && Number.isSafeInteger(units) && units >= 1)) {
      throw invalidOption(`billing.${name}`, 'must be a whole number of units a second, 1 or more')
    }
  }
}

// The limits are DynamoDB's: 50 tags, keys of 1 to 128 characters, values of up to 256, `aws:` reserved.
function checkTags(tags: Record<string, string>): void {
  if (!isObject(tags)) throw invalidOption('tags', 'must be an object of names and values')
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

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

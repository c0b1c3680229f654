import type { Attributes } from '../../../drivers/dynamodb/config/attributes.ts'
import type { CreateTableOptions, TableOptions, WaitOptions } from '../../table/index.ts'
import { UsageError } from '../ui/usage-error.ts'
import type { Terminal } from '../ui/terminal.ts'
import type { Flag, FlagSet, Flags } from '../ui/flags.ts'

/** Name of the table. */
export const TABLE_FLAG: Flag = {
  type: 'string',
  valueHint: 'name',
  description: 'Table name. Default: $DYNAMODB_SESSIONS_TABLE_NAME, or `sessions`',
}

/** Region of the table. */
export const REGION_FLAG: Flag = {
  type: 'string',
  valueHint: 'name',
  description: 'AWS region. Default: $AWS_REGION',
}

/** Flags of every command that sends requests. */
export const TABLE_FLAGS: FlagSet = {
  table: TABLE_FLAG,
  region: REGION_FLAG,
  endpoint: {
    type: 'string',
    valueHint: 'url',
    description: 'Endpoint of dynalite or DynamoDB Local. Default: $AWS_ENDPOINT_URL_DYNAMODB, or AWS',
  },
}

/** Flags of every command. */
export const COMMON_FLAGS: FlagSet = {
  json: { type: 'boolean', description: 'Print the result as JSON' },
  help: { type: 'boolean', short: 'h', description: 'Print this help' },
}

/** Name of the attribute that time to live uses. */
export const EXPIRES_FLAG: FlagSet = {
  'expires-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the end of life. Default: `expire_date`',
  },
}

/** Names of the key attributes. */
export const KEY_FLAGS: FlagSet = {
  'key-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute that is the partition key. Default: `session_key`',
  },
  sort: {
    type: 'string',
    valueHint: 'name=value',
    description: 'Sort key, and its value in all session items (single-table design). Default: no sort key',
  },
}

/** Names of the attributes that belong to keys, indexes and time to live. */
export const ATTRIBUTE_FLAGS: FlagSet = {
  ...KEY_FLAGS,
  ...EXPIRES_FLAG,
  'user-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the owner, the partition key of `user-index`. Default: `user`',
  },
}

/** Maximum wait for DynamoDB. */
export const WAIT_FLAG: FlagSet = {
  'max-wait': {
    type: 'string',
    valueHint: 'seconds',
    description: 'Maximum wait for DynamoDB. Default: 300',
  },
}

/** A table without the index `user-index`. */
export const NO_USER_INDEX_FLAG: FlagSet = {
  'no-user-index': { type: 'boolean', description: 'Without the index `user-index`' },
}

/** Features of a new table. */
export const FEATURE_FLAGS: FlagSet = {
  'no-user-index': {
    type: 'boolean',
    description: 'Without the index `user-index`: listing or signing out a user then reads the whole table',
  },
  'read-units': {
    type: 'string',
    valueHint: 'n',
    description: 'Provisioned read units a second. Default: on demand',
  },
  'write-units': {
    type: 'string',
    valueHint: 'n',
    description: 'Provisioned write units a second. Default: on demand',
  },
  'point-in-time-recovery': { type: 'boolean', description: 'With continuous backups of 35 days' },
  'deletion-protection': { type: 'boolean', description: 'Make DynamoDB refuse to delete the table' },
  tags: { type: 'string', valueHint: 'a=1,b=2', description: 'Tags to add' },
}

/** The attributes that have a flag `--<role>-attribute`. */
const ROLES = ['key', 'value', 'expires', 'user'] as const

/** Time limits in ms. They are longer than the driver's defaults, because an operator may be far away from the region. */
const TIMEOUT = { connect: 5000, request: 30_000 }

/** Returns the table that the flags name, with its attributes. @throws {UsageError} */
export function tableOptions(flags: Flags): TableOptions {
  return {
    table: flags.text('table'),
    region: flags.text('region'),
    endpoint: flags.text('endpoint'),
    attributes: attributesOf(flags),
    timeout: TIMEOUT,
  }
}

/** Returns {@link tableOptions} with a maximum wait and progress messages. @throws {UsageError} */
export function waitOptions(flags: Flags, terminal: Terminal): WaitOptions {
  const seconds = flags.number('max-wait', 0)
  return {
    ...tableOptions(flags),
    maxWait: seconds && seconds * 1000,
    onProgress: (message) => terminal.log.start(message),
  }
}

/** Returns the features of {@link FEATURE_FLAGS}. @throws {UsageError} */
export function featureOptions(
  flags: Flags,
): Pick<CreateTableOptions, 'billing' | 'userIndex' | 'pointInTimeRecovery' | 'deletionProtection' | 'tags'> {
  const readUnits = flags.number('read-units', 1)
  const writeUnits = flags.number('write-units', 1)
  if ((readUnits === undefined) !== (writeUnits === undefined)) {
    throw new UsageError('`--read-units` and `--write-units` belong together: give both, or neither')
  }
  return {
    ...(readUnits !== undefined && writeUnits !== undefined && { billing: { readUnits, writeUnits } }),
    userIndex: !flags.on('no-user-index'),
    pointInTimeRecovery: flags.on('point-in-time-recovery'),
    deletionProtection: flags.on('deletion-protection'),
    tags: tagsOf(flags.text('tags')),
  }
}

function attributesOf(flags: Flags): Partial<Attributes> {
  const names = ROLES.flatMap((role) => {
    const name = flags.text(`${role}-attribute`)
    return name === undefined ? [] : [[role, name]]
  })
  const sort = flags.text('sort')
  return { ...Object.fromEntries(names), ...(sort !== undefined && { sort: sortOf(sort) }) }
}

function sortOf(text: string): Attributes['sort'] {
  const pair = splitPair(text)
  if (pair === undefined || pair[1] === '')
    throw new UsageError('`--sort` must be a name and a value, for example `sk=SESSION`')
  const [name, value] = pair
  return { name, value }
}

function tagsOf(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  const pairs = text.split(',').map((each) => {
    const pair = splitPair(each)
    if (pair === undefined)
      throw new UsageError('`--tags` must be names and values, for example `team=web,env=prod`')
    return pair
  })
  return Object.fromEntries(pairs)
}

/** Splits `name=value` at the first `=`. Returns `undefined` if there is no name. */
function splitPair(text: string): [name: string, value: string] | undefined {
  const at = text.indexOf('=')
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)]
}

import type { ArgsDef } from 'citty'
import type { Attributes } from '../../../drivers/dynamodb/attributes.ts'
import type { TableOptions, WaitOptions } from '../../table/index.ts'
import type { Flags } from './flags.ts'
import type { Terminal } from '../ui/terminal.ts'

/** Options every command about the table has. */
export const TABLE_FLAGS: ArgsDef = {
  table: {
    type: 'string',
    valueHint: 'name',
    description: 'Table name. Default: $DYNAMODB_SESSIONS_TABLE_NAME, else `sessions`',
  },
  region: { type: 'string', valueHint: 'name', description: 'AWS region. Default: $AWS_REGION' },
  endpoint: {
    type: 'string',
    valueHint: 'url',
    description: 'Endpoint, for dynalite or DynamoDB Local. Default: $AWS_ENDPOINT_URL_DYNAMODB, else AWS',
  },
}

/** Options that every command ends its list with. */
export const COMMON_FLAGS: ArgsDef = {
  json: { type: 'boolean', description: 'Print the result as JSON' },
  help: { type: 'boolean', alias: 'h', description: 'Print this help' },
}

export const EXPIRES_FLAG: ArgsDef = {
  'expires-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the end of life. Default: `expire_date`',
  },
}

export const ATTRIBUTE_FLAGS: ArgsDef = {
  'key-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute that is the hash key. Default: `session_key`',
  },
  ...EXPIRES_FLAG,
  'user-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the owner, hash key of the index. Default: `user`',
  },
}

/** The attributes that flags can name. */
const ROLES: readonly (keyof Attributes)[] = ['key', 'value', 'expires', 'user']

export const WAIT_FLAG: ArgsDef = {
  'max-wait': {
    type: 'string',
    valueHint: 'seconds',
    description: 'Longest time to wait for DynamoDB. Default: 300',
  },
}

/** ms. Somebody at a far end of the network waits longer than a request of an app may. */
const TIMEOUT = { connect: 5000, request: 30_000 }

/** The table meant, from flags that were given. */
export function tableOptions(flags: Flags): TableOptions {
  const attributes = ROLES.flatMap((role) => {
    const name = flags.text(`${role}-attribute`)
    return name === undefined ? [] : [[role, name]]
  })
  return {
    table: flags.text('table'),
    region: flags.text('region'),
    endpoint: flags.text('endpoint'),
    attributes: Object.fromEntries(attributes),
    timeout: TIMEOUT,
  }
}

/** The same, and how to wait. */
export function waitOptions(flags: Flags, terminal: Terminal): WaitOptions {
  const seconds = flags.number('max-wait', 0)
  return {
    ...tableOptions(flags),
    maxWait: seconds && seconds * 1000,
    onProgress: (message) => terminal.log.start(message),
  }
}

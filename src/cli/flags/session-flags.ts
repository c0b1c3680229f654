import dynamodb, { type DynamoDBDriver } from '../../../drivers/dynamodb.ts'
import { hashKey } from '../../../drivers/utils/errors.ts'
import { createSessionStore } from '../../store/create-store.ts'
import type { SessionHooks } from '../../core/hooks.ts'
import { isSessionId } from '../../core/id.ts'
import type { SessionStore } from '../../core/types.ts'
import { type Command } from '../ui/command.ts'
import { UsageError } from '../ui/usage-error.ts'
import type { Terminal } from '../ui/terminal.ts'
import type { Flag, FlagSet, Flags } from '../ui/flags.ts'
import { ATTRIBUTE_FLAGS, TABLE_FLAGS, tableOptions } from './table-flags.ts'

/** The driver's key prefix. */
export const BASE_FLAG: Flag = {
  type: 'string',
  valueHint: 'prefix',
  description: "The driver's option `base`. Default: none",
}

/** Flags of every command about sessions. */
export const SESSION_FLAGS: FlagSet = {
  ...TABLE_FLAGS,
  base: BASE_FLAG,
  ...ATTRIBUTE_FLAGS,
  'value-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the session. Default: `data`',
  },
}

/** Prints ids instead of hashes. */
export const REVEAL_FLAG: FlagSet = {
  reveal: {
    type: 'boolean',
    description: 'Print ids instead of their hashes. An id may be enough to use the session',
  },
}

/** The argument of commands about one session. */
export const ID_ARGUMENT: NonNullable<Command['argument']> = {
  name: 'ID',
  description:
    "The session's id, or the value of its cookie. `-` reads it from standard input, so that it is not in the shell's " +
    'history or in the list of processes',
}

/** Runs `work` with a store of the table that the flags name, and closes the driver afterwards. */
export async function withSessions<T>(
  flags: Flags,
  work: (store: SessionStore, driver: DynamoDBDriver) => Promise<T>,
  hooks: SessionHooks = {},
): Promise<T> {
  const driver = dynamodb(sessionOptions(flags))
  try {
    return await work(createSessionStore({ storage: driver, cache: false, hooks }), driver)
  } finally {
    await driver.dispose()
  }
}

/** Returns the table that the flags name, with the key prefix of its sessions. */
export function sessionOptions(flags: Flags): ReturnType<typeof tableOptions> {
  return { ...tableOptions(flags), base: flags.text('base') }
}

/** Returns the id from the argument or from standard input. @throws {UsageError} */
export async function readId(flags: Flags, terminal: Terminal): Promise<string> {
  if (flags.argument === undefined) {
    throw new UsageError('no session id: give one, or `-` to read it from standard input')
  }
  return toId(flags.argument === '-' ? await terminal.read('Session id (not shown):') : flags.argument)
}

/** Returns the id in an id or in the value of a cookie (`id.version.mac`). @throws {UsageError} */
export function toId(text: string): string {
  const [id] = text.trim().split('.')
  if (isSessionId(id)) return id
  throw new UsageError('this is not a session id: it must be 1 to 128 of A-Z, a-z, 0-9, `_` and `-`')
}

/** Returns the name of a session in output: the hash of its id, as in logs and hooks, or the id with `--reveal`. */
export function nameOf(id: string, flags: Flags): string {
  return flags.on('reveal') ? id : hashKey(id)
}

/** Returns the name of a session in JSON output. */
export function identityOf(id: string, flags: Flags): { keyHash: string; id?: string } {
  return { keyHash: hashKey(id), ...(flags.on('reveal') && { id }) }
}

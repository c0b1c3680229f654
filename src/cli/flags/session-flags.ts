import type { ArgsDef } from 'citty'
import dynamodb, { type DynamoDBDriver } from '../../../drivers/dynamodb.ts'
import { hashKey } from '../../../drivers/utils/errors.ts'
import { createSessionStore } from '../../session/create-store.ts'
import { isSessionId } from '../../session/id.ts'
import type { SessionHooks } from '../../session/hooks.ts'
import type { SessionStore } from '../../session/types.ts'
import { type Command, UsageError } from '../ui/command.ts'
import type { Flags } from './flags.ts'
import { ATTRIBUTE_FLAGS, TABLE_FLAGS, tableOptions } from './table-flags.ts'
import type { Terminal } from '../ui/terminal.ts'

/** Options every command about sessions has. */
export const SESSION_FLAGS: ArgsDef = {
  ...TABLE_FLAGS,
  base: { type: 'string', valueHint: 'prefix', description: "The driver's option `base`. Default: none" },
  ...ATTRIBUTE_FLAGS,
  'value-attribute': {
    type: 'string',
    valueHint: 'name',
    description: 'Attribute with the session itself. Default: `data`',
  },
}

export const REVEAL_FLAG: ArgsDef = {
  reveal: { type: 'boolean', description: 'Print whole ids: whoever has one may be able to use the session' },
}

export const ID_ARGUMENT: NonNullable<Command['argument']> = {
  name: 'ID',
  description:
    "The session's id, or the value of its cookie. `-` reads it from standard input, so that it stays out of the " +
    "shell's history and the list of processes",
}

/** Do something with the sessions of the table meant. */
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

/** The table meant, and the sessions in it. */
export function sessionOptions(flags: Flags): ReturnType<typeof tableOptions> {
  return { ...tableOptions(flags), base: flags.text('base') }
}

/** The id that is the argument, or comes on standard input. @throws {UsageError} */
export async function readId(flags: Flags, terminal: Terminal): Promise<string> {
  if (flags.argument === undefined) {
    throw new UsageError('which session? Give its id, or `-` and the id on standard input')
  }
  return toId(flags.argument === '-' ? await terminal.read('Session id (not shown):') : flags.argument)
}

/** An id, from itself or from the value of a cookie: `id.version.mac`. @throws {UsageError} */
export function toId(text: string): string {
  const [id] = text.trim().split('.')
  if (isSessionId(id)) return id
  throw new UsageError('this is no session id: it must be 1 to 128 of A-Z, a-z, 0-9, `_` and `-`')
}

/** What a session is called in output: its hash, as in logs and hooks, or its id where that was asked for. */
export function nameOf(id: string, flags: Flags): string {
  return flags.on('reveal') ? id : hashKey(id)
}

/** The same for JSON. */
export function identityOf(id: string, flags: Flags): { keyHash: string; id?: string } {
  return { keyHash: hashKey(id), ...(flags.on('reveal') && { id }) }
}

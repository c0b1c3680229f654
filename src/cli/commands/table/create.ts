import type { ArgsDef } from 'citty'
import { type CreateTableOptions, type CreateTableResult, createTable } from '../../../table/index.ts'
import { type Command, EXIT, UsageError } from '../../ui/command.ts'
import type { Flags } from '../../flags/flags.ts'
import type { Terminal } from '../../ui/terminal.ts'
import {
  ATTRIBUTE_FLAGS,
  COMMON_FLAGS,
  TABLE_FLAGS,
  WAIT_FLAG,
  waitOptions,
} from '../../flags/table-flags.ts'

/** Options of what a table has beside its key. */
export const MADE_FLAGS: ArgsDef = {
  'user-index': {
    type: 'boolean',
    description: "With the index `user-index`, to list and revoke a user's sessions",
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
  'deletion-protection': { type: 'boolean', description: 'Refuse deletion until that is turned off' },
  tags: { type: 'string', valueHint: 'a=1,b=2', description: 'Tags to add' },
}

export const create: Command = {
  name: 'table create',
  description: 'Create the table, or complete the one that is there, and wait until it is ready',
  flags: {
    ...TABLE_FLAGS,
    ...MADE_FLAGS,
    ...ATTRIBUTE_FLAGS,
    ...WAIT_FLAG,
    ...COMMON_FLAGS,
  },
  examples: [
    [
      'npx unsession table create --table sessions --region eu-west-1 --user-index',
      'The usual table, on demand',
    ],
    [
      'npx unsession table create --read-units 20 --write-units 10 --tags team=web,env=prod',
      'Provisioned, tagged',
    ],
    ['npx unsession table create --endpoint http://127.0.0.1:8000 --region local', 'In DynamoDB Local'],
  ],
  async run(flags, terminal) {
    const result = await createTable({ ...waitOptions(flags, terminal), ...madeOptions(flags) })
    if (terminal.json) terminal.printJson(result)
    else report(result, terminal)
    return EXIT.ok
  },
}

/** What a table is to have beside its key. @throws {UsageError} */
export function madeOptions(
  flags: Flags,
): Pick<CreateTableOptions, 'billing' | 'userIndex' | 'pointInTimeRecovery' | 'deletionProtection' | 'tags'> {
  const readUnits = flags.number('read-units', 1)
  const writeUnits = flags.number('write-units', 1)
  if ((readUnits === undefined) !== (writeUnits === undefined)) {
    throw new UsageError('`--read-units` and `--write-units` belong together: give both, or neither')
  }
  return {
    ...(readUnits !== undefined && writeUnits !== undefined && { billing: { readUnits, writeUnits } }),
    userIndex: flags.on('user-index'),
    pointInTimeRecovery: flags.on('point-in-time-recovery'),
    deletionProtection: flags.on('deletion-protection'),
    tags: parseTags(flags.text('tags')),
  }
}

function parseTags(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  const pairs = text.split(',').map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new UsageError('`--tags` must be names and values, as `team=web,env=prod`')
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

function report({ table, created, timeToLive, notes }: CreateTableResult, { log }: Terminal): void {
  log.success(created ? `Table \`${table}\` is created and ready` : `Table \`${table}\` is there and ready`)
  if (timeToLive === 'enabling') log.info('time to live is being enabled, which takes DynamoDB up to an hour')
  for (const note of notes) log.info(note)
}

import { type CreateTableResult, createTable } from '../../../table/index.ts'
import {
  ATTRIBUTE_FLAGS,
  COMMON_FLAGS,
  FEATURE_FLAGS,
  TABLE_FLAGS,
  WAIT_FLAG,
  featureOptions,
  waitOptions,
} from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import type { Terminal } from '../../ui/terminal.ts'

export const create: Command = {
  name: 'table create',
  description: 'Create the table, or add what an existing table lacks, and wait until it is ready',
  flags: {
    ...TABLE_FLAGS,
    ...FEATURE_FLAGS,
    ...ATTRIBUTE_FLAGS,
    ...WAIT_FLAG,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession table create --table sessions --region eu-west-1', 'The usual table, on demand'],
    [
      'npx unsession table create --read-units 20 --write-units 10 --tags team=web,env=prod',
      'Provisioned, with tags',
    ],
    ['npx unsession table create --key-attribute pk --sort sk=SESSION', 'With a sort key'],
    ['npx unsession table create --endpoint http://127.0.0.1:8000 --region local', 'In DynamoDB Local'],
  ],
  async run(flags, terminal) {
    const result = await createTable({ ...waitOptions(flags, terminal), ...featureOptions(flags) })
    if (terminal.json) terminal.printJson(result)
    else report(result, terminal)
    return EXIT.ok
  },
}

function report({ table, created, timeToLive, notes }: CreateTableResult, { log }: Terminal): void {
  log.success(created ? `Table \`${table}\` is created and ready` : `Table \`${table}\` exists and is ready`)
  if (timeToLive === 'enabling') log.info('DynamoDB is enabling time to live, which takes up to an hour')
  for (const note of notes) log.info(note)
}

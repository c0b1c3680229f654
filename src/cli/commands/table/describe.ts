import {
  type Billing,
  type IndexDescription,
  type KeyAttribute,
  type TableDescription,
  describeTable,
} from '../../../table/index.ts'
import {
  ATTRIBUTE_FLAGS,
  COMMON_FLAGS,
  NO_USER_INDEX_FLAG,
  TABLE_FLAGS,
  tableOptions,
} from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { formatBytes } from '../../ui/format.ts'
import type { Terminal } from '../../ui/terminal.ts'

export const describe: Command = {
  name: 'table describe',
  description: 'Describe the table and check that it fits; exit code 1 if it does not',
  flags: {
    ...TABLE_FLAGS,
    ...NO_USER_INDEX_FLAG,
    ...ATTRIBUTE_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession table describe --table sessions --region eu-west-1', 'Print and check the table'],
    [
      'npx unsession table describe --key-attribute id --json',
      'A table with another key attribute, for a script',
    ],
  ],
  async run(flags, terminal) {
    const description = await describeTable({
      ...tableOptions(flags),
      userIndex: !flags.on('no-user-index'),
    })
    if (terminal.json) terminal.printJson(description)
    else report(description, terminal)
    return description.mismatches.length === 0 ? EXIT.ok : EXIT.failed
  },
}

function report(description: TableDescription, terminal: Terminal): void {
  const { table, timeToLive, sortKey, mismatches, notes } = description
  terminal.print(terminal.heading(`Table ${table}`))
  const on = timeToLive.attribute === undefined ? '' : ` on ${timeToLive.attribute}`
  terminal.printTable([
    ['status', description.status],
    ['partition key', showKey(description.partitionKey)],
    ...(sortKey ? [['sort key', showKey(sortKey)] as [string, string]] : []),
    ['billing', showBilling(description.billing)],
    ['items', `${description.itemCount} (DynamoDB counts them every six hours)`],
    ['size', formatBytes(description.sizeBytes)],
    ['time to live', `${timeToLive.status}${on}`],
    ['deletion', description.deletionProtection ? 'protected' : 'not protected'],
    ...description.indexes.map((index) => ['index', showIndex(index)] as [string, string]),
  ])
  for (const note of notes) terminal.log.info(note)
  if (mismatches.length === 0) return terminal.log.success('The table fits')
  for (const { what, expected, found, fix } of mismatches) {
    terminal.print(`\n${terminal.heading(`Mismatch: ${what}`)}`)
    terminal.printTable([
      ['expected', expected],
      ['found', found],
      ['fix', fix],
    ])
  }
}

function showKey({ name, type }: KeyAttribute): string {
  return `${name} (${type})`
}

function showIndex({ name, partitionKey, sortKey, projection, status }: IndexDescription): string {
  const keys = [partitionKey, sortKey].filter((key) => key !== undefined).map(showKey)
  return `${name}: ${keys.join(', ')}, projection ${projection}, ${status}`
}

function showBilling(billing: Billing): string {
  if (billing === 'on-demand') return 'on demand'
  return `provisioned, ${billing.readUnits} read and ${billing.writeUnits} write units a second`
}

import { deleteTable, describeTable } from '../../../table/index.ts'
import { COMMON_FLAGS, TABLE_FLAGS, WAIT_FLAG, tableOptions, waitOptions } from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { UsageError } from '../../ui/usage-error.ts'

export const remove: Command = {
  name: 'table delete',
  description: 'Delete the table with all its items, and wait until it no longer exists',
  flags: {
    ...TABLE_FLAGS,
    yes: { type: 'boolean', short: 'y', description: "Do not ask for the table's name first" },
    ...WAIT_FLAG,
    ...COMMON_FLAGS,
  },
  examples: [
    [
      'npx unsession table delete --table sessions-test --region eu-west-1',
      "After asking for the table's name",
    ],
    ['npx unsession table delete --table sessions-test --yes', 'In a script'],
  ],
  async run(flags, terminal) {
    if (!flags.on('yes')) {
      if (terminal.json || !terminal.interactive) {
        throw new UsageError(
          'cannot ask for confirmation; pass `--yes` to delete the table with all its items',
        )
      }
      const { table, itemCount } = await describeTable(tableOptions(flags))
      terminal.print(`This deletes table ${table} with all its items (about ${itemCount}), for good.`)
      if ((await terminal.ask("Type the table's name to continue:")).trim() !== table) {
        terminal.log.error('Wrong name; nothing was deleted')
        return EXIT.failed
      }
    }
    const deleted = await deleteTable(waitOptions(flags, terminal))
    if (terminal.json) terminal.printJson({ deleted })
    else if (deleted) terminal.log.success('The table is deleted')
    else terminal.log.info('There was no such table')
    return EXIT.ok
  },
}

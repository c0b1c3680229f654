import { deleteTable, describeTable } from '../../../table/index.ts'
import { type Command, EXIT, UsageError } from '../../ui/command.ts'
import { COMMON_FLAGS, TABLE_FLAGS, WAIT_FLAG, tableOptions, waitOptions } from '../../flags/table-flags.ts'

export const remove: Command = {
  name: 'table delete',
  description: 'Delete the table with all its items, and wait until it is gone',
  flags: {
    ...TABLE_FLAGS,
    yes: { type: 'boolean', alias: 'y', description: "Do not ask for the table's name first" },
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
        throw new UsageError('there is nobody to ask; pass `--yes` to delete the table with all its items')
      }
      const { table, itemCount } = await describeTable(tableOptions(flags))
      terminal.print(`This deletes table ${table} with all its items (about ${itemCount}), for good.`)
      if ((await terminal.ask("Type the table's name to go on:")).trim() !== table) {
        terminal.log.error('That is not its name; nothing was deleted')
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

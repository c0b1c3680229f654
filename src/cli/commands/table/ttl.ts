import { enableTimeToLive } from '../../../table/index.ts'
import { COMMON_FLAGS, EXPIRES_FLAG, TABLE_FLAGS, WAIT_FLAG, waitOptions } from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'

export const ttl: Command = {
  name: 'table ttl',
  description: 'Enable time to live, so that DynamoDB deletes expired items',
  flags: { ...TABLE_FLAGS, ...EXPIRES_FLAG, ...WAIT_FLAG, ...COMMON_FLAGS },
  examples: [
    ['npx unsession table ttl --table sessions --region eu-west-1', 'Safe to repeat'],
    ['npx unsession table ttl --expires-attribute expires', 'On another attribute'],
  ],
  async run(flags, terminal) {
    const result = await enableTimeToLive(waitOptions(flags, terminal))
    const { attribute, timeToLive, changed } = result
    if (terminal.json) terminal.printJson(result)
    else if (timeToLive === 'enabling') {
      terminal.log.success(`DynamoDB is enabling time to live on \`${attribute}\`, which takes up to an hour`)
    } else {
      terminal.log.success(`Time to live ${changed ? 'is' : 'was already'} enabled on \`${attribute}\``)
    }
    return EXIT.ok
  },
}

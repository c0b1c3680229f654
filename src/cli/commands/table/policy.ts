import { resolveOptions } from '../../../../drivers/dynamodb/config/options.ts'
import { type PolicyPurpose, PURPOSES, iamPolicy } from '../../../table/iac/policy.ts'
import { COMMON_FLAGS, NO_USER_INDEX_FLAG, REGION_FLAG, TABLE_FLAG } from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { UsageError } from '../../ui/usage-error.ts'

export const policy: Command = {
  name: 'table policy',
  description: 'Print an IAM policy with the least rights for the given work; sends no request',
  flags: {
    for: {
      type: 'string',
      valueHint: 'a,b',
      description:
        'The work to allow: `run-time` (an app), `operator` (list, show, stats, destroy), `clear-expired`, ' +
        '`admin` (the table commands). Default: run-time',
    },
    table: { ...TABLE_FLAG, description: `${TABLE_FLAG.description}. An ARN is accepted, too` },
    region: REGION_FLAG,
    account: { type: 'string', valueHint: 'digits', description: 'AWS account, 12 digits' },
    ...NO_USER_INDEX_FLAG,
    conditional: { type: 'boolean', description: 'For `clear-expired --conditional`' },
    ...COMMON_FLAGS,
    json: { type: 'boolean', description: 'No effect: a policy is JSON' },
  },
  examples: [
    ['npx unsession table policy --table sessions --region eu-west-1 --account 123456789012', 'For an app'],
    [
      'npx unsession table policy --for run-time,clear-expired --table arn:aws:dynamodb:eu-west-1:123456789012:table/sessions',
      'For an app that also deletes expired items',
    ],
  ],
  async run(flags, terminal) {
    const { table, region } = resolveOptions({ table: flags.text('table'), region: flags.text('region') })
    terminal.printJson(
      iamPolicy({
        for: parsePurposes(flags.text('for')),
        table,
        region,
        account: flags.text('account'),
        userIndex: !flags.on('no-user-index'),
        conditional: flags.on('conditional'),
      }),
    )
    return EXIT.ok
  },
}

function parsePurposes(text = 'run-time'): PolicyPurpose[] {
  return text.split(',').map((name) => {
    const purpose = PURPOSES.find((each) => each === name.trim())
    if (purpose === undefined) throw new UsageError(`\`--for\` must be one or more of ${PURPOSES.join(', ')}`)
    return purpose
  })
}

import { resolveOptions } from '../../../../drivers/dynamodb/options.ts'
import { type PolicyPurpose, PURPOSES, iamPolicy } from '../../../table/iac/policy.ts'
import { type Command, EXIT, UsageError } from '../../ui/command.ts'
import { COMMON_FLAGS } from '../../flags/table-flags.ts'

export const policy: Command = {
  name: 'table policy',
  description: 'Print the least rights for what is asked for, as a policy of IAM; calls nothing',
  flags: {
    for: {
      type: 'string',
      valueHint: 'a,b',
      description:
        'What it is to allow: `run-time` (an app), `operator` (list, show, stats, destroy), `cleanup` (clear-expired), ' +
        '`admin` (the table). Default: run-time',
    },
    table: {
      type: 'string',
      valueHint: 'name',
      description: 'Table name, or its ARN. Default: $DYNAMODB_SESSIONS_TABLE_NAME, else `sessions`',
    },
    region: { type: 'string', valueHint: 'name', description: 'AWS region. Default: $AWS_REGION' },
    account: { type: 'string', valueHint: 'digits', description: 'AWS account, 12 digits' },
    'user-index': { type: 'boolean', description: "With the index `user-index`, for a user's sessions" },
    conditional: { type: 'boolean', description: 'For `clear-expired --conditional`' },
    ...COMMON_FLAGS,
    json: { type: 'boolean', description: 'Changes nothing: a policy is JSON' },
  },
  examples: [
    ['npx unsession table policy --table sessions --region eu-west-1 --account 123456789012', 'For an app'],
    [
      'npx unsession table policy --for run-time,cleanup --user-index --table arn:aws:dynamodb:eu-west-1:123456789012:table/sessions',
      'For an app that lists by user and also cleans up',
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
        userIndex: flags.on('user-index'),
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

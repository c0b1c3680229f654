import { resolveOptions } from '../../../../drivers/dynamodb/config/options.ts'
import { TEMPLATE_FORMATS, type TemplateFormat, tableTemplate } from '../../../table/iac/template.ts'
import {
  ATTRIBUTE_FLAGS,
  COMMON_FLAGS,
  FEATURE_FLAGS,
  TABLE_FLAG,
  featureOptions,
  tableOptions,
} from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { UsageError } from '../../ui/usage-error.ts'

export const template: Command = {
  name: 'table template',
  description: 'Print the table as infrastructure code; sends no request',
  flags: {
    format: {
      type: 'string',
      valueHint: 'name',
      description: '`cloudformation`, `cloudformation-json`, `cdk` or `terraform`. Default: cloudformation',
    },
    table: TABLE_FLAG,
    ...FEATURE_FLAGS,
    encryption: {
      type: 'string',
      valueHint: 'key',
      description: '`aws-owned`, `aws-managed` or the ARN of a KMS key. Default: aws-owned',
    },
    ...ATTRIBUTE_FLAGS,
    ...COMMON_FLAGS,
    json: { type: 'boolean', description: 'CloudFormation as JSON; other formats as text in an object' },
  },
  examples: [
    ['npx unsession table template > sessions.yml', 'For `aws cloudformation deploy`'],
    ['npx unsession table template --format cdk --point-in-time-recovery', 'A stack of the AWS CDK'],
    ['npx unsession table template --format terraform --read-units 20 --write-units 10', 'Provisioned'],
  ],
  async run(flags, terminal) {
    const { attributes } = tableOptions(flags)
    const format = parseFormat(flags.text('format'))
    const asJson = terminal.json && format === 'cloudformation'
    const text = tableTemplate({
      ...featureOptions(flags),
      format: asJson ? 'cloudformation-json' : format,
      table: resolveOptions({ table: flags.text('table') }).table,
      attributes,
      encryption: flags.text('encryption'),
    })
    if (terminal.json && !asJson) terminal.printJson({ format, template: text })
    else terminal.print(text.trimEnd())
    return EXIT.ok
  },
}

function parseFormat(name = 'cloudformation'): TemplateFormat {
  const format = TEMPLATE_FORMATS.find((each) => each === name)
  if (format === undefined) throw new UsageError(`\`--format\` must be one of ${TEMPLATE_FORMATS.join(', ')}`)
  return format
}

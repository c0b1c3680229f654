import { invalidOption } from '../../../drivers/utils/errors.ts'
import { type CreateTableOptions, checkIsObject, resolveTable } from '../manage/options.ts'
import { cdk } from './cdk.ts'
import { cloudFormation } from './cloudformation.ts'
import type { TemplateSettings } from './settings.ts'
import { terraform } from './terraform.ts'

/**
 * The language of a template.
 *
 * - `cloudformation`: AWS CloudFormation in YAML
 * - `cloudformation-json`: the same in JSON
 * - `cdk`: a stack of the AWS CDK v2 in TypeScript
 * - `terraform`: a resource of Terraform's AWS provider in HCL
 */
export type TemplateFormat = 'cloudformation' | 'cloudformation-json' | 'cdk' | 'terraform'

/** Options of {@link tableTemplate}: the features of `createTable`, the format and the encryption. */
export interface TableTemplateOptions extends Pick<
  CreateTableOptions,
  'attributes' | 'billing' | 'userIndex' | 'pointInTimeRecovery' | 'deletionProtection' | 'tags'
> {
  /** Language of the template. Default `cloudformation`. */
  format?: TemplateFormat
  /** Name of the table. Default `sessions`. */
  table?: string
  /** The key that encrypts the table: `aws-owned` (default), `aws-managed`, or the ARN of a KMS key. */
  encryption?: string
}

const WRITERS: Record<TemplateFormat, (settings: TemplateSettings) => string> = {
  cloudformation: (settings) => cloudFormation(settings, 'yaml'),
  'cloudformation-json': (settings) => cloudFormation(settings, 'json'),
  cdk,
  terraform,
}

/** All template formats. */
export const TEMPLATE_FORMATS: readonly TemplateFormat[] = [
  'cloudformation',
  'cloudformation-json',
  'cdk',
  'terraform',
]

/**
 * Returns the table as infrastructure code: the same table that `createTable` creates with these options. Sends no request.
 *
 * @param options - see {@link TableTemplateOptions}; all optional
 * @returns the content of a file
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and the fix
 * @example
 * ```ts
 * await writeFile('sessions.yml', tableTemplate({ table: 'sessions', pointInTimeRecovery: true }))
 * ```
 */
export function tableTemplate(options: TableTemplateOptions = {}): string {
  checkIsObject(options)
  const { format = 'cloudformation', encryption = 'aws-owned', table = 'sessions', ...rest } = options
  if (!isFormat(format)) throw invalidOption('format', `must be one of ${TEMPLATE_FORMATS.join(', ')}`)
  if (!/^(aws-owned|aws-managed|arn:[\w-]+:kms:[\w-]+:\d{12}:(key|alias)\/[\w/-]+)$/.test(encryption)) {
    throw invalidOption('encryption', 'must be `aws-owned`, `aws-managed` or the ARN of a KMS key')
  }
  if (table.startsWith('arn:')) throw invalidOption('table', 'must be the name of the new table, not an ARN')
  const settings = resolveTable('createTable', { table, ...rest }, {})
  return WRITERS[format]({ ...settings, encryption })
}

function isFormat(format: string): format is TemplateFormat {
  return TEMPLATE_FORMATS.some((each) => each === format)
}

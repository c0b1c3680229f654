import { USER_INDEX } from '../../../drivers/dynamodb/config/attributes.ts'
import { keyNames } from '../manage/requests.ts'
import { type TemplateSettings, keyArn } from './settings.ts'

/** An entry of a block: an assignment, or a nested block. */
type Entry = [name: string, value: string | number | boolean | Record<string, string>] | Block
interface Block {
  block: string
  entries: Entry[]
}

/** Returns a resource of Terraform's AWS provider. */
export function terraform(settings: TemplateSettings): string {
  const { table, attributes, billing, userIndex, encryption, pointInTimeRecovery, tags } = settings
  const arn = keyArn(settings)
  const units: Entry[] =
    billing === undefined || billing === 'on-demand'
      ? []
      : [
          ['read_capacity', billing.readUnits],
          ['write_capacity', billing.writeUnits],
        ]
  const attribute = (name: string): Block => ({
    block: 'attribute',
    entries: [
      ['name', name],
      ['type', 'S'],
    ],
  })
  const entries: Entry[] = [
    ['name', table],
    ['billing_mode', units.length === 0 ? 'PAY_PER_REQUEST' : 'PROVISIONED'],
    ...units,
    ['hash_key', attributes.key],
    ...(attributes.sort ? [['range_key', attributes.sort.name] satisfies Entry] : []),
    ...(settings.deletionProtection ? [['deletion_protection_enabled', true] satisfies Entry] : []),
    ...(Object.keys(tags).length > 0 ? [['tags', tags] satisfies Entry] : []),
    ...keyNames(attributes, userIndex ? [attributes.user] : []).map(attribute),
    {
      block: 'ttl',
      entries: [
        ['attribute_name', attributes.expires],
        ['enabled', true],
      ],
    },
    ...(userIndex
      ? [
          {
            block: 'global_secondary_index',
            entries: [
              ['name', USER_INDEX],
              ['hash_key', attributes.user],
              ['projection_type', 'KEYS_ONLY'],
              ...units,
            ] satisfies Entry[],
          },
        ]
      : []),
    ...(pointInTimeRecovery
      ? [{ block: 'point_in_time_recovery', entries: [['enabled', true]] satisfies Entry[] }]
      : []),
    ...(encryption === 'aws-owned'
      ? []
      : [
          {
            block: 'server_side_encryption',
            entries: [
              ['enabled', true],
              ...(arn === undefined ? [] : [['kms_key_arn', arn] satisfies Entry]),
            ] satisfies Entry[],
          },
        ]),
  ]
  const output = 'output "sessions_table_arn" {\n  value = aws_dynamodb_table.sessions.arn\n}'
  return `${write({ block: 'resource "aws_dynamodb_table" "sessions"', entries })}\n\n${output}\n`
}

/** Returns a block in the layout of `terraform fmt`: aligned equal signs, and an empty line before each block. */
function write({ block, entries }: Block): string {
  const values = entries.filter((entry) => Array.isArray(entry))
  const widest = Math.max(
    0,
    ...values.filter(([, value]) => typeof value !== 'object').map(([name]) => name.length),
  )
  const lines = entries.map((entry) => {
    if (!Array.isArray(entry)) return `\n${write(entry)}`
    const [name, value] = entry
    if (typeof value !== 'object') return `${name.padEnd(widest)} = ${literal(value)}`
    const pairs = Object.entries(value).map(([key, held]) => `  ${literal(key)} = ${literal(held)}`)
    return `\n${name} = {\n${pairs.join('\n')}\n}`
  })
  return `${block} {\n${lines.join('\n').replaceAll(/^(?=.)/gm, '  ')}\n}`
}

/** Returns a literal. In text, `${` and `%{` are escaped, because they begin an interpolation. */
function literal(value: string | number | boolean): string {
  return JSON.stringify(value).replaceAll(/[$%](?=\{)/g, '$&$&')
}

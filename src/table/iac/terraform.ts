import { USER_INDEX } from '../../../drivers/dynamodb/attributes.ts'
import { type TemplateSettings, keyArn } from './settings.ts'

/** What may stand in a block: a value to assign, or a block. */
type Entry = [name: string, value: string | number | boolean | Record<string, string>] | Block
interface Block {
  block: string
  entries: Entry[]
}

/** A resource of Terraform's AWS provider. */
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
    ...(settings.deletionProtection ? [['deletion_protection_enabled', true] satisfies Entry] : []),
    ...(Object.keys(tags).length > 0 ? [['tags', tags] satisfies Entry] : []),
    attribute(attributes.key),
    ...(userIndex ? [attribute(attributes.user)] : []),
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
              ['projection_type', 'ALL'],
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

/** A block in the layout of `terraform fmt`: equal signs of neighbours aligned, blocks apart. */
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

/** A literal; in text, what would begin an interpolation is doubled. */
function literal(value: string | number | boolean): string {
  return JSON.stringify(value).replaceAll(/[$%](?=\{)/g, '$&$&')
}

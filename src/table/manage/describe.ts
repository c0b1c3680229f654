import { withTable } from './client.ts'
import { type TableFacts, toFacts } from './table-facts.ts'
import { type Mismatch, findMismatches } from './mismatches.ts'
import { type DescribeTableOptions, resolveTable } from './options.ts'

/** A table, and where it is not what the configured attributes need. */
export interface TableDescription extends TableFacts {
  /** Empty when the table fits. */
  mismatches: Mismatch[]
}

/**
 * Describe the table and compare it with the configured attributes. Changes nothing.
 *
 * @param options - see {@link DescribeTableOptions}
 * @throws {UnsessionError} `TABLE_NOT_FOUND` when there is none; and as the driver
 * @example
 * ```ts
 * const { status, mismatches } = await describeTable({ table: 'sessions', userIndex: true })
 * for (const { what, found, fix } of mismatches) console.warn(`${what} is ${found}: ${fix}`)
 * ```
 */
export async function describeTable(options: DescribeTableOptions = {}): Promise<TableDescription> {
  const settings = resolveTable('describeTable', options)
  const { table, attributes, userIndex } = settings
  return withTable(settings, async (client) => {
    const described = await client.describeExisting()
    const facts = toFacts(table, described, await client.timeToLive())
    return { ...facts, mismatches: findMismatches(facts, attributes, userIndex) }
  })
}

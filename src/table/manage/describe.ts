import { withTable } from './client.ts'
import { type Mismatch, findMismatches } from './mismatches.ts'
import { type DescribeTableOptions, resolveTable } from './options.ts'
import { type TableState, indexNotes, toTableState } from './table-state.ts'

/** A table, and its differences from the configured attributes. */
export interface TableDescription extends TableState {
  /** The differences that need a fix. Empty if the table fits. */
  mismatches: Mismatch[]
  /** The extra cost of an index, as sentences. Empty if there is none. */
  notes: string[]
}

/**
 * Describes the table and compares it with the configured attributes. Changes nothing.
 *
 * @param options - see {@link DescribeTableOptions}; all optional
 * @returns the table's keys, billing, size, indexes and time to live, with mismatches and notes
 * @throws {UnsessionError} `TABLE_NOT_FOUND` if there is no such table; `INVALID_OPTION`; and the driver's errors
 * @example
 * ```ts
 * const { status, mismatches } = await describeTable({ table: 'sessions' })
 * for (const { what, found, fix } of mismatches) console.warn(`${what} is ${found}: ${fix}`)
 * ```
 */
export async function describeTable(options: DescribeTableOptions = {}): Promise<TableDescription> {
  const settings = resolveTable('describeTable', options)
  const { table, attributes, userIndex } = settings
  return withTable(settings, async (client) => {
    const described = await client.describeExisting()
    const state = toTableState(table, described, await client.timeToLive())
    return { ...state, mismatches: findMismatches(state, attributes, userIndex), notes: indexNotes(state) }
  })
}

import { UnsessionError } from '../../../drivers/utils/errors.ts'
import { type TableClient, isBusy, isMissing, withTable } from './client.ts'
import { type WaitOptions, resolveTable } from './options.ts'

/**
 * Deletes the table with all its items, and waits until it no longer exists.
 *
 * @param options - see {@link WaitOptions}; all optional
 * @returns `false` if there was no such table
 * @throws {UnsessionError} `INVALID_REQUEST` if the table is protected from deletion; `TIMEOUT` after `maxWait`;
 * `INVALID_OPTION`; and the driver's errors
 * @example
 * ```ts
 * const existed = await deleteTable({ table: 'sessions-test', region: 'eu-west-1' })
 * ```
 */
export async function deleteTable(options: WaitOptions = {}): Promise<boolean> {
  const settings = resolveTable('deleteTable', options)
  return withTable(settings, (client) => {
    let first: number | undefined
    let requested = false
    return client.poll<boolean>(async () => {
      const described = await client.describe()
      if (described === undefined) return { done: first !== undefined }
      const created = described.CreationDateTime?.getTime() ?? 0
      first ??= created
      // A table of the same name that was created in the meantime must not be deleted.
      if (created !== first) return { done: true }
      if (described.DeletionProtectionEnabled) throw protectedError(settings.table)
      if (!requested && described.TableStatus !== 'DELETING') {
        client.report('deleting the table')
        requested = await requestDeletion(client)
      }
      return { waiting: requested ? 'table is being deleted' : `table is ${described.TableStatus}` }
    })
  })
}

/** Requests the deletion. Returns `false` while DynamoDB is busy with another change of the table. */
async function requestDeletion(client: TableClient): Promise<boolean> {
  try {
    await client.call('DeleteTable', { TableName: client.settings.table })
    return true
  } catch (error) {
    if (isMissing(error)) return true
    if (isBusy(error)) return false
    throw error
  }
}

function protectedError(table: string): UnsessionError {
  return new UnsessionError(
    'INVALID_REQUEST',
    `table \`${table}\` is protected from deletion; turn the protection off first: ` +
      `\`aws dynamodb update-table --table-name ${table} --no-deletion-protection-enabled\``,
    { table },
  )
}

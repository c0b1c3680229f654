import { resolveOptions } from '../../../../drivers/dynamodb/config/options.ts'
import { UnsessionError } from '../../../../drivers/utils/errors.ts'
import {
  type ClearExpiredTableOptions,
  type DynamoDBClearExpiredResult,
  type ClearExpiredState,
  clearExpired as clear,
  describeTable,
} from '../../../table/index.ts'
import { BASE_FLAG } from '../../flags/session-flags.ts'
import { COMMON_FLAGS, EXPIRES_FLAG, KEY_FLAGS, TABLE_FLAGS, tableOptions } from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { UsageError } from '../../ui/usage-error.ts'
import { count, formatNumber, formatSpan } from '../../ui/format.ts'
import { wrap } from '../../ui/layout.ts'
import type { Terminal } from '../../ui/terminal.ts'
import { Interruption, interruptible } from './interrupt.ts'
import { ProgressDisplay } from './progress.ts'
import { type StateFile, keepState, openState, removeState, saveState } from './state.ts'

export const clearExpired: Command = {
  name: 'clear-expired',
  description: 'Delete expired items that DynamoDB has not deleted yet; can be interrupted and resumed',
  flags: {
    grace: {
      type: 'string',
      valueHint: 'seconds',
      description: 'Delete only items that expired at least this long ago. Default: 60',
    },
    'max-capacity': {
      type: 'string',
      valueHint: 'n',
      description:
        'Maximum capacity units a second, read and write units counted together. Default: no limit',
    },
    segments: { type: 'string', valueHint: 'n', description: 'Segments scanned in parallel. Default: 4' },
    conditional: {
      type: 'boolean',
      description:
        'Check again with each delete. For keys that are used again after they expired, unlike ids',
    },
    'dry-run': { type: 'boolean', description: 'Count the items, and delete nothing' },
    yes: { type: 'boolean', short: 'y', description: 'Do not ask first' },
    resume: {
      type: 'string',
      valueHint: 'file',
      description:
        'Keep the progress in this file, and continue from it if it exists. It contains session ids',
    },
    ...TABLE_FLAGS,
    base: BASE_FLAG,
    ...KEY_FLAGS,
    ...EXPIRES_FLAG,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession clear-expired --table sessions --region eu-west-1', 'After asking'],
    ['npx unsession clear-expired --dry-run', 'Count the expired items'],
    [
      'npx unsession clear-expired --yes --max-capacity 50 --resume /var/lib/app/clear-expired.json',
      'Every night, slowly, continuing where the last run was interrupted',
    ],
  ],
  async run(flags, terminal) {
    const path = flags.text('resume')
    const options: ClearExpiredTableOptions = {
      ...tableOptions(flags),
      base: flags.text('base'),
      grace: flags.number('grace', 0),
      maxCapacity: flags.number('max-capacity', 1),
      segments: flags.count('segments', 1),
      conditional: flags.on('conditional'),
      dryRun: flags.on('dry-run'),
    }
    const mayDelete = flags.on('dry-run') || flags.on('yes') || (await isConfirmed(options, terminal))
    if (!mayDelete) {
      terminal.log.error('Nothing was deleted')
      return EXIT.failed
    }
    return runDeletion(options, path === undefined ? undefined : openState(path), terminal)
  },
}

async function isConfirmed(options: ClearExpiredTableOptions, terminal: Terminal): Promise<boolean> {
  if (terminal.json || !terminal.interactive) {
    throw new UsageError('cannot ask for confirmation; pass `--yes` to delete, or `--dry-run` to count')
  }
  const { grace = 60, table, region, endpoint, base } = options
  const size = await describeSize({ table, region, endpoint })
  const below = base === undefined ? '' : ` below ${base}`
  const what =
    `This deletes items that expired more than ${count(grace, 'second')} ago from table ` +
    `${resolveOptions({ table }).table}${below}${size}. Live sessions stay.`
  terminal.print(wrap(what, terminal.width).join('\n'))
  return /^y(es)?$/i.test((await terminal.ask('Continue? (yes/no)')).trim())
}

/** Returns the table's number of items as a relative clause. Empty if the credentials do not allow DescribeTable. */
async function describeSize(options: ClearExpiredTableOptions): Promise<string> {
  try {
    const { itemCount } = await describeTable(options)
    // DynamoDB has not counted the items of a new table yet.
    return itemCount === 0 ? '' : `, which has about ${count(itemCount, 'item')}`
  } catch (error) {
    if (error instanceof UnsessionError && error.code === 'ACCESS_DENIED') return ''
    throw error
  }
}

async function runDeletion(
  options: ClearExpiredTableOptions,
  file: StateFile | undefined,
  terminal: Terminal,
): Promise<number> {
  const isDryRun = options.dryRun === true
  const state: Partial<ClearExpiredState> = file?.state ?? {}
  if (file?.isResumed) {
    terminal.log.info(`Continuing after ${count(state.scanned ?? 0, 'item')} scanned earlier`)
  }
  const display = new ProgressDisplay(terminal, isDryRun)
  const keep = (): void => {
    if (file) keepState(file)
  }
  const saveOften = oncePerSecond(() => file && saveState(file))
  const work = (signal: AbortSignal): Promise<DynamoDBClearExpiredResult> =>
    clear({
      ...options,
      resume: state,
      signal,
      onProgress: (progress) => {
        saveOften()
        display.show(progress)
      },
    })
  const onInterrupt = (): void => {
    display.end()
    terminal.log.info('Waiting for the requests in flight; press Ctrl-C again to stop immediately')
  }
  try {
    const result = await interruptible(work, onInterrupt, keep)
    if (file) removeState(file)
    display.end()
    report(result, 'done', isDryRun, file, terminal)
    return EXIT.ok
  } catch (error) {
    keep()
    display.end()
    if (error instanceof Interruption) {
      const { scanned = 0, expired = 0, deleted = 0, units = 0, duration = 0 } = state
      report({ scanned, expired, deleted, units, duration }, 'interrupted', isDryRun, file, terminal)
      return error.exitCode
    }
    const isInvalid = error instanceof UnsessionError && error.code === 'INVALID_OPTION'
    if (file && (state.scanned ?? 0) > 0 && !isInvalid)
      terminal.log.info(`The progress is kept in ${file.path}: the same command continues from it`)
    throw error
  }
}

function report(
  result: DynamoDBClearExpiredResult,
  end: 'done' | 'interrupted',
  isDryRun: boolean,
  file: StateFile | undefined,
  terminal: Terminal,
): void {
  const { scanned, expired, deleted, units, duration } = result
  if (terminal.json) {
    const resume = end === 'interrupted' && file ? { resume: file.path } : {}
    return terminal.printJson({ done: end === 'done', dryRun: isDryRun, ...result, ...resume })
  }
  const what = isDryRun
    ? `${count(expired, 'expired item')} found, none deleted`
    : `${count(deleted, 'expired item')} deleted`
  if (end === 'done') terminal.log.success(what)
  else terminal.log.warn(`Interrupted: ${what} so far`)
  const renewed = isDryRun ? 0 : expired - deleted
  terminal.printTable([
    ['scanned', count(scanned, 'item')],
    ...(renewed > 0
      ? [['not deleted', `${count(renewed, 'item')} that were renewed`] as [string, string]]
      : []),
    ['used', `${formatNumber(units, 1)} capacity units`],
    ['took', duration < 10_000 ? `${formatNumber(duration / 1000, 1)} s` : formatSpan(duration)],
  ])
  if (end === 'done') return
  terminal.log.info(
    file === undefined
      ? 'Run it again to delete the rest. With `--resume <file>` it continues where it stopped'
      : `Run the same command to continue from ${file.path}`,
  )
}

/** Returns a function that calls `act` at most once a second. */
function oncePerSecond(act: () => unknown): () => void {
  let last = -Infinity
  return () => {
    const now = performance.now()
    if (now - last < 1000) return
    last = now
    act()
  }
}

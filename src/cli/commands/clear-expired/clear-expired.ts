import { resolveOptions } from '../../../../drivers/dynamodb/options.ts'
import { UnsessionError } from '../../../../drivers/utils/errors.ts'
import {
  type ClearExpiredOptions,
  type SweepResult,
  type SweepState,
  clearExpired as clear,
  describeTable,
} from '../../../table/index.ts'
import { Interruption, interruptible } from './interrupt.ts'
import { ProgressDisplay } from './progress.ts'
import { type StateFile, openState, keepState, removeState, saveState } from './state.ts'
import { type Command, EXIT, UsageError } from '../../ui/command.ts'
import { count, formatNumber, formatSpan } from '../../ui/format.ts'
import { wrap } from '../../ui/layout.ts'
import { ATTRIBUTE_FLAGS, COMMON_FLAGS, TABLE_FLAGS, tableOptions } from '../../flags/table-flags.ts'
import type { Terminal } from '../../ui/terminal.ts'

/** Whose sessions they are makes no difference. */
const { 'user-attribute': _user, ...KEY_AND_EXPIRES } = ATTRIBUTE_FLAGS

export const clearExpired: Command = {
  name: 'clear-expired',
  description: 'Delete what has expired and DynamoDB has not deleted yet; it can be interrupted and resumed',
  flags: {
    grace: {
      type: 'string',
      valueHint: 'seconds',
      description: 'Only what has been expired for so long. Default: 60',
    },
    'max-capacity': {
      type: 'string',
      valueHint: 'n',
      description: 'Use at most n capacity units a second, reads and writes together. Default: no limit',
    },
    segments: { type: 'string', valueHint: 'n', description: 'Segments scanned side by side. Default: 4' },
    conditional: {
      type: 'boolean',
      description:
        'Check again with each delete. For keys that are used again after they expired; session ids are not',
    },
    'dry-run': { type: 'boolean', description: 'Count what would be deleted, and delete nothing' },
    yes: { type: 'boolean', alias: 'y', description: 'Do not ask first' },
    resume: {
      type: 'string',
      valueHint: 'file',
      description:
        'Keep in this file how far it is, and go on from there if it exists. It has session ids in it',
    },
    ...TABLE_FLAGS,
    base: { type: 'string', valueHint: 'prefix', description: "The driver's option `base`. Default: none" },
    ...KEY_AND_EXPIRES,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession clear-expired --table sessions --region eu-west-1', 'After asking'],
    ['npx unsession clear-expired --dry-run', 'How many there are'],
    [
      'npx unsession clear-expired --yes --max-capacity 50 --resume /var/lib/app/sweep.json',
      'Every night: gently, and going on where the last run was interrupted',
    ],
  ],
  async run(flags, terminal) {
    const path = flags.text('resume')
    const options: ClearExpiredOptions = {
      ...tableOptions(flags),
      base: flags.text('base'),
      grace: flags.number('grace', 0),
      maxCapacity: flags.number('max-capacity', 1),
      segments: flags.count('segments', 1),
      conditional: flags.on('conditional'),
      dryRun: flags.on('dry-run'),
    }
    const mayDelete = flags.on('dry-run') || flags.on('yes') || (await isAgreed(options, terminal))
    if (!mayDelete) {
      terminal.log.error('Nothing was deleted')
      return EXIT.failed
    }
    return sweep(options, path === undefined ? undefined : openState(path), terminal)
  },
}

async function isAgreed(options: ClearExpiredOptions, terminal: Terminal): Promise<boolean> {
  if (terminal.json || !terminal.interactive) {
    throw new UsageError('there is nobody to ask; pass `--yes` to delete, or `--dry-run` to count')
  }
  const { grace = 60, table, region, endpoint, base } = options
  const among = await itemCount({ table, region, endpoint })
  const below = base === undefined ? '' : ` below ${base}`
  const what =
    `This deletes what has been expired for more than ${count(grace, 'second')} from table ` +
    `${resolveOptions({ table }).table}${below}${among}. Live sessions stay.`
  terminal.print(wrap(what, terminal.width).join('\n'))
  return /^y(es)?$/i.test((await terminal.ask('Go on? (yes/no)')).trim())
}

/** Among how many items, where one may know. */
async function itemCount(options: ClearExpiredOptions): Promise<string> {
  try {
    const { itemCount } = await describeTable(options)
    // A young table is not counted yet.
    return itemCount === 0 ? '' : `, which has about ${count(itemCount, 'item')}`
  } catch (error) {
    if (error instanceof UnsessionError && error.code === 'ACCESS_DENIED') return ''
    throw error
  }
}

async function sweep(
  options: ClearExpiredOptions,
  file: StateFile | undefined,
  terminal: Terminal,
): Promise<number> {
  const isDryRun = options.dryRun === true
  const state: Partial<SweepState> = file?.state ?? {}
  if (file?.isResumed) {
    terminal.log.info(`Going on after ${count(state.scanned ?? 0, 'item')} scanned earlier`)
  }
  const display = new ProgressDisplay(terminal, isDryRun)
  const keep = (): void => {
    if (file) keepState(file)
  }
  const keepNow = limited(() => file && saveState(file))
  const work = (signal: AbortSignal): Promise<SweepResult> =>
    clear({
      ...options,
      resume: state,
      signal,
      onProgress: (progress) => {
        keepNow()
        display.show(progress)
      },
    })
  const say = (): void => {
    display.end()
    terminal.log.info('Finishing what is in flight; Ctrl-C again ends at once')
  }
  try {
    const result = await interruptible(work, say, keep)
    if (file) removeState(file)
    display.end()
    report(result, 'done', isDryRun, file, terminal)
    return EXIT.ok
  } catch (error) {
    keep()
    display.end()
    if (!(error instanceof Interruption)) {
      const goesOn =
        file &&
        (state.scanned ?? 0) > 0 &&
        !(error instanceof UnsessionError && error.code === 'INVALID_OPTION')
      if (goesOn)
        terminal.log.info(`How far it was is kept in ${file.path}: the same command goes on from there`)
      throw error
    }
    const { scanned = 0, expired = 0, deleted = 0, units = 0, duration = 0 } = state
    report({ scanned, expired, deleted, units, duration }, 'interrupted', isDryRun, file, terminal)
    return error.exitCode
  }
}

function report(
  result: SweepResult,
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
    ...(renewed > 0 ? [['renewed', `${count(renewed, 'item')}, meanwhile`] as [string, string]] : []),
    ['used', `${formatNumber(units, 1)} capacity units`],
    ['took', duration < 10_000 ? `${formatNumber(duration / 1000, 1)} s` : formatSpan(duration)],
  ])
  if (end === 'done') return
  terminal.log.info(
    file === undefined
      ? 'Run it again to delete the rest; with `--resume <file>` it would go on where it stopped'
      : `Run the same command to go on, from ${file.path}`,
  )
}

/** At most once a second. */
function limited(act: () => unknown): () => void {
  let last = -Infinity
  return () => {
    const now = performance.now()
    if (now - last < 1000) return
    last = now
    act()
  }
}

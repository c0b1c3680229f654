import type { DynamoDBClearExpiredProgress } from '../../../table/index.ts'
import { formatNumber, formatSpan } from '../../ui/format.ts'
import type { Terminal } from '../../ui/terminal.ts'

/** Minimum time between two redraws at a terminal, ms. */
const REDRAW = 100
/** Minimum time between two lines if the output is not a terminal, ms. */
const LINE = 3000

/** Columns left free for the `^C` that a terminal prints. Some terminals also wrap a line that fills all columns. */
const ECHO = 3

const SEPARATOR = ' · '
const WIDEST_BAR = 24
const NARROWEST_BAR = 5

/**
 * Returns the progress in one line. If the line is too long, the less important parts are left out. A bar fills the rest.
 *
 * @param width - columns of the line
 * @param isDryRun - whether to name expired items instead of deleted ones
 */
export function progressLine(
  progress: DynamoDBClearExpiredProgress,
  width: number,
  isDryRun: boolean,
): string {
  const { scanned, expired, deleted, units, rate, items, timeLeft } = progress
  const share = items === undefined || scanned > items ? undefined : scanned / items
  const percent = share === undefined ? [] : [`${Math.floor(share * 100)}%`]
  const found = isDryRun ? `${short(expired)} expired` : `${short(deleted)} deleted`
  const seen = `${short(scanned)} scanned`
  const of =
    share === undefined || items === undefined ? seen : `${short(scanned)} of ${short(items)} scanned`
  const left = timeLeft === undefined ? [] : [`${formatSpan(timeLeft)} left`]
  const used = `${short(units)} units`
  const lines = [
    [...percent, of, found, `${short(rate)}/s`, used, ...left],
    [...percent, of, found, used, ...left],
    [...percent, seen, found, ...left],
    [...percent, found, ...left],
    [found, ...left],
    [found],
  ].map((parts) => parts.join(SEPARATOR))
  const line = lines.find((each) => each.length <= width) ?? found.slice(0, width)
  const room = Math.min(width - line.length - 1, WIDEST_BAR)
  return share === undefined || room < NARROWEST_BAR ? line : `${bar(share, room)} ${line}`
}

function bar(share: number, width: number): string {
  const full = Math.round(share * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** Returns a number in few digits, which do not change too often: 9,999, then 10K, 13.6K, 1.2M. */
function short(number: number): string {
  if (number < 10_000) return formatNumber(number)
  return number.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 })
}

/** Shows the progress. A terminal shows one line that is redrawn. Other output gets a new line every three seconds. */
export class ProgressDisplay {
  #terminal: Terminal
  #isDryRun: boolean
  #shownAt: number

  constructor(terminal: Terminal, isDryRun: boolean) {
    this.#terminal = terminal
    this.#isDryRun = isDryRun
    // A run of less than three seconds prints no line.
    this.#shownAt = terminal.redraws ? -Infinity : performance.now()
  }

  /** Shows the progress, unless it was shown a short time ago. */
  show(progress: DynamoDBClearExpiredProgress): void {
    const terminal = this.#terminal
    const now = performance.now()
    if (terminal.json || now - this.#shownAt < (terminal.redraws ? REDRAW : LINE)) return
    this.#shownAt = now
    if (terminal.redraws) terminal.redraw(progressLine(progress, terminal.width - ECHO, this.#isDryRun))
    else terminal.log.info(progressLine(progress, 200, this.#isDryRun).replace(/^[█░]+ /, ''))
  }

  /** Clears the line. */
  end(): void {
    if (this.#terminal.redraws) this.#terminal.redraw('')
  }
}

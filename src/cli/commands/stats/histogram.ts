import { formatNumber, formatShare } from '../../ui/format.ts'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const LONGEST_BAR = 40
const SHORTEST_BAR = 5

/**
 * Returns a bar chart. The longest bar belongs to the largest count.
 *
 * @param rows - name and count of each bar
 * @param width - columns of the terminal
 */
export function histogram(rows: readonly [name: string, count: number][], width: number): string {
  const total = rows.reduce((sum, [, count]) => sum + count, 0)
  const most = Math.max(1, ...rows.map(([, count]) => count))
  const cells = rows.map(([name, count]) => ({
    name,
    bar: count / most,
    count: formatNumber(count),
    share: formatShare(count, total),
  }))
  const longest = (key: 'name' | 'count' | 'share'): number =>
    Math.max(0, ...cells.map((cell) => cell[key].length))
  const room = width - longest('name') - longest('count') - longest('share') - 8
  const columns = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, room))
  return cells
    .map(({ name, bar, count, share }) =>
      [
        `  ${name.padEnd(longest('name'))}`,
        drawBar(bar, columns).padEnd(columns),
        count.padStart(longest('count')),
        share.padStart(longest('share')),
      ].join('  '),
    )
    .join('\n')
}

/** Draws a bar in eighths of a character. A share above 0 has at least the thinnest bar. @param share - 0 to 1 */
function drawBar(share: number, columns: number): string {
  const eighths = share === 0 ? 0 : Math.max(1, Math.round(share * columns * 8))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

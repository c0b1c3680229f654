/** Maximum width of the first column. A longer name gets its own line. */
const WIDEST_NAME = 34
/** Minimum width of the second column. Below it, values go under their names. */
const NARROWEST_VALUE = 24

/**
 * Lays out names and values in two columns, with values wrapped between words. In a narrow terminal, values go under names.
 *
 * @param width - columns of the terminal
 */
export function layout(rows: readonly [name: string, value: string][], width: number): string {
  const names = rows.map(([name]) => name.length).filter((length) => length <= WIDEST_NAME)
  const column = Math.max(0, ...names) + 4
  if (width - column < NARROWEST_VALUE) {
    return rows
      .map(([name, value]) =>
        [`  ${name}`, ...wrap(value, width - 6).map((line) => `      ${line}`)].join('\n'),
      )
      .join('\n')
  }
  return rows
    .map(([name, value]) => {
      const lines = wrap(value, width - column)
      const first =
        name.length > WIDEST_NAME ? `  ${name}\n${' '.repeat(column)}` : `  ${name}`.padEnd(column)
      return `${first}${lines.join(`\n${' '.repeat(column)}`)}`
    })
    .join('\n')
}

/** Wraps text between words. A word longer than `width` is not broken, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/**
 * Lays out a table in columns. In a narrow terminal, each row is a list below its first cell.
 *
 * @param width - columns of the terminal
 * @param numeric - indexes of columns that are aligned to the right
 * @returns the lines, header first
 */
export function grid(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
  numeric: readonly number[] = [],
): string[] {
  const widths = header.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? '').length)))
  const total = widths.reduce((sum, each) => sum + each + 2, 0) - 2
  if (total > width) {
    const [first = '', ...rest] = header
    const blocks = rows.map(([name = '', ...cells]) => {
      const pairs = rest.map((column, at): [string, string] => [column, cells[at] ?? ''])
      return `${name}\n${layout(
        pairs.filter(([, cell]) => cell !== ''),
        width,
      )}`
    })
    return [first, ...blocks.join('\n').split('\n')]
  }
  const line = (cells: readonly string[]): string =>
    widths
      .map((size, at) =>
        numeric.includes(at) ? (cells[at] ?? '').padStart(size) : (cells[at] ?? '').padEnd(size),
      )
      .join('  ')
      .trimEnd()
  return [header, ...rows].map(line)
}

/** The widest first column; a longer name stands on a line of its own. */
const WIDEST_NAME = 34
/** A second column narrower than this is not worth having. */
const NARROWEST_VALUE = 24

/**
 * Two columns, the second broken between words to fit; one below the other when there is no room for two.
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

/** Break text between words; a word longer than `width` stays whole, so that it can be copied. */
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
 * A table in columns; where there is no room for them, each row is a list below its first cell.
 *
 * @param width - columns of the terminal
 * @param numeric - columns set to the right
 * @returns lines, the header first
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

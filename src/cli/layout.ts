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

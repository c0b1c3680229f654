/**
 * @typedef {object} Row one measurement
 * @property {string} name
 * @property {string} unit of `ours` and `reference`
 * @property {number} ours median
 * @property {number} reference median
 * @property {number} ratio of the two
 * @property {[number, number]} [spread] quartiles of the ratio
 * @property {string} bar empty where there is none
 * @property {boolean} met
 */

/** Rows as text, a table with a line for each. */
export function formatRows(rows) {
  const header = ['', 'ours', 'reference', 'unit', 'ratio', 'quartiles', 'bar', '']
  const cells = rows.map((row) => [
    `${row.group}: ${row.name}`,
    digits(row.ours),
    digits(row.reference),
    row.unit,
    `${row.ratio.toFixed(2)}x`,
    spreadOf(row),
    row.bar,
    row.bar && (row.met ? 'met' : 'NOT MET'),
  ])
  const lines = [header, ...cells]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column], column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell, width, column) {
  const isNumber = [1, 2, 4].includes(column)
  return isNumber ? cell.padStart(width) : cell.padEnd(width)
}

/** Returns the quartiles of a row's ratio as text. */
export function spreadOf({ spread }) {
  return spread === undefined ? '' : spread.map((ratio) => ratio.toFixed(2)).join(' to ')
}

/** Returns a figure with three digits. */
export function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

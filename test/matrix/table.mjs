// The tables of docs/platforms.md. They are pure functions of the rows, the results and the text of the page.

/**
 * @typedef {object} Result
 * @property {string} group
 * @property {string} name
 * @property {string} result
 * @property {string} when date and release of this package
 */

const START = '<!-- Written by `npm run matrix -- --write`. -->'
const NOT_RUN = 'not run yet'

/**
 * Returns the results of a page.
 *
 * @param {string} page
 * @returns {Result[]}
 */
export function resultsOf(page) {
  const results = []
  let group = ''
  for (const line of (page.split(START)[1] ?? '').split('\n')) {
    if (line.startsWith('### ')) group = line.slice(4)
    // A page of an earlier release has no third column.
    const [, name, result, when = ''] =
      /^\| ([^|]+) \| ((?:[^|\\]|\\.)+) \|(?: ([^|]*) \|)?$/.exec(line) ?? []
    if (name !== undefined && name !== '---' && result !== NOT_RUN && when.trim() !== 'last run') {
      results.push({ group, name, result: result.replaceAll('\\|', '|'), when: when.trim() })
    }
  }
  return results
}

/**
 * Returns the page with the results in the order of the rows. A row without a new result keeps the one of the page. A result
 * without a row is dropped.
 *
 * @param {string} page
 * @param {{ group: string, name: string }[]} rows all rows of the matrix
 * @param {Result[]} results the last one of a row counts
 */
export function withResults(page, rows, results) {
  const [before] = page.split(START)
  return `${before}${START}\n\n${tableOf(rows, [...resultsOf(page), ...results])}\n`
}

/** Returns the tables of rows, by group. */
export function tableOf(rows, results) {
  const last = new Map(results.map((each) => [titleOf(each), each]))
  const groups = [...new Set(rows.map(({ group }) => group))]
  return groups
    .map((group) => {
      const lines = rows
        .filter((row) => row.group === group)
        .map((row) => {
          const { result, when } = last.get(titleOf(row)) ?? { result: NOT_RUN, when: '' }
          return `| ${row.name} | ${result.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')} | ${when} |`
        })
      return [`### ${group}`, '', '| | | last run |', '|---|---|---|', ...lines].join('\n')
    })
    .join('\n\n')
}

function titleOf({ group, name }) {
  return `${group}: ${name}`
}

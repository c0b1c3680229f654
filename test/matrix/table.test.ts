import { expect, it } from 'vitest'
import { resultsOf, withResults } from './table.mjs'

const PAGE = `# Platforms

<!-- Written by \`npm run matrix -- --write\`. -->

### Nitro

| | | last run |
|---|---|---|
| a, \`bun\` | works | 2026-01-01, 0.1.0 |
| b | fails: one \\| two | 2026-01-02, 0.1.0 |
| c | not run yet |  |
| d | works |  |
`
const ROWS = ['a, `bun`', 'b', 'c', 'e'].map((name) => ({ group: 'Nitro', name }))

it('reads the results of the page, except those of rows that were never run', () => {
  expect(resultsOf(PAGE)).toEqual([
    { group: 'Nitro', name: 'a, `bun`', result: 'works', when: '2026-01-01, 0.1.0' },
    { group: 'Nitro', name: 'b', result: 'fails: one | two', when: '2026-01-02, 0.1.0' },
    { group: 'Nitro', name: 'd', result: 'works', when: '' },
  ])
})

it('replaces the results of rows that were run, keeps those of other rows, and drops rows that are gone', () => {
  const when = '2026-02-01, 0.2.0'
  const page = withResults(PAGE, ROWS, [
    { group: 'Nitro', name: 'b', result: 'fails', when: '2026-01-31, 0.2.0' },
    { group: 'Nitro', name: 'b', result: 'works', when },
  ])
  expect(page.split('\n').slice(-5)).toEqual([
    '| a, `bun` | works | 2026-01-01, 0.1.0 |',
    `| b | works | ${when} |`,
    '| c | not run yet |  |',
    '| e | not run yet |  |',
    '',
  ])
  expect(withResults(page, ROWS, [])).toBe(page)
})

it('reads a page of an earlier release, whose tables have no column for the last run', () => {
  const page = PAGE.replaceAll(/^(\| (?:a|b|c|d).*) \|[^|]*\|$/gm, '$1 |').replace(
    '| | | last run |',
    '| | |',
  )
  expect(resultsOf(page).map(({ name, result, when }) => [name, result, when])).toEqual([
    ['a, `bun`', 'works', ''],
    ['b', 'fails: one | two', ''],
    ['d', 'works', ''],
  ])
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'
import { partOf } from '../support/snippets.ts'

interface Claim {
  name: string
  claim: string
  tests?: string[]
  bench?: string[]
  script?: string
}

const { CLAIMS } = (await import(join(ROOT, 'test/proof/claims.mjs'))) as { CLAIMS: Claim[] }

it('docs/proof.md has a row for each claim, with the files that show it', () => {
  const rows =
    partOf('docs/proof.md', '## Figures', '## How the tests work').match(/^\| (?!\||claim).+$/gm) ?? []
  const claimed = CLAIMS.map(({ name, claim }) => `| ${name} | ${claim} |`)
  expect(rows.map((row) => row.split(' | ').slice(0, 2).join(' | ') + ' |')).toEqual(claimed)
})

it.each(CLAIMS)('the files that show $name exist', ({ tests = [], bench = [], script }) => {
  const files = [
    ...tests,
    ...bench.map((group) => `test/bench/${group}.bench.mjs`),
    ...(script ? [script] : []),
  ]
  expect(files.length).toBeGreaterThan(0)
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
})
